package otp

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
)

// A Sheet is all that is kept of the codes of one session. It holds no code and
// no contact in clear: only keyed hashes.
type Sheet struct {
	Session string // of the registration; the sheet's own key
	Owner   string // thumbprint of the device key that runs the session
	Contact string // keyed hash of the newest code's contact, hexadecimal
	Codes   []Code // oldest first; at most the newest is live
	Over    bool   // the last code died: nothing more is sent or taken
	Rev     int64  // 0 until first saved; every Save raises it by one
}

// A Code is one code that was sent. JSON is its form in a row.
type Code struct {
	ID        string    `json:"id"`
	MAC       []byte    `json:"mac"`     // keyed hash of session, id and digits
	Contact   string    `json:"contact"` // keyed hash of where it went
	SentAt    time.Time `json:"sent_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Tries     int       `json:"tries"` // charged before they are judged
	Used      bool      `json:"used"`
	UsedBy    string    `json:"used_by,omitempty"` // the request that has used it, see [Codes.Confirm]
	Unsent    bool      `json:"unsent,omitempty"`  // it could not be delivered
	Region    string    `json:"region,omitempty"`  // country of the phone it went to
	Request   string    `json:"request,omitempty"` // see [Order]
}

// A Spend takes one from the budget of a day or an hour, or counts one of ten minutes.
type Spend struct {
	Key string // keyed hash of a contact, a person or a range of numbers, with a prefix that says which
	Day string // "2026-01-31"; for an hour "2026-01-31T09"; for ten minutes "2026-01-31T09:10"; UTC
	Max int    // how many the period may have
}

// A Letter is a message that waits in the outbox. Its text is sealed, because it
// holds an address and perhaps a code; [OpenLetter] reads it.
type Letter struct {
	ID      string // random; also the idempotency key of the sending
	Kind    string // "otp", "account-active" …: which template
	Channel address.Channel
	Sealed  []byte
}

// ErrBudget is returned by a [Store] that found a budget used up; best as an
// [Exhausted], which says which one.
var ErrBudget = errors.New("otp: a budget is used up")

// A Store keeps sheets, budgets and the outbox.
type Store interface {
	// Sheet returns the sheet of a session, or fails with [tunnus.CodeNotFound].
	Sheet(ctx context.Context, session string) (Sheet, error)

	// Save writes s if its stored revision is s.Rev (0: none is stored), as
	// revision s.Rev+1, else it fails with [tunnus.CodeStateConflict]. In the
	// same transaction it takes each spend from its budget, or fails with
	// [ErrBudget] if one has reached its Max; puts the letters into the outbox;
	// and writes the events. On any failure nothing is written.
	Save(ctx context.Context, s Sheet, spends []Spend, letters []Letter, events []tunnus.Event) error

	// Spent tells how many were taken from a budget in the periods from one on and
	// before another.
	Spent(ctx context.Context, key, from, before string) (int, error)

	// Others returns the sheets of this owner and contact that belong to other
	// sessions, newest first, at most ten.
	Others(ctx context.Context, session, owner, contact string) ([]Sheet, error)
}

// A Sealer encrypts what waits in rows and binds it to its place: what was
// sealed for one place does not open in another. Key hsm has one.
type Sealer interface {
	Seal(plain, aad []byte) ([]byte, error)
	Open(sealed, aad []byte) ([]byte, error)
}
