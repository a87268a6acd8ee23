package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// recalled has both new PINs entered once more. They are judged again: in ways that
// make keys before the applicant is known, the first time knew no birthday (K15).
func (r *registration) recalled(ctx context.Context, st wire.Status) (wire.Status, error) {
	if st.Recall == nil || st.Account == nil {
		return wire.Status{}, errors.New("app: the server does not say what is recalled")
	}
	r.screen.Tell("Please enter both new PINs once more.")
	spki, err := device.Public(r.key)
	if err != nil {
		return wire.Status{}, err
	}
	known, mine := about(st.Account.Document, tunnus.Secret{}), device.Thumbprint(spki)
	for _, p := range []struct {
		kind    pin.Kind
		purpose splitkey.Purpose
		txn     string
	}{{pin.PIN1, splitkey.Login, st.Recall.Login}, {pin.PIN2, splitkey.Signature, st.Recall.Sign}} {
		key, ok := r.vault.State.Key(r.vault.State.Making[p.purpose])
		if !ok {
			return wire.Status{}, errors.New("app: the new keys are gone; please start again")
		}
		w, open, err := r.stating(ctx, key, p.txn, statement.Recall, splitkey.Internal)
		if err == nil && open && w.says.Device != mine {
			err = errOther
		}
		if err == nil && open {
			err = r.state(ctx, w, p.kind, func(typed tunnus.Secret) error { return pin.Judge(typed.Reveal(), p.kind, known) })
		}
		if err != nil {
			return wire.Status{}, err
		}
	}
	return r.post(ctx, wire.StepRecalled, wire.None{})
}

// A stated is a statement that waits for a key of ours.
type stated struct {
	key      *vault.Key
	standing splitkey.Standing
	fields   splitkey.Fields
	says     statement.Statement
}

// stating finds a statement, and refuses one that says something else, or that is not
// proved or signed as it has to be. ok is false if it is made, or too late.
func (a *App) stating(ctx context.Context, key *vault.Key, txn string, about statement.About, how splitkey.Padding) (w stated, ok bool, err error) {
	w.key = key
	if w.standing, err = a.status(ctx, key); err != nil {
		return w, false, err
	}
	w.fields, err = fieldsOf(w.standing, txn)
	if errors.Is(err, ErrOver) {
		return w, false, nil // only its end was not heard, or the server will say so
	} else if err != nil {
		return w, false, err
	}
	f := w.fields
	if w.says, err = statement.Parse(f.Record); err != nil {
		return w, false, err
	}
	if w.says.About != about || f.Kind != statement.Kind || f.Hash != statement.Hash || f.Padding != how {
		return w, false, errOther
	}
	return w, true, nil
}

// state has a PIN prove or sign a statement that was shown; judge looks at it first.
func (a *App) state(ctx context.Context, w stated, kind pin.Kind, judge func(tunnus.Secret) error) error {
	sum := sha256.Sum256([]byte(w.says.Text()))
	shown := approval{payload: w.fields.Record, shown: splitkey.Approval{TextHash: sum[:], Service: statement.Service, CodeShown: w.says.Code}}
	a.caution(kind, w.standing.Tries)
	return a.withPIN(ctx, strings.ToLower(string(kind)), string(kind), func(ctx context.Context, typed tunnus.Secret) error {
		if judge != nil {
			if err := judge(typed); err != nil {
				return err
			}
		}
		return a.sign(ctx, w.key, w.fields, typed, shown)
	})
}

// Confirm follows a link that another phone shows, and has both PINs of the account
// on this one say yes to what it asks, or says no.
func (a *App) Confirm(ctx context.Context, link string) (Verdict, error) {
	held, err := a.held()
	if err != nil {
		return "", err
	}
	link = strings.TrimPrefix(strings.TrimSpace(link), steps.Confirming)
	var asked wire.Confirming
	if err := a.server.Call(ctx, wire.PathConfirm, wire.Confirm{Link: link}, &asked); err != nil {
		return "", err
	}
	about := statement.About(asked.About)
	if about == statement.Recall {
		return "", errOther
	}
	var all []stated
	kinds := map[splitkey.Purpose]pin.Kind{splitkey.Login: pin.PIN1, splitkey.Signature: pin.PIN2}
	for _, p := range []struct {
		key, txn string
		how      splitkey.Padding
	}{{held.Login, asked.Login, splitkey.Internal}, {held.Sign, asked.Sign, splitkey.PSS}} {
		key, ok := a.vault.State.Key(p.key)
		if !ok {
			return "", errors.New("app: a key of this account is gone")
		}
		if p.txn == "" {
			continue
		}
		w, open, err := a.stating(ctx, key, p.txn, about, p.how)
		if err != nil {
			return "", err
		}
		if open {
			all = append(all, w)
		}
	}
	return a.stateAll(ctx, link, all, kinds)
}

// stateAll shows what is asked, once, and has each PIN say yes.
func (a *App) stateAll(ctx context.Context, link string, all []stated, kinds map[splitkey.Purpose]pin.Kind) (Verdict, error) {
	if len(all) == 0 {
		return Confirmed, nil // before, and only its end was not heard
	}
	for _, w := range all {
		if !bytes.Equal(w.fields.Record, all[0].fields.Record) { // one is shown, and both PINs say the same
			return "", errOther
		}
	}
	for line := range strings.Lines(all[0].says.Text()) {
		a.screen.Tell("  " + strings.TrimRight(line, "\n"))
	}
	question := "Did you start this yourself, and do both phones show these digits?"
	if all[0].says.About == statement.Guardian {
		question = "Is the child's phone the one that showed you the link, and do both phones show these digits?"
	}
	say, err := a.screen.Choose(ctx, "answer", question, []string{sayConfirm, sayRefuse})
	if err != nil {
		return "", err
	}
	if say != sayConfirm {
		var none wire.None
		return Declined, a.server.Call(ctx, wire.PathConfirm, wire.Confirm{Link: link, Refuse: true}, &none)
	}
	for _, w := range all {
		if err := a.state(ctx, w, kinds[w.key.Blob.Purpose], nil); err != nil {
			return "", err
		}
	}
	return Confirmed, nil
}
