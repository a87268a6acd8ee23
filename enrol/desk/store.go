package desk

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
)

// An Exception is one that was asked for. JSON is its form in a row.
type Exception struct {
	Kind   Kind   `json:"kind"`
	Raised string `json:"raised"`           // by which officer
	Agreed string `json:"agreed,omitempty"` // by which second; "" while it waits
}

// A Session is one applicant at one desk, as it is stored. What names a person
// stands in Payload, sealed, and nowhere else.
type Session struct {
	ID      string // reference number, such as "7K3QZ-M2XWA"
	Sitting string // of the applicant's app
	Device  string // thumbprint of its key (hk)
	Booking string // reference number of the appointment, "" without one
	Officer string
	State   State
	Mark    string // of the applicant: staff.Marker; "" until it is known who it is

	Challenges  int
	ChallengeAt time.Time // zero if it is used up
	Proved      bool      // the chip has proved itself over our challenge
	Copyable    bool      // by its signature only: the chip could be a copy
	Expired     bool      // the document's last day is over
	Checks      map[string]string
	Exceptions  []Exception

	Statement []byte // what the officer signed: JSON, names no person
	Signed    []byte // his request with his signature: JSON of a device.Signed

	CodeMAC   []byte // keyed hash of the activation code; nil if there is none
	CodeUntil time.Time
	Tries     int // wrong ones, charged before they were judged

	Payload   []byte // sealed; nil once it is of no use
	CreatedAt time.Time
	Expires   time.Time
	EndedAt   time.Time
	Rev       int64 // 0 until first saved; every save raises it by one
}

// A Store keeps desk sessions. Every implementation must pass storetest.Desk.
type Store interface {
	// Desk returns a desk session, or fails with [tunnus.CodeNotFound].
	Desk(ctx context.Context, id string) (Session, error)

	// DeskOf returns the newest desk session of a sitting, or fails with
	// [tunnus.CodeNotFound].
	DeskOf(ctx context.Context, sitting string) (Session, error)

	// OverdueDesks returns at most limit IDs of desk sessions that have not ended,
	// or that still hold something, and whose Expires is at or before now.
	OverdueDesks(ctx context.Context, now time.Time, limit int) ([]string, error)

	// SaveDesk writes s if its stored revision is s.Rev (0: none is stored, and
	// the sitting has no other that has not ended), as s.Rev+1, with the events, in
	// one transaction; else it fails with [tunnus.CodeStateConflict], having
	// written nothing. When it returns nil, the change survives a crash.
	SaveDesk(ctx context.Context, s Session, events []tunnus.Event) error
}

// Sittings is what the desk asks of sittings.
type Sittings interface {
	// AtDesk tells the name of the applicant's phone, as it says itself, if the
	// sitting is of that device, goes by way of the desk, and waits for the
	// document. Otherwise it fails with not-found or [tunnus.CodeStateConflict].
	AtDesk(ctx context.Context, sitting, device string) (phone string, err error)
}
