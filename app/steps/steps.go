// Package steps holds the steps of a registration that need no key of the phone:
// what the applicant agrees to, fills in, reads from a document and shows to the
// camera, and what is done elsewhere, in the portal, at a desk or on another phone.
//
// [Steps] does what the server's status says is open, and knows no order of its
// own. New PINs are asked for here; what is made of them is the matter of package app.
package steps

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/face/capture"
)

// Steps takes the steps of one registration.
type Steps struct {
	Screen Screen
	Body   Body // nil if the phone has neither camera nor reader
	Clock  tunnus.Clock
	// Post sends a step and returns where the registration stands then.
	Post func(ctx context.Context, step string, in any) (wire.Status, error)
	// Relay opens a connection on which the server asks the chip for its own proof,
	// signed for the hash of data group 14. It fails with [relay.ErrBroken] if the
	// line does.
	Relay func(ctx context.Context, group [sha256.Size]byte) (relay.Conn, error)
	// Capture opens a connection on which the holder is filmed, in a way of package
	// wire, and fails with what the server answers to the film, or with
	// [capture.ErrBroken] if the line breaks.
	Capture func(ctx context.Context, way string, film func(context.Context, capture.Conn) (capture.Answer, error)) error

	Form wire.Form // as it was filled in; never kept

	contact string // typed or picked
	pick    string // its name, if it was picked
	dead    bool   // no code is open
	heard   bool   // an answer has said that a code was sent
	shown   string // what was shown last of what is waited for

	begun chip.Reading // a document of which the chip was lost; never kept
	zone  mrz.Zone     // its code line; never kept
}

// End is what a registration in which nothing is open has come to.
func End(st wire.Status) (wire.Account, error) {
	if c := tunnus.Code(st.Ended); c != "" {
		return wire.Account{}, &tunnus.Error{Code: c, Public: c.Sentence(), Reference: st.Reference}
	}
	if st.Account == nil {
		return wire.Account{}, errors.New("steps: the server names no account")
	}
	return *st.Account, nil
}

// A Step is one of them: it takes the status that asks for it, and returns the next.
type Step func(context.Context, wire.Status) (wire.Status, error)

// Find returns the step that a status asks for, nil if it is none of these.
func (s *Steps) Find(st wire.Status) Step {
	switch {
	case st.Next == wire.StepPictures:
		return s.pictures
	case st.Waiting != "":
		return s.waiting
	case st.Next == wire.StepChip && st.Way == "desk":
		return s.officer
	}
	return map[string]Step{
		wire.StepTerms: s.terms, wire.StepConsent: s.consent, wire.StepForm: s.fillIn, wire.StepChip: s.chip,
		wire.StepContact: s.confirmContact, wire.StepRegister: s.register, wire.StepFace: s.face,
		wire.StepVouched: s.vouched, wire.StepOldDevice: s.oldDevice, wire.StepGuardian: s.guardian, wire.StepCard: s.card,
		wire.StepIsMe: s.isMe, wire.StepActivation: s.activation, wire.StepReplacement: s.replacement,
	}[st.Next]
}
