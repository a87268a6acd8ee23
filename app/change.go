package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// ChangePIN has the holder type one PIN as it is and a new one, and seals the
// half anew under it (doc/splitkey.md, "Changing the PIN"). The old one is proved
// first: a wrong one is charged as at a log-in and may be typed again. Then a new
// one is asked for until it is neither weak nor too like the old one. If the line
// breaks, the app keeps both blobs, and [App.Start] finds out which of them lives.
func (a *App) ChangePIN(ctx context.Context, kind pin.Kind) error {
	held, err := a.held()
	if err != nil {
		return err
	}
	key, ok := a.vault.State.Key(map[pin.Kind]string{pin.PIN1: held.Login, pin.PIN2: held.Sign}[kind])
	if !ok {
		return errors.New("app: the key of this PIN is gone")
	}
	standing, err := a.status(ctx, key)
	if err != nil {
		return err
	}
	if now := a.clock.Now(); tries.Locked(standing.Tries, now) {
		return errors.New("app: " + tries.Say(kind, standing.Tries, now))
	}
	a.caution(kind, standing.Tries)
	return a.withPIN(ctx, strings.ToLower(string(kind)), string(kind)+" as it is now", func(ctx context.Context, old tunnus.Secret) error {
		return a.change(ctx, key, kind, about(held.Document, old), old)
	})
}

// about is what a new PIN is judged by: the personal code in the account's
// number, and the old PIN while both are typed (security.md K15).
func about(document string, old tunnus.Secret) pin.Personal {
	p := pin.Personal{Codes: []string{document}, Old: old.Reveal()}
	if parts := strings.Split(document, "-"); len(parts) > 1 {
		if code, err := tunnus.ParseSemanticsID(parts[0] + "-" + parts[1]); err == nil {
			p.Birth, _ = code.BirthDate()
		}
	}
	return p
}

// change proves the old PIN, and only then asks for the new one.
func (a *App) change(ctx context.Context, key *vault.Key, kind pin.Kind, known pin.Personal, old tunnus.Secret) error {
	var open splitkey.Changing
	ask := &splitkey.Change{
		Key: key.Blob.Key, Generation: key.Blob.Generation, OneTime: key.OneTime, Nonce: random(splitkey.NonceSize),
	}
	if err := a.ask(ctx, key, ask, &open); err != nil {
		return err
	}
	half, nonce, err := a.unlock(ctx, key, splitkey.Fields{Transaction: open.Transaction, Freshness: open.Freshness}, old)
	if err != nil {
		return err
	}
	defer half.Wipe()
	id, err := a.proveOld(ctx, key, half, open.Transaction, nonce)
	if err != nil {
		return err
	}
	fresh, err := steps.ChoosePIN(ctx, a.screen, a.Explain, kind, "new-"+strings.ToLower(string(kind)), fmt.Sprintf("The new %s", kind), known)
	if err != nil {
		return err
	}
	defer fresh.Wipe()
	hardened, err := a.hardenAnew(ctx, key, id, open.Transaction, fresh)
	if err != nil {
		return err
	}
	defer clear(hardened)
	blob, err := splitkey.Seal(id, half, hardened)
	if err != nil {
		return err
	}
	if err := a.keepBoth(key, blob, hardened, open.Transaction); err != nil {
		return err
	}
	return a.finishChange(ctx, key)
}

// ask sends a message of one key, stored before it is sent.
func (a *App) ask(ctx context.Context, key *vault.Key, m splitkey.Message, out any) error {
	body, err := splitkey.Encode(m)
	if err != nil {
		return err
	}
	if err := a.sendStored(ctx, key.Blob.Key, body, out); err != nil {
		return err
	}
	a.vault.State.Pending = nil
	return a.vault.Save()
}

// proveOld proves that the old PIN opened the blob, and learns the key to come.
func (a *App) proveOld(ctx context.Context, key *vault.Key, half *splitkey.Half, change string, nonce []byte) (splitkey.Identity, error) {
	id := key.Blob.Identity
	m := &splitkey.ChangeProve{Key: id.Key, Generation: id.Generation, Transaction: change, Evaluation: nonce, OneTime: key.OneTime}
	var err error
	if m.Proof, err = half.Prove(splitkey.StepChange, id, []byte(change), nonce); err != nil {
		return id, err
	}
	var next splitkey.ChangeProved
	if err := a.ask(ctx, key, m, &next); err != nil {
		return id, err
	}
	return next.Follow(id)
}

