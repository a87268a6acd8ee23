package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// makeKey makes the phone's half of one key and seals it under the PIN: begin,
// harden, seal, prove that it opens. What the server needs for it never tells
// it anything of the PIN.
func (a *App) makeKey(ctx context.Context, purpose splitkey.Purpose, pin tunnus.Secret) (*vault.Key, error) {
	half, err := splitkey.Generate()
	if err != nil {
		return nil, err
	}
	defer half.Wipe()
	id, oneTime, err := a.begin(ctx, purpose, half)
	if err != nil {
		return nil, err
	}
	hardened, err := a.hardenNew(ctx, id, pin)
	if err != nil {
		return nil, err
	}
	defer clear(hardened)
	blob, err := splitkey.Seal(id, half, hardened)
	if err != nil {
		return nil, err
	}
	key := &vault.Key{Blob: blob, OneTime: oneTime}
	a.vault.State.Keys = append(a.vault.State.Keys, key)
	if err := a.vault.Save(); err != nil {
		return nil, err
	}
	return key, a.confirm(ctx, key, hardened)
}

// begin offers n1 with a proof that we hold its primes, and pins the server's
// public key.
func (a *App) begin(ctx context.Context, purpose splitkey.Purpose, half *splitkey.Half) (splitkey.Identity, []byte, error) {
	spki, err := device.Public(a.key)
	if err != nil {
		return splitkey.Identity{}, nil, err
	}
	id := splitkey.Identity{Purpose: purpose, Generation: 1, Modulus: half.Modulus()}
	m := &splitkey.Begin{Purpose: purpose, Modulus: id.Modulus, Nonce: random(splitkey.NonceSize)}
	m.Proof, err = half.Prove(splitkey.StepBegin, id, []byte(device.Thumbprint(spki)), m.Nonce)
	if err != nil {
		return id, nil, err
	}
	var begun splitkey.Begun
	if err := a.keyCall(ctx, m, &begun); err != nil {
		return id, nil, err
	}
	id.Key, id.Generation, id.Public = begun.Key, begun.Generation, begun.Public
	return id, begun.OneTime, nil
}

// hardenNew asks for the evaluation that a new blob is sealed with.
func (a *App) hardenNew(ctx context.Context, id splitkey.Identity, pin tunnus.Secret) ([]byte, error) {
	blinding, blinded, err := splitkey.Blind(id, pin.Reveal())
	if err != nil {
		return nil, err
	}
	var e splitkey.Evaluated
	m := &splitkey.Harden{Key: id.Key, Generation: id.Generation, Nonce: random(splitkey.NonceSize), Blinded: blinded}
	if err := a.keyCall(ctx, m, &e); err != nil {
		return nil, err
	}
	return blinding.Finish(e)
}

// confirm opens the blob that was just sealed and proves it, so that a blob that
// cannot be opened is found now and not at the first log-in.
func (a *App) confirm(ctx context.Context, key *vault.Key, hardened []byte) error {
	half, err := key.Blob.Open(hardened)
	if err != nil {
		return err
	}
	defer half.Wipe()
	m := &splitkey.Confirm{Key: key.Blob.Key, Generation: key.Blob.Generation, Nonce: random(splitkey.NonceSize)}
	if m.Proof, err = half.Prove(splitkey.StepConfirm, key.Blob.Identity, key.Blob.Public, m.Nonce); err != nil {
		return err
	}
	var none wire.None
	return a.keyCall(ctx, m, &none)
}

// status presents a key's one-time value and returns how it stands and what
// waits for it. The first time n is told, it is checked and kept. A request
// whose answer was lost is settled before: its one-time value may be a newer one.
func (a *App) status(ctx context.Context, key *vault.Key) (splitkey.Standing, error) {
	var s splitkey.Standing
	if err := a.settle(ctx); err != nil {
		return s, err
	}
	if key.Next != nil {
		return s, errors.New("app: it is not known yet which of two PINs holds; please try again later")
	}
	m := &splitkey.Status{Key: key.Blob.Key, Generation: key.Blob.Generation, OneTime: key.OneTime}
	if err := a.keyCall(ctx, m, &s); err != nil {
		return s, err
	}
	switch {
	case len(s.Modulus) == 0:
	case key.Modulus == nil:
		if err := splitkey.CheckProduct(s.Modulus, key.Blob.Modulus); err != nil {
			return s, err
		}
		key.Modulus = s.Modulus
		return s, a.vault.Save()
	case string(key.Modulus) != string(s.Modulus):
		return s, errors.New("app: the server names another modulus than before")
	}
	return s, nil
}

// unlock is one try of a PIN for one transaction. The request is stored before
// it is sent; a wrong PIN comes back as pin-wrong with the tries that are left.
func (a *App) unlock(ctx context.Context, key *vault.Key, f splitkey.Fields, pin tunnus.Secret) (*splitkey.Half, []byte, error) {
	if err := key.Blob.Intact(); err != nil {
		return nil, nil, err // damage must not cost a try
	}
	blinding, blinded, err := splitkey.Blind(key.Blob.Identity, pin.Reveal())
	if err != nil {
		return nil, nil, err
	}
	m := &splitkey.Evaluate{
		Key: key.Blob.Key, Generation: key.Blob.Generation, Transaction: f.Transaction, Freshness: f.Freshness,
		Blinded: blinded, OneTime: key.OneTime, Nonce: random(splitkey.NonceSize),
	}
	e, err := a.evaluate(ctx, key, m)
	if err != nil {
		return nil, nil, err
	}
	hardened, err := blinding.Finish(e.Evaluated)
	if err != nil {
		return nil, nil, err
	}
	defer clear(hardened)
	half, err := key.Blob.Open(hardened)
	if refused, ok := errors.AsType[*tunnus.Error](err); ok && refused.Code == tunnus.CodePINWrong {
		return nil, nil, a.wrong(refused, e.Tries)
	}
	return half, m.Nonce, err
}

