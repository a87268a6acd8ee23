package binding

import (
	"context"
	"crypto/rsa"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A Purpose says what a key and its certificate are for.
type Purpose string

// The purposes. PIN1 opens the first, PIN2 the second.
const (
	ForLogin     Purpose = "login"
	ForSignature Purpose = "signature"
)

// Keys is the server's half of the keys (key/keyshare, joined in cmd).
type Keys struct {
	Halves
	Signatures
}

// Halves are the keys themselves.
type Halves interface {
	// Check fails with a [tunnus.Error] other than internal if Assign would
	// refuse the key: it is not wholly made or has ended, is of another device
	// or purpose, or belongs to another session. It changes nothing.
	Check(ctx context.Context, session, device, keyID string, p Purpose) error

	// Assign gives a key to the session and a modulus to the key, once, and
	// returns the composite public key; a repeat returns the same. It fails
	// as Check does.
	Assign(ctx context.Context, session, device, keyID string, p Purpose) (*rsa.PublicKey, error)

	// Revoke ends a key for good; a key that has ended stays so (nil). One
	// that belongs to another session is left alone (nil).
	Revoke(ctx context.Context, session, keyID string) error
}

// Signatures are what keys are asked to sign.
type Signatures interface {
	// Offer opens a signature request and returns its id.
	Offer(ctx context.Context, o Offer) (transaction string, err error)

	// Outcome tells whether a request was signed: ok is false as long as it
	// was not. Payload and signature have been checked by keyshare.
	Outcome(ctx context.Context, transaction string) (s Signed, ok bool, err error)

	// Cancel ends a request for good. If the signature is released already,
	// it fails with [tunnus.CodeStateConflict].
	Cancel(ctx context.Context, transaction string) error
}

// An Offer asks one of the holder's keys for a signature, or for a proof of its PIN.
type Offer struct {
	ID      string // idempotency key; "" if the record itself is one
	KeyID   string
	Kind    string // application.Kind, statement.Kind
	Record  []byte // of the kind
	Hash    splitkey.Hash
	Padding splitkey.Padding
	Expires time.Time
}

// A Signed is what was signed, or proved.
type Signed struct {
	Payload   []byte // what was signed
	Signature []byte // big-endian, as long as the modulus; the proof, where nothing is signed
	Hash      splitkey.Hash
}

// A Request asks for one certificate.
type Request struct {
	ID         string // idempotency key
	Account    string // id of the account; names no person
	Document   string // document number of the account
	Person     tunnus.PersonCode
	Surname    string
	GivenNames string
	Birth      time.Time
	Level      tunnus.Level
	Purpose    Purpose
	PublicKey  *rsa.PublicKey
	Device     string // thumbprint of the device key, for the evidence (R2)
}

// An Issuer is the certificate authority (trust/issue, joined in cmd).
type Issuer interface {
	// Issue makes a certificate, durable when it returns. The same ID is
	// answered with the same certificate, or, once that is withdrawn, with
	// [tunnus.CodeStateConflict].
	Issue(ctx context.Context, r Request) (account.Certificate, error)

	// Withdraw revokes every certificate that an account has by now, also
	// those whose issuing was cut short, and may be repeated; none is no error.
	Withdraw(ctx context.Context, account string) error
}
