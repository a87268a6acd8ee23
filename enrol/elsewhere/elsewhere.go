// Package elsewhere takes the facts of a registration that are found somewhere else
// than on the phone that registers: on the device of another account, in the portal
// with an ID-card, at a desk.
//
// There the outcome is durable first (packages confirm, card, desk); the sitting
// takes its fact from it when the app asks, as often as it asks. Nothing is judged
// here but whether an outcome is that of this sitting and this device.
package elsewhere

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// Elsewhere takes facts for sittings. It keeps nothing of its own. A way whose part
// is nil is closed.
type Elsewhere struct {
	Rules      scheme.Rules
	Secret     tunnus.Secret // keys the two digits
	Book       sitting.Book
	Binder     binding.Binder
	Accounts   Accounts
	Population people.Source
	Confirm    *confirm.Service
	Places     Places // where the phones are that ask other devices; nil: nobody knows
	Cards      Cards
	Desk       Desk

	// Again is as that of package proofs.
	Again func(ctx context.Context, s *sitting.Session, p sitting.Payload) error

	// Bare drops what a document has told, but for the name of its ledger.
	Bare func(p *sitting.Payload)

	// ForNew judges by the rules for a new account a sitting that was begun to replace
	// one, of which there is none; minor tells that they want a guardian's consent.
	ForNew func(ctx context.Context, s sitting.Session, p sitting.Payload) (minor bool, err error)

	// Step returns a sitting in which the fact is the next one, with what it holds.
	Step func(ctx context.Context, ref sitting.Ref, fact way.Fact) (sitting.Session, sitting.Payload, error)
}

// Open reports whether a way can be gone here.
func (f *Elsewhere) Open(w way.Way) bool {
	switch w {
	case way.IDCard:
		return f.Cards != nil
	case way.Account:
		return f.Confirm != nil
	case way.Desk:
		return f.Desk != nil
	}
	return true
}