// firstLock is longer than the first lock after wrong PINs and shorter than the second.
const firstLock = 12 * time.Hour

// wrong adds to a wrong PIN what it has led to: the tries that are left, or the lock.
func (a *App) wrong(e *tunnus.Error, t splitkey.Tries) *tunnus.Error {
	e.Left, e.Until = &t.Left, t.LockedUntil
	switch {
	case t.Permanent:
		e.Code = tunnus.CodePINLockPerm
	case t.LockedUntil == nil:
		return e
	case t.LockedUntil.Sub(a.clock.Now()) < firstLock:
		e.Code = tunnus.CodePINLock1
	default:
		e.Code = tunnus.CodePINLock2
	}
	e.Public = e.Code.Sentence()
	return e
}

// evaluate sends a try and keeps the next one-time value.
func (a *App) evaluate(ctx context.Context, key *vault.Key, m *splitkey.Evaluate) (splitkey.Evaluation, error) {
	var e splitkey.Evaluation
	body, err := splitkey.Encode(m)
	if err != nil {
		return e, err
	}
	if err := a.sendStored(ctx, key.Blob.Key, body, &e); err != nil {
		return e, err
	}
	key.OneTime, a.vault.State.Pending = e.OneTime, nil
	return e, a.vault.Save()
}

// sendStored stores a request durably before it sends it. A request that the
// server refused is forgotten; one whose answer is only lost stays stored.
func (a *App) sendStored(ctx context.Context, key string, body []byte, out any) error {
	a.vault.State.Pending = &vault.Pending{Key: key, Body: body}
	if err := a.vault.Save(); err != nil {
		return err
	}
	err := a.server.Call(ctx, wire.PathKeys, json.RawMessage(body), out)
	if refused(err) {
		a.vault.State.Pending = nil
		return errors.Join(err, a.vault.Save())
	}
	return err
}

// settle sends the request again whose answer was lost, before anything else is
// asked: the server's one-time value may have moved on, and whoever shows the
// old one is taken for a copy. The blinding of a try is gone by then, so its
// answer opens nothing and that try is lost. A half signature that was under
// way is handed over after all, and a PIN change finished.
func (a *App) settle(ctx context.Context) error {
	if p := a.vault.State.Pending; p != nil {
		var e splitkey.Evaluation // of another message, only unknown fields come
		err := a.sendStored(ctx, p.Key, p.Body, &e)
		if err != nil && a.vault.State.Pending != nil {
			return err // what became of it is still not known
		}
		key, ok := a.vault.State.Key(p.Key)
		switch {
		case err != nil:
			a.screen.Tell("What was under way when the line broke has come to nothing: " + a.Explain(err))
		case ok && len(e.OneTime) > 0:
			key.OneTime = e.OneTime
			a.screen.Tell("A PIN entry was cut short: that entry was counted. A right PIN clears it.")
		case strings.Contains(string(p.Body), `"type":"key-change`):
			a.screen.Tell("A PIN change was cut short before anything was changed: the old PIN holds.")
		default:
			a.screen.Tell("The answer that was under way when the line broke has arrived after all.")
		}
		a.vault.State.Pending = nil
		if err := a.vault.Save(); err != nil {
			return err
		}
	}
	return a.settleChanges(ctx)
}

// An approval is what was shown, and what the app adds to the payload.
type approval struct {
	payload []byte // built from what was shown
	answer  []byte // the app's part of it
	shown   splitkey.Approval
}

// sign opens the key by its PIN and hands over the half signature: the server
// builds the payload from its own record and refuses a half of any other.
func (a *App) sign(ctx context.Context, key *vault.Key, f splitkey.Fields, pin tunnus.Secret, ok approval) error {
	if key.Modulus == nil {
		return errors.New("app: the key is not whole yet")
	}
	half, nonce, err := a.unlock(ctx, key, f, pin)
	if err != nil {
		return err
	}
	defer half.Wipe()
	digest := f.Hash.Sum(ok.payload)
	share, err := shareOf(half, key.Blob.Identity, f, nonce, digest)
	if err != nil {
		return err
	}
	ok.shown.Digest = digest
	body, err := splitkey.Encode(&splitkey.Complete{
		Key: key.Blob.Key, Generation: key.Blob.Generation, Transaction: f.Transaction, Evaluation: nonce,
		OneTime: key.OneTime, Share: share, Answer: ok.answer, Approval: ok.shown,
	})
	if err != nil {
		return err
	}
	var done splitkey.Completed
	if err := a.sendStored(ctx, key.Blob.Key, body, &done); err != nil {
		return err
	}
	a.vault.State.Pending = nil
	if done.Transaction != f.Transaction {
		err = errors.New("app: the server completed another transaction")
	}
	return errors.Join(err, a.vault.Save())
}

// shareOf makes what completes a transaction: the phone's half of a signature, or
// a proof of the PIN where nothing is signed.
func shareOf(half *splitkey.Half, id splitkey.Identity, f splitkey.Fields, nonce, digest []byte) ([]byte, error) {
	if f.Padding == splitkey.Internal {
		return half.Prove(splitkey.StepApprove, id, []byte(f.Transaction), nonce, digest)
	}
	em, err := f.Padding.Encode(f.Hash, digest, f.Salt)
	if err != nil {
		return nil, err
	}
	return half.Share(em)
}

func (a *App) keyCall(ctx context.Context, m splitkey.Message, out any) error {
	body, err := splitkey.Encode(m)
	if err != nil {
		return err
	}
	return a.server.Call(ctx, wire.PathKeys, json.RawMessage(body), out)
}
