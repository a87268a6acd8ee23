package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// An Offer asks a log-in key for one signature.
type Offer struct {
	KeyID   string
	Record  []byte // acsp.Fields.Record
	Hash    acsp.Hash
	Expires time.Time
}

// A Signature is what became of it.
type Signature struct {
	KeyID  string
	Record []byte
	At     time.Time
}

// Keys asks log-in keys for signatures (key/keyshare).
type Keys interface {
	// Offer opens a request and returns its id.
	Offer(ctx context.Context, o Offer) (transaction string, err error)
	// Outcome tells whether it was signed: ok is false as long as it was not.
	Outcome(ctx context.Context, transaction string) (s Signature, ok bool, err error)
}

// A Prover has acts proved.
type Prover struct {
	Scheme string // enters what is signed, and is the name of who asks
	Keys   Keys
	Clock  tunnus.Clock
}

// How long there is for typing the PIN, and for doing what was signed.
const (
	typeWithin = 2 * time.Minute
	doWithin   = 10 * time.Minute
)

// screen is how an act is shown.
const screen = acsp.ConfirmationMessage

// Ask opens the request with which an account proves an act of its own.
func (p Prover) Ask(ctx context.Context, a account.Account, what wire.Act) (wire.Request, error) {
	if a.State != account.Active || what.Actor != a.Document || what.Text() == "" {
		return wire.Request{}, tunnus.BadRequest("do", errors.New("act: no act of this account"))
	}
	f, err := p.fields(what)
	if err != nil {
		return wire.Request{}, err
	}
	record, err := f.Record()
	if err != nil {
		return wire.Request{}, err
	}
	code, err := acsp.VerificationCode(f.RPChallenge)
	if err != nil {
		return wire.Request{}, err
	}
	until := p.Clock.Now().Add(typeWithin)
	id, err := p.Keys.Offer(ctx, Offer{KeyID: a.LoginKey, Record: record, Hash: f.Hash, Expires: until})
	if err != nil {
		return wire.Request{}, fmt.Errorf("act: offering: %w", err)
	}
	return wire.Request{
		ID: id, Transaction: id, Service: f.RPName, Screen: string(screen), Text: what.Text(), Code: code, Expires: until,
	}, nil
}

func (p Prover) fields(what wire.Act) (acsp.Fields, error) {
	challenge, err := what.Challenge()
	if err != nil {
		return acsp.Fields{}, err
	}
	shown, err := acsp.EncodeInteractions(acsp.Interaction{Type: screen, Text: what.Text()})
	if err != nil {
		return acsp.Fields{}, err
	}
	return acsp.Fields{
		Scheme: p.Scheme, ServerRandom: acsp.NewServerRandom(), RPChallenge: challenge, RPName: p.Scheme,
		Interactions: shown, Flow: acsp.Notification, Hash: acsp.SHA512,
	}, nil
}

// Check sees that an account has proved just this act, lately. It fails with
// [tunnus.CodeStateConflict] if it is not signed (yet), or is for something else.
func (p Prover) Check(ctx context.Context, a account.Account, what wire.Act, transaction string) error {
	s, ok, err := p.Keys.Outcome(ctx, transaction)
	switch {
	case err != nil:
		return fmt.Errorf("act: %w", err)
	case !ok:
		return tunnus.Conflict(errors.New("act: not signed yet"))
	case s.KeyID != a.LoginKey || what.Actor != a.Document:
		return tunnus.NotFound(errors.New("act: signed by another account"))
	case p.Clock.Now().After(s.At.Add(doWithin)):
		return tunnus.Conflict(errors.New("act: signed too long ago"))
	}
	signed, err := acsp.ParseRecord(s.Record)
	if err != nil {
		return err
	}
	want, err := p.fields(what)
	if err != nil {
		return err
	}
	if signed.RPChallenge != want.RPChallenge || signed.RPName != want.RPName || signed.Interactions != want.Interactions || signed.Scheme != want.Scheme {
		return tunnus.Conflict(errors.New("act: something else was signed"))
	}
	return nil
}
