package steps

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
)

// A hand chooses and types what it was told to, and keeps what it was shown.
type hand struct {
	types, told []string
}

var errIdle = errors.New("nothing more is typed")

func (h *hand) Tell(text string)          { h.told = append(h.told, text) }
func (h *hand) Progress(string, int, int) {}

func (h *hand) Ask(context.Context, string, string) (string, error) {
	if len(h.types) == 0 {
		return "", errIdle
	}
	said := h.types[0]
	h.types = h.types[1:]
	return said, nil
}

func (h *hand) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := h.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

func (h *hand) Choose(ctx context.Context, key, text string, _ []string) (string, error) {
	h.Tell(text)
	return h.Ask(ctx, key, text)
}

func (h *hand) shows(text string) bool {
	return slices.ContainsFunc(h.told, func(s string) bool { return strings.Contains(s, text) })
}

// A posted is one step that was sent.
type posted struct {
	step string
	in   any
}

// at makes the steps of a registration whose server answers what it is told to.
func at(types []string, answers ...wire.Status) (*Steps, *hand, *[]posted) {
	h, sent := &hand{types: types}, &[]posted{}
	s := &Steps{Screen: h, Clock: tunnus.SystemClock{}}
	s.Post = func(_ context.Context, step string, in any) (wire.Status, error) {
		*sent = append(*sent, posted{step, in})
		if len(answers) == 0 {
			return wire.Status{}, errors.New("no answer")
		}
		st := answers[0]
		answers = answers[1:]
		return st, nil
	}
	return s, h, sent
}

// Every step that a server may ask for and that needs no key is known here, and what
// is not known is done by nobody.
func TestFindKnowsItsSteps(t *testing.T) {
	s := &Steps{}
	for _, step := range []string{
		wire.StepTerms, wire.StepConsent, wire.StepForm, wire.StepChip, wire.StepContact, wire.StepRegister, wire.StepFace, wire.StepVouched,
		wire.StepOldDevice, wire.StepGuardian, wire.StepCard, wire.StepIsMe, wire.StepActivation, wire.StepReplacement,
	} {
		if s.Find(wire.Status{Next: step}) == nil {
			t.Errorf("%s is not known", step)
		}
	}
	for _, step := range []string{"", wire.StepKeys, wire.StepPINs, wire.StepRecalled, wire.StepApplication, "pay"} {
		if s.Find(wire.Status{Next: step}) != nil {
			t.Errorf("%q is done here", step)
		}
	}
	if s.Find(wire.Status{Waiting: "guard-wait"}) == nil {
		t.Error("waiting is not known")
	}
}

// R7: a name and a birth date are shown before yes or no is taken; what is not a
// clear yes is a no.
func TestR7AppAsksIsThisYou(t *testing.T) {
	for said, want := range map[string]bool{"yes": true, "no": false, "": false} {
		s, h, sent := at([]string{said}, wire.Status{})
		if _, err := s.isMe(t.Context(), wire.Status{Who: &wire.Who{Name: "Ada Åsk", Birth: "1990-02-14"}}); err != nil {
			t.Fatal(err)
		}
		if !h.shows("Ada Åsk") || !h.shows("1990-02-14") || (*sent)[0].in != (wire.IsMe{Accepted: want}) {
			t.Errorf("%q: shown %q, sent %v", said, h.told, *sent)
		}
	}
	s, _, sent := at([]string{"yes"})
	if _, err := s.isMe(t.Context(), wire.Status{}); err == nil || len(*sent) != 0 {
		t.Errorf("said yes to nobody: %v", *sent)
	}
}

// The step that is waited for is asked again until another one is open; the link and
// the warning are shown once.
func TestVouchedWaits(t *testing.T) {
	st := wire.Status{Next: wire.StepVouched, Link: "abc.def", Counter: "42"}
	s, h, sent := at(nil, st, wire.Status{Next: wire.StepContact})
	next, err := s.Find(st)(t.Context(), st)
	if err != nil || next.Next != wire.StepContact || len(*sent) != 2 {
		t.Fatalf("next %q after %d calls, %v", next.Next, len(*sent), err)
	}
	links := 0
	for _, line := range h.told {
		links += strings.Count(line, Confirming+"abc.def")
	}
	if links != 1 || !h.shows("42") || !h.shows("Give this link to nobody") {
		t.Errorf("shown: %q", h.told)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	s, _, _ = at(nil, st, st, st)
	if _, err := s.vouched(ctx, st); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting that is given up: %v", err)
	}
}

// R4: without the old device nobody is waited for, and the server hears that.
func TestR4OldDeviceIsGone(t *testing.T) {
	st := wire.Status{Next: wire.StepOldDevice}
	s, h, sent := at([]string{"no"}, wire.Status{Next: wire.StepPINs})
	if next, err := s.oldDevice(t.Context(), st); err != nil || next.Next != wire.StepPINs || (*sent)[0].in != (wire.Elsewhere{Without: true}) {
		t.Errorf("next %q, sent %v, %v", next.Next, *sent, err)
	}
	if !h.shows("Without it, that account stays") {
		t.Errorf("shown: %q", h.told)
	}
	s, h, sent = at([]string{"yes"}, wire.Status{Next: wire.StepOldDevice, Link: "abc.def"}, wire.Status{Next: wire.StepPINs})
	if _, err := s.oldDevice(t.Context(), st); err != nil || !h.shows(Confirming+"abc.def") {
		t.Errorf("shown %q, %v", h.told, err)
	}
	for _, p := range *sent {
		if p.in != (wire.Elsewhere{}) {
			t.Errorf("sent %v", p)
		}
	}
}

// Who does not agree is not taken for somebody who does.
func TestConsentIsAClearYes(t *testing.T) {
	for said, want := range map[string]bool{"yes": true, "no": false, "": false, "Yes, but": false} {
		s, _, sent := at([]string{said}, wire.Status{})
		if _, err := s.replacement(t.Context(), wire.Status{}); err != nil || (*sent)[0].in != (wire.Agree{Accepted: want}) {
			t.Errorf("replacement, %q: %v, %v", said, *sent, err)
		}
		s, _, sent = at([]string{said}, wire.Status{})
		if _, err := s.consent(t.Context(), wire.Status{Consent: "2"}); err != nil || (*sent)[0].in != (wire.Agree{Version: "2", Accepted: want}) {
			t.Errorf("consent, %q: %v, %v", said, *sent, err)
		}
		s, _, sent = at([]string{said}, wire.Status{})
		if _, err := s.terms(t.Context(), wire.Status{Terms: "2"}); (err == nil) != want || (len(*sent) == 1) != want {
			t.Errorf("terms, %q: %v, %v", said, *sent, err)
		}
	}
}

// The code for the portal comes with the digits to compare and the warning (R1).
func TestR1AppWarnsBesideTheCode(t *testing.T) {
	st := wire.Status{Next: wire.StepCard, Counter: "42", Code: &wire.PortalCode{Text: "ABCD-EFGH", Until: time.Now()}}
	s, h, _ := at(nil, wire.Status{Next: wire.StepRegister})
	if _, err := s.card(t.Context(), st); err != nil || !h.shows("ABCD-EFGH") || !h.shows("42") || !h.shows("stealing your identity") {
		t.Errorf("shown %q, %v", h.told, err)
	}
	s, _, _ = at(nil)
	if _, err := s.card(t.Context(), wire.Status{Next: wire.StepCard}); err == nil {
		t.Error("a code that is not there was shown")
	}
}
