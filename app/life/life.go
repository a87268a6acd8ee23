// Package life is what a holder does with accounts, contacts and the history, on the
// phone's side: it asks the server over the app's line, and has PIN1 prove what needs
// a proof.
//
// What is proved is put into words here, and the phone signs these words: a server
// that asks for one thing and has another signed gets no signature. The package
// registers nobody, and logs in nowhere (package app).
package life

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// A Line sends one signed request and reads its answer; an app's line does.
type Line interface {
	Call(ctx context.Context, path string, in, out any) error
}

// A Prover has the holder type PIN1 for a request, and signs it as it is given.
type Prover interface {
	Prove(ctx context.Context, r wire.Request) error
}

// A Phone is the one that asks.
type Phone struct {
	Line     Line
	Prover   Prover
	Document string // number of its own account
}

// errOther is the failure of a server that asks for something else.
var errOther = errors.New("life: the server asks to prove something else than was wanted")

// Act does what needs PIN1: one of the acts of package wire, to a target.
func (p Phone) Act(ctx context.Context, do, target string) (wire.Done, error) {
	var asked wire.AnAsked
	if err := p.Line.Call(ctx, wire.PathAct, wire.Act{Do: do, Target: target, Actor: p.Document}, &asked); err != nil {
		return wire.Done{}, err
	}
	r, err := p.check(do, target, asked)
	if err != nil {
		return wire.Done{}, err
	}
	if err := p.Prover.Prove(ctx, r); err != nil {
		return wire.Done{}, err
	}
	var done wire.Done
	return done, p.Line.Call(ctx, wire.PathAct+"/done", wire.Signed{Act: asked.Act, Transaction: r.Transaction}, &done)
}

// check sees that the act is the one that was asked for, and makes the request that
// is shown and signed: in our words, with the code of our own challenge.
func (p Phone) check(do, target string, asked wire.AnAsked) (wire.Request, error) {
	a, r := asked.Act, asked.Request
	same := a.Target == target
	switch do { // the server may write these in its own form, which is shown
	case wire.ActAddContact:
		same = a.Target != ""
	case wire.ActTrust:
		same = a.Target == target || "login/"+a.Target == target
	}
	if a.Do != do || !same || a.Actor != p.Document || a.Text() == "" {
		return wire.Request{}, errOther
	}
	challenge, err := a.Challenge()
	if err != nil {
		return wire.Request{}, err
	}
	code, err := acsp.VerificationCode(challenge)
	if err != nil {
		return wire.Request{}, err
	}
	if r.Code != code || len(r.Choices) > 0 || r.Brokered != "" {
		return wire.Request{}, errOther
	}
	r.Text = a.Text()
	return r, nil
}

// Accounts lists all accounts of the holder, on this phone and elsewhere.
func (p Phone) Accounts(ctx context.Context) ([]wire.Held, error) {
	var out wire.Person
	err := p.Line.Call(ctx, wire.PathPerson, wire.None{}, &out)
	return out.Accounts, err
}

// Freeze stops a new account of the holder's name, without a PIN.
func (p Phone) Freeze(ctx context.Context, document string) (wire.Done, error) {
	var done wire.Done
	return done, p.Line.Call(ctx, wire.PathFreeze, wire.Freeze{Document: document}, &done)
}

// StopContact undoes a change of contacts that is held, without a PIN.
func (p Phone) StopContact(ctx context.Context, id string) error {
	var done wire.Done
	return p.Line.Call(ctx, wire.PathFreeze, wire.Freeze{Contact: id}, &done)
}

// Speak sets the language in which the holder is written to, such as "et".
func (p Phone) Speak(ctx context.Context, language string) error {
	var none wire.None
	return p.Line.Call(ctx, wire.PathLanguage, wire.Language{Language: language}, &none)
}

// Contacts lists where the holder is reached, masked.
func (p Phone) Contacts(ctx context.Context) ([]wire.Reached, error) {
	var out wire.Contacts
	err := p.Line.Call(ctx, wire.PathContacts, wire.None{}, &out)
	return out.Contacts, err
}

// ConfirmContact hands in the code that went to a new contact.
func (p Phone) ConfirmContact(ctx context.Context, id, code string) (wire.Done, error) {
	var done wire.Done
	return done, p.Line.Call(ctx, wire.PathContacts+"/confirm", wire.ContactCode{ID: id, Code: code}, &done)
}

