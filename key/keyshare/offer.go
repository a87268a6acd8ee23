package keyshare

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// An OfferRequest puts up a transaction for a key.
type OfferRequest struct {
	ID        string // idempotency key: the same offer with the same id is the same transaction; "" makes a new one
	KeyID     string
	Kind      string // of a [Format]
	Record    []byte // canonical JSON of the fields to show and sign, at most 64 KiB
	Hash      splitkey.Hash
	Padding   splitkey.Padding // "" is [splitkey.PSS], the only one in which a log-in key signs (P7); must fit the kind
	ExpiresAt time.Time        // at most 15 minutes ahead
}

// Offer puts up a transaction; the salt of its PSS encoding and its freshness
// token are drawn here. With [splitkey.PKCS1] nothing is drawn into what is signed,
// so a record is put up once, for ever: again, with the same end, it is the same
// transaction, and with another it fails with [tunnus.CodeStateConflict]. A key that cannot sign
// now fails it: with the code of its lock, [tunnus.CodeAccCloned],
// [tunnus.CodeKeyUnusable], or [tunnus.CodeStateConflict] if it has no modulus yet.
func (s *Service) Offer(ctx context.Context, o OfferRequest) (Transaction, error) {
	now := s.Clock.Now()
	f, ok := s.Formats[o.Kind]
	if !ok || !o.Hash.Valid() || !o.Padding.Valid() || len(o.Record) > maxRecord ||
		!o.ExpiresAt.After(now) || o.ExpiresAt.After(now.Add(maxTransaction)) {
		return Transaction{}, fmt.Errorf("keyshare: an offer of kind %q, hash %q, %d bytes, until %s cannot be made",
			o.Kind, o.Hash, len(o.Record), o.ExpiresAt)
	}
	id, again := o.name()
	if again {
		if t, err := s.offered(ctx, id, o); tunnus.CodeOf(err) != tunnus.CodeNotFound {
			return t, err
		}
	}
	k, err := s.Store.Keys.Key(ctx, o.KeyID)
	if err != nil {
		return Transaction{}, err
	}
	if p := cmp.Or(o.Padding, splitkey.PSS); !f.Signs(k.Purpose, p) || p == splitkey.PKCS1 && k.Purpose == splitkey.Login {
		return Transaction{}, fmt.Errorf("keyshare: a %s key does not sign %q with %s", k.Purpose, o.Kind, p)
	}
	if err := k.Usable(); err != nil {
		return Transaction{}, err
	}
	st, err := s.standing(ctx, k)
	if err != nil {
		return Transaction{}, err
	}
	if err := row.Locked(st, now); err != nil {
		return Transaction{}, err
	}
	t := Transaction{
		ID: id, Key: k.ID, Kind: o.Kind, Record: o.Record, Hash: o.Hash, Padding: o.Padding,
		Salt: draw(o.Hash.Size()), Freshness: draw(splitkey.NonceSize),
		State: Live, CreatedAt: now, ExpiresAt: o.ExpiresAt,
	}
	err = s.Store.Transactions.Put(ctx, t, []tunnus.Event{s.event("txn.offer", k, "", "transaction", t.ID, "kind", t.Kind)})
	if err != nil && again { // the same offer may have come twice at once
		if t, err := s.offered(ctx, id, o); err == nil {
			return t, nil
		}
	}
	t.Rev = 1
	return t, err
}

// name is the id of the transaction of an offer; again says that the same offer has
// the same one. With [splitkey.PKCS1] that follows from what is signed, whatever the
// caller calls it: put up anew, it would make an old share right again, and each
// guess of a PIN could be taken back by that share.
func (o OfferRequest) name() (id string, again bool) {
	switch {
	case o.Padding == splitkey.PKCS1:
		return name(hash(sealed.Place("tunnus/record/v1", o.KeyID, o.Kind, string(o.Hash), string(o.Record)))[:16]), true
	case o.ID != "":
		return name(hash(sealed.Place("tunnus/txn/v1", o.KeyID, o.ID))[:16]), true
	}
	return name(draw(16)), false
}