// hardenAnew asks for the evaluation that the new blob is sealed with. It is not
// stored: its blind goes with the process, and the old blob is still the one.
func (a *App) hardenAnew(ctx context.Context, key *vault.Key, id splitkey.Identity, change string, fresh tunnus.Secret) ([]byte, error) {
	blinding, blinded, err := splitkey.Blind(id, fresh.Reveal())
	if err != nil {
		return nil, err
	}
	var e splitkey.Evaluated
	m := &splitkey.ChangeHarden{Key: id.Key, Generation: id.Generation, Transaction: change, OneTime: key.OneTime, Blinded: blinded}
	if err := a.keyCall(ctx, m, &e); err != nil {
		return nil, err
	}
	return blinding.Finish(e)
}

// keepBoth opens the new blob and stores it beside the old one, with the message
// that lets it live: from here on a crash loses neither.
func (a *App) keepBoth(key *vault.Key, blob splitkey.Blob, hardened []byte, change string) error {
	half, err := blob.Open(hardened)
	if err != nil {
		return err
	}
	defer half.Wipe()
	m := &splitkey.ChangeConfirm{
		Key: blob.Key, Generation: blob.Generation, Transaction: change, OneTime: key.OneTime, Nonce: random(splitkey.NonceSize),
	}
	if m.Proof, err = half.Prove(splitkey.StepChanged, blob.Identity, []byte(change), blob.Public, m.Nonce); err != nil {
		return err
	}
	body, err := splitkey.Encode(m)
	if err != nil {
		return err
	}
	key.Next = &vault.Next{Blob: blob, Change: change, Confirm: body}
	return a.vault.Save()
}

// finishChange sends the stored message that lets the new blob live, until it is
// known which of the two does. A refusal does not say so by itself: the answer to
// the same message may have been lost before, so the server is asked.
func (a *App) finishChange(ctx context.Context, key *vault.Key) error {
	var done splitkey.Changed
	err := a.server.Call(ctx, wire.PathKeys, json.RawMessage(key.Next.Confirm), &done)
	if err == nil {
		if done.Generation != key.Next.Blob.Generation || len(done.OneTime) != splitkey.OneTimeSize {
			return errors.New("app: the server confirmed another PIN change")
		}
		key.Blob, key.OneTime, key.Next = key.Next.Blob, done.OneTime, nil
		return a.vault.Save()
	}
	if !refused(err) {
		return err
	}
	lives, asked := a.lives(ctx, key)
	switch {
	case asked != nil:
		return fmt.Errorf("app: it is not known yet whether the new PIN holds: %w", errors.Join(err, asked))
	case lives == key.Next.Blob.Generation:
		return fmt.Errorf("app: the new PIN holds, but the server does not say how to go on: %w", err)
	}
	key.Next = nil
	return errors.Join(err, a.vault.Save())
}

// lives asks which generation lives. It names the change, so that an old
// one-time value is not taken for a copy's.
func (a *App) lives(ctx context.Context, key *vault.Key) (int, error) {
	var s splitkey.Standing
	m := &splitkey.Status{Key: key.Blob.Key, Generation: key.Blob.Generation, OneTime: key.OneTime, Change: key.Next.Change}
	err := a.keyCall(ctx, m, &s)
	return s.Generation, err
}

// refused reports whether the server has refused for good.
func refused(err error) bool {
	_, ok := errors.AsType[*tunnus.Error](err)
	return ok && tunnus.CodeOf(err).Decided()
}

// settleChanges finishes PIN changes whose end was not heard.
func (a *App) settleChanges(ctx context.Context) error {
	for _, key := range a.vault.State.Keys {
		if key.Next == nil {
			continue
		}
		err := a.finishChange(ctx, key)
		switch {
		case err == nil:
			a.screen.Tell("The PIN change that was cut short is done: the new PIN holds.")
		case key.Next == nil:
			a.screen.Tell("The PIN change that was cut short has come to nothing, the old PIN holds: " + a.Explain(err))
		case !refused(err):
			return err // what became of it is still not known
		default:
			a.screen.Tell(a.Explain(err))
		}
	}
	return nil
}