// Notices shows what happened elsewhere, and takes off what was shown: a notice that
// show fails on comes again.
func (p Phone) Notices(ctx context.Context, show func(wire.Notice) error) error {
	var got wire.Notices
	if err := p.Line.Call(ctx, wire.PathNotices, wire.None{}, &got); err != nil || len(got.Notices) == 0 {
		return err
	}
	var ack wire.Ack
	for _, n := range got.Notices {
		if err := show(n); err != nil {
			return err
		}
		ack.IDs = append(ack.IDs, n.ID)
	}
	var none wire.None
	return p.Line.Call(ctx, wire.PathNotices+"/ack", ack, &none)
}

// History returns the newest entries, at most limit.
func (p Phone) History(ctx context.Context, limit int, all bool) ([]wire.Entry, error) {
	var got wire.Page
	err := p.Line.Call(ctx, wire.PathHistory, wire.Past{Limit: limit, All: all}, &got)
	return got.Entries, err
}

// Hide takes an entry, or all of a service, from the list, or puts it back.
func (p Phone) Hide(ctx context.Context, h wire.Hide) error {
	var none wire.None
	return p.Line.Call(ctx, wire.PathHistory+"/hide", h, &none)
}

// Looks tells when staff looked at the account of this phone, newest first.
func (p Phone) Looks(ctx context.Context) ([]wire.Look, error) {
	var got wire.Looks
	err := p.Line.Call(ctx, wire.PathLooks, wire.None{}, &got)
	return got.Looks, err
}

// Allow makes a code that the holder reads out, by which one member of staff may see
// which accounts there are, once.
func (p Phone) Allow(ctx context.Context) (wire.LookCode, error) {
	var got wire.LookCode
	return got, p.Line.Call(ctx, wire.PathLooks+"/allow", wire.None{}, &got)
}

// Format names the form of an [Export].
const Format = "tunnus-history/1"

// An Export is the whole history of a holder, for machines.
type Export struct {
	Format   string       `json:"format"`
	Document string       `json:"document"` // the account that asked
	Made     time.Time    `json:"made"`
	Count    int          `json:"count"`
	Entries  []wire.Entry `json:"entries"` // newest first, the hidden ones too
	// SHA256 is that of Entries as compact JSON (encoding/json, in this order),
	// hexadecimal: whoever has the file can tell that nothing was lost from it.
	SHA256 string `json:"sha256"`
}

// exportPage is how many entries are asked for at a time, and maxPages bounds what a
// server that never ends can make us keep.
const (
	exportPage = 100
	maxPages   = 10_000
)

// Export fetches all of the history.
func (p Phone) Export(ctx context.Context, now time.Time) (Export, error) {
	out := Export{Format: Format, Document: p.Document, Made: now.UTC().Truncate(time.Second), Entries: []wire.Entry{}}
	ask := wire.Past{Limit: exportPage, All: true}
	for page := 0; ; page++ {
		var got wire.Page
		if err := p.Line.Call(ctx, wire.PathHistory, ask, &got); err != nil {
			return Export{}, err
		}
		out.Entries = append(out.Entries, got.Entries...)
		if !got.More {
			break
		}
		if page == maxPages || len(got.Entries) == 0 {
			return Export{}, errors.New("life: the history has no end")
		}
		ask.From, ask.ID = got.From, got.ID
	}
	out.Count = len(out.Entries)
	var err error
	out.SHA256, err = digest(out.Entries)
	return out, err
}

func digest(list []wire.Entry) (string, error) {
	b, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("life: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// ErrDamaged says that an export is not what was fetched.
var ErrDamaged = errors.New("life: the file is not whole, or was changed")

// ReadExport reads an export and checks that it is whole.
func ReadExport(b []byte) (Export, error) {
	var e Export
	if err := json.Unmarshal(b, &e); err != nil {
		return Export{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	sum, err := digest(e.Entries)
	if err != nil {
		return Export{}, err
	}
	if e.Format != Format || e.Count != len(e.Entries) || e.SHA256 != sum {
		return Export{}, ErrDamaged
	}
	return e, nil
}
