package issue

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Row is one certificate in the making or made. It begins as an intent, with
// the bytes that are going to be signed, and never loses them.
type Row struct {
	Serial  string // 32 lower-case hex digits
	Request string // idempotency key of the request; unique
	Digest  []byte // SHA-256 of what was requested
	Account string // opaque account id
	Purpose pki.Purpose
	Level   tunnus.Level
	Key     []byte // SHA-256 of the modulus; unique
	TBS     []byte // what is signed: linted, DER of TBSCertificate
	Intent  time.Time
	From    time.Time
	To      time.Time

	Certificate []byte    // DER; empty until it is issued
	Issued      time.Time // zero until then

	Revoked time.Time // zero if it is not revoked
	Reason  Reason    // "" if it is not revoked
	Held    time.Time // since when it is suspended; zero if it is not. Stays when it is revoked while suspended
}

// A Store keeps certificates. Each call is one transaction; events are written
// in it. What a call wrote survives a crash once it returned nil.
type Store interface {
	// Intend writes the row, before its certificate is signed, and returns it.
	// If a row with the same Request is there already, that one is returned
	// and nothing is written. If another Request holds the same Key or Serial,
	// it fails with [tunnus.CodeStateConflict], having written nothing.
	Intend(ctx context.Context, r Row, events []tunnus.Event) (Row, error)

	// Issued adds the certificate to the intent with the serial number. If it
	// has one already, the call succeeds when the bytes are the same (nothing
	// is written), and fails with [tunnus.CodeStateConflict] when they differ.
	// An intent that was revoked meanwhile takes its certificate and stays
	// revoked. Without an intent it fails with [tunnus.CodeNotFound].
	Issued(ctx context.Context, serial string, certificate []byte, at time.Time, events []tunnus.Event) error

	// Revoke marks the row, issued or only intended, for ever. If it is
	// revoked already, the first date and reason stand, and nothing is
	// written. Without a row it fails with [tunnus.CodeNotFound].
	Revoke(ctx context.Context, serial string, at time.Time, why Reason, events []tunnus.Event) error

	// ByAccount returns the rows of an account, oldest intent first; none is no error.
	ByAccount(ctx context.Context, account string) ([]Row, error)

	// Record writes events that change no row: a refusal.
	Record(ctx context.Context, events []tunnus.Event) error
}

// Holds keeps suspensions; the same rows as [Store], with the same promises.
type Holds interface {
	// Hold marks the row, issued or only intended, as suspended. If it is
	// suspended already the first date stands, and nothing is written. If it is
	// revoked it fails with [tunnus.CodeStateConflict], without a row with
	// [tunnus.CodeNotFound].
	Hold(ctx context.Context, serial string, at time.Time, events []tunnus.Event) error

	// Lift ends a suspension. If the row is not suspended, nothing is written.
	// If it is revoked it fails with [tunnus.CodeStateConflict], without a row
	// with [tunnus.CodeNotFound].
	Lift(ctx context.Context, serial string, at time.Time, events []tunnus.Event) error
}
