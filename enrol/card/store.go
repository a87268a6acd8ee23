package card

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Visit is one log-in with a card at the portal, as it is stored.
type Visit struct {
	ID      string // random
	State   State
	Person  string    // keyed hash of the person, once the card has proved who it is
	Tries   int       // wrong codes; charged before they are judged
	TriedAt time.Time // the last one
	Slip    string    // id of the code that matched
	Pairing string    // drawn then
	Began   time.Time
	Expires time.Time
	Payload []byte // sealed; nil once ended
	Record  []byte // sealed evidence of the signature (Record)
	Rev     int64  // 0 until first saved; every Save raises it by one
}

// A Slip is the registration code of a sitting, as it is stored: never its text.
type Slip struct {
	ID      string // keyed hash of the text
	Session string // the sitting; it has one
	Number  int    // with the sitting, what the text is derived from
	Device  string // thumbprint of the device key
	State   SlipState
	Visit   string // in which it was typed
	Pairing string
	Made    time.Time
	Until   time.Time // until when it can be typed
	Due     time.Time // when the sitting ends
	Phone   []byte    // sealed
	Rev     int64     // 0 until first saved; every Save raises it by one
}

// A Change is one decision: all of it is written, or nothing.
type Change struct {
	Visits []Visit // each compare-and-swap on its own Rev
	Slip   *Slip   // so too
	Events []tunnus.Event
}

// A Store keeps visits and codes.
type Store interface {
	// Visit returns a visit, or fails with [tunnus.CodeNotFound].
	Visit(ctx context.Context, id string) (Visit, error)

	// Slip returns a code by its keyed hash, SlipOf that of a sitting, or they fail
	// with [tunnus.CodeNotFound].
	Slip(ctx context.Context, id string) (Slip, error)
	SlipOf(ctx context.Context, session string) (Slip, error)

	// Save writes a change in one transaction. It fails with
	// [tunnus.CodeStateConflict], having written nothing, if a stored revision is not
	// the one given, or (Rev 0) the id, or the sitting, has a row already. When it
	// returns nil, the change survives a crash.
	Save(ctx context.Context, c Change) error

	// Tries sums the wrong codes of the visits of a person ("": of everybody) that
	// have TriedAt after the time given.
	Tries(ctx context.Context, person string, after time.Time) (int, error)
}

// A Rest is what a retention job deletes.
type Rest interface {
	// DropPayloads takes from at most limit visits that expired before a time what
	// they hold of a person, and returns how many there were.
	DropPayloads(ctx context.Context, before time.Time, limit int) (int, error)
}
