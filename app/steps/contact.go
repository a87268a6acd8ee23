package steps

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
)

// confirmContact has a code sent, once, and asks for it; for another one, or for
// another address, once it is dead or the holder says so.
func (s *Steps) confirmContact(ctx context.Context, st wire.Status) (wire.Status, error) {
	var code string
	var err error
	switch {
	case s.contact == "":
		err = s.askContact(ctx, st.Choices)
		code, s.dead = "new", true
	case s.dead:
		code, err = s.Screen.Choose(ctx, "otp", "No code for "+s.contact+" is open. Send a new one, or take another address?", []string{"new", "other"})
	default:
		code, err = s.Screen.Ask(ctx, "otp", "The six digits that were sent to you (\"new\" for another code, \"other\" for another address)")
	}
	switch {
	case err != nil:
		return wire.Status{}, err
	case code == "new":
		return s.sendCode(ctx)
	case code == "other":
		s.contact, s.pick = "", ""
		return st, nil // asked for again by the same step
	}
	next, err := s.Post(ctx, wire.StepContact, wire.Code{Code: code})
	if e, ok := errors.AsType[*tunnus.Error](err); ok && e.Left != nil && *e.Left == 0 {
		e.Public, e.Left, s.dead = "That was wrong too often: this code is dead.", nil, true
	} else if ok && e.Left == nil && e.Code == tunnus.CodeOTPOld {
		s.dead = true
	}
	return next, err
}

func (s *Steps) sendCode(ctx context.Context) (wire.Status, error) {
	st, err := s.Post(ctx, wire.StepSendCode, s.to())
	e, refused := errors.AsType[*tunnus.Error](err)
	if refused && e.Code == tunnus.CodeOTPResends && e.Until != nil && !s.heard && e.Until.Sub(s.Clock.Now()) < time.Hour { // else a day's budget
		st, err = s.Post(ctx, "", wire.None{}) // a code went out, and only its answer was lost
	}
	switch {
	case err == nil:
		s.dead, s.heard = false, true
		s.Screen.Tell("A code was sent to " + s.contact + ".")
	case refused && e.Code == tunnus.CodeBadRequest:
		s.contact, s.pick = "", ""
	case refused && e.Code == tunnus.CodeOTPResends && e.Until == nil && s.dead:
		err = errors.New("steps: this registration gets no further code; please start again")
	}
	return st, err
}

// askContact asks where the code is to go: to a new contact, or to one of those on file.
func (s *Steps) askContact(ctx context.Context, onFile []wire.Choice) (err error) {
	if len(onFile) == 0 {
		s.contact, err = s.Screen.Ask(ctx, "email", "E-mail address or mobile number (+…), for the one-time code")
		return err
	}
	masks := make([]string, len(onFile))
	for i, c := range onFile {
		masks[i] = c.Mask
	}
	got, err := s.Screen.Choose(ctx, "contact", "Where shall the one-time code go? This way cannot change these contacts.", masks)
	for _, c := range onFile {
		if c.Mask == got {
			s.contact, s.pick = got, c.ID
		}
	}
	return err
}

// to is where the code goes.
func (s *Steps) to() wire.Contact {
	if s.pick != "" {
		return wire.Contact{Pick: s.pick}
	}
	return wire.Contact{Contact: s.contact}
}
