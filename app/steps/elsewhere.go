package steps

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/app/wire"
)

// How long the app waits before it asks again about what is done elsewhere: longer,
// the longer it has waited.
const (
	pause    = 700 * time.Millisecond
	maxPause = 10 * time.Second
)

// minute is how moments are shown.
const minute = "2006-01-02 15:04"

// until takes a step again and again, until it is not the open one any more.
func (s *Steps) until(ctx context.Context, st wire.Status, step string, in any) (wire.Status, error) {
	for began := s.Clock.Now(); ; {
		next, err := s.Post(ctx, step, in)
		if err != nil || next.Next != st.Next || next.Waiting != st.Waiting {
			return next, err
		}
		select {
		case <-ctx.Done():
			return next, ctx.Err()
		case <-time.After(min(max(pause, s.Clock.Now().Sub(began)/20), maxPause)):
		}
	}
}

// show tells something that is waited for, once.
func (s *Steps) show(lines ...string) {
	if s.shown == lines[0] {
		return
	}
	s.shown = lines[0]
	for _, l := range lines {
		s.Screen.Tell(l)
	}
}

// Confirming is what a link for another phone begins with: the rest is the word that
// [wire.PathConfirm] takes.
const Confirming = "tunnus://confirm/"

// follow shows a link that another phone has to follow.
func (s *Steps) follow(st wire.Status, where, by string) {
	s.show(where, "  "+Confirming+st.Link, "(in a terminal: tunnus app confirm, and this link)",
		"That phone shows the digits "+st.Counter+" too. If it shows others, refuse there.",
		"Give this link to nobody"+by+": whoever has it can ask for an account in your name.", "Waiting …")
}

func (s *Steps) vouched(ctx context.Context, st wire.Status) (wire.Status, error) {
	s.follow(st, "Open this link on your phone that has an account already:", "")
	return s.until(ctx, st, wire.StepVouched, wire.Elsewhere{})
}

// oldDevice has the phone confirm whose account makes place, if it is at hand.
func (s *Steps) oldDevice(ctx context.Context, st wire.Status) (wire.Status, error) {
	got, err := s.Screen.Choose(ctx, "old-device", "Is the phone with your older account at hand? Without it, that account stays for some days more.", []string{"yes", "no"})
	if err != nil {
		return wire.Status{}, err
	}
	if got == "no" {
		number, err := s.older(ctx, st)
		if err != nil {
			return wire.Status{}, err
		}
		return s.Post(ctx, wire.StepOldDevice, wire.Elsewhere{Without: true, Replaces: number})
	}
	if st.Link == "" { // the first time it is asked for
		if st, err = s.Post(ctx, wire.StepOldDevice, wire.Elsewhere{}); err != nil || st.Next != wire.StepOldDevice {
			return st, err
		}
	}
	s.follow(st, "Open this link on the phone with your older account:", "")
	return s.until(ctx, st, wire.StepOldDevice, wire.Elsewhere{})
}

// older asks which account makes place, if the server cannot know.
func (s *Steps) older(ctx context.Context, st wire.Status) (string, error) {
	if len(st.Older) == 0 {
		return "", nil
	}
	var numbers []string
	for _, a := range st.Older {
		s.Screen.Tell("  " + a.Document + ", " + a.Level + ", until " + a.Expires.Local().Format(time.DateOnly))
		numbers = append(numbers, a.Document)
	}
	return s.Screen.Choose(ctx, "replaces", "You have several accounts. Which one makes place for the new one?", numbers)
}

func (s *Steps) guardian(ctx context.Context, _ wire.Status) (wire.Status, error) {
	s.Screen.Tell("A parent or guardian has to agree. Only those may whom the population register names.")
	s.Screen.Tell("They open the link that comes next, or log in to the portal with an ID-card and look under \"My children\".")
	return s.Post(ctx, wire.StepGuardian, wire.None{})
}

// waiting waits for somebody else, for as long as this program runs: whoever comes
// back later finds the registration where it stands.
func (s *Steps) waiting(ctx context.Context, st wire.Status) (wire.Status, error) {
	if st.Link != "" {
		s.follow(st, "A parent or guardian opens this link on the own phone, until "+st.Deadline.Local().Format(minute)+":", " else")
	} else {
		s.show("A person looks at your registration, which can take some days.",
			"You may close the app: start the registration again on this phone until "+st.Deadline.Local().Format(minute)+", and it goes on.",
			"Pictures are kept for a day only: if nobody has looked by then, the app asks you for new ones. Open it again tomorrow.",
			"Its reference number is "+st.Reference+".", "Waiting …")
	}
	return s.until(ctx, st, "", wire.Begin{})
}

// card shows the code for the portal, and waits until the card has signed there.
func (s *Steps) card(ctx context.Context, st wire.Status) (wire.Status, error) {
	if st.Code == nil {
		return wire.Status{}, errors.New("steps: the server shows no registration code")
	}
	s.show("Your registration code, until "+st.Code.Until.Local().Format(time.TimeOnly)+":", "  "+st.Code.Text,
		"Log in to the portal on a computer with your ID-card, and type this code there.",
		"The portal shows this phone, and the digits "+st.Counter+" beside it. If it shows others, stop.",
		"Tell this code to nobody. Somebody who dictates you a code is stealing your identity.", "Waiting …")
	return s.until(ctx, st, wire.StepCard, wire.None{})
}

// isMe asks whether the portal has named the right person (R7).
func (s *Steps) isMe(ctx context.Context, st wire.Status) (wire.Status, error) {
	if st.Who == nil {
		return wire.Status{}, errors.New("steps: the server does not say whom it means")
	}
	got, err := s.Screen.Choose(ctx, "is-me", fmt.Sprintf("%s, born %s: is this you?", st.Who.Name, st.Who.Birth), []string{"yes", "no"})
	if err != nil {
		return wire.Status{}, err
	}
	yes := wire.IsMe{Accepted: got == "yes"}
	if yes.Accepted {
		if yes.Replaces, err = s.older(ctx, st); err != nil {
			return wire.Status{}, err
		}
	}
	return s.Post(ctx, wire.StepIsMe, yes)
}

// officer shows what the officer scans, and waits for what is found at the desk.
func (s *Steps) officer(ctx context.Context, st wire.Status) (wire.Status, error) {
	s.show("Show this to the officer, who scans it:", "  "+st.Ticket,
		"The officer's screen shows the digits "+st.Counter+" too. If it shows others, say so.", "Waiting …")
	return s.until(ctx, st, wire.StepOfficer, wire.None{})
}

func (s *Steps) activation(ctx context.Context, _ wire.Status) (wire.Status, error) {
	code, err := s.Screen.Ask(ctx, "activation", "The activation code that the officer shows you")
	if err != nil {
		return wire.Status{}, err
	}
	return s.Post(ctx, wire.StepActivation, wire.Code{Code: code})
}

func (s *Steps) replacement(ctx context.Context, _ wire.Status) (wire.Status, error) {
	got, err := s.Screen.Choose(ctx, "replacement", "Your older account is closed once this one is active. Do you agree?", []string{"yes", "no"})
	if err != nil {
		return wire.Status{}, err
	}
	return s.Post(ctx, wire.StepReplacement, wire.Agree{Accepted: got == "yes"})
}