// offered finds the transaction of an offer that was made before.
func (s *Service) offered(ctx context.Context, id string, o OfferRequest) (Transaction, error) {
	t, err := s.Store.Transactions.Transaction(ctx, id)
	if err == nil && (t.Kind != o.Kind || t.Hash != o.Hash || t.Padding != o.Padding ||
		!bytes.Equal(t.Record, o.Record) || !t.ExpiresAt.Truncate(time.Millisecond).Equal(o.ExpiresAt.Truncate(time.Millisecond))) { // as rows keep it
		return Transaction{}, tunnus.Conflict(errors.New("keyshare: the id was used for another offer"))
	}
	return t, err
}

// ours reads a transaction of a key; another key's looks as if there were none.
func (s *Service) ours(ctx context.Context, k Key, id string) (Transaction, error) {
	t, err := s.Store.Transactions.Transaction(ctx, id)
	if err == nil && t.Key != k.ID {
		return t, tunnus.NotFound(errors.New("keyshare: the transaction is another key's"))
	}
	return t, err
}

// An Outcome is where a transaction stands.
type Outcome struct {
	State     string // [Live], [Signed] or [Cancelled]
	Expired   bool   // Live, and too late
	Key       string
	Kind      string
	Record    []byte
	Hash      splitkey.Hash
	Padding   splitkey.Padding
	Payload   []byte            // what was signed, if Signed
	Answer    []byte            // the phone's part of it
	Approval  splitkey.Approval // what the phone said that it showed, under its device's signature
	Evidence  []byte            // JSON of that whole request, a device.Signed
	Signature []byte            // RSASSA of Padding, 768 bytes; a proof of 384 bytes if that is [splitkey.Internal]
	PublicKey *rsa.PublicKey    // n, e
	SignedAt  time.Time
}

// Outcome tells where a transaction stands; [tunnus.CodeNotFound] if there is none,
// or if it is a PIN change.
func (s *Service) Outcome(ctx context.Context, id string) (Outcome, error) {
	t, err := s.Store.Transactions.Transaction(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if t.Kind == splitkey.ChangeKind {
		return Outcome{}, tunnus.NotFound(errors.New("keyshare: a PIN change is not signed"))
	}
	o := Outcome{
		State: t.State, Expired: t.State == Live && t.Over(s.Clock.Now()),
		Key: t.Key, Kind: t.Kind, Record: t.Record, Hash: t.Hash, Padding: t.Padding,
		Answer: t.Answer, Evidence: t.Approval, Signature: t.Signature, SignedAt: t.SignedAt,
	}
	if t.State != Signed {
		return o, nil
	}
	k, err := s.Store.Keys.Key(ctx, t.Key)
	if err != nil {
		return Outcome{}, err
	}
	o.PublicKey = &rsa.PublicKey{N: new(big.Int).SetBytes(k.Product), E: splitkey.Exponent}
	if o.Payload, err = s.payload(t, t.Answer); err != nil {
		return Outcome{}, err
	}
	o.Approval, err = row.ApprovalOf(t.Approval)
	return o, err
}

// payload asks the kind's format for what is signed.
func (s *Service) payload(t Transaction, answer []byte) ([]byte, error) {
	f, ok := s.Formats[t.Kind]
	if !ok {
		return nil, fmt.Errorf("keyshare: no format for transactions of kind %q", t.Kind)
	}
	return f.Payload(t.Record, answer)
}

// Cancel ends a transaction: after nil no signature of it is ever released. One
// that is cancelled stays so (nil); one that is signed fails with
// [tunnus.CodeStateConflict].
func (s *Service) Cancel(ctx context.Context, id string) error {
	_, err := row.Settled(func(bool) (struct{}, error) {
		t, err := s.Store.Transactions.Transaction(ctx, id)
		if err != nil || t.State == Cancelled {
			return struct{}{}, err
		}
		if t.State == Signed {
			return struct{}{}, tunnus.Conflict(errors.New("keyshare: the transaction is signed"))
		}
		t.State = Cancelled
		e := tunnus.Event{At: s.Clock.Now(), Kind: "txn.cancel", Subject: t.Key, Detail: map[string]string{"transaction": t.ID}}
		return struct{}{}, row.Moved(s.Store.Transactions.SaveTransaction(ctx, t, []tunnus.Event{e}))
	})
	return err
}
