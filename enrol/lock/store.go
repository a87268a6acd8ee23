package lock

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Key names one ledger: the keyed hash of a document or of a device, in
// lower-case hexadecimal (64 characters). Nobody can work it out, or test a
// guess at a document number, without the ledger's key (L9). It outlives accounts.
type Key string

// A Kind says what an entry tells.
type Kind string

// The kinds of entries. Charged opens an attempt; the five below it close it.
const (
	Charged   Kind = "charged"   // an attempt is paid for; nothing is judged yet
	Passed    Kind = "passed"    // judged, nothing counted; the count goes on
	Succeeded Kind = "succeeded" // judged good: the current count ends
	Failed    Kind = "failed"    // judged bad, and that counts
	Lapsed    Kind = "lapsed"    // ended without a verdict; counts like Failed
	Voided    Kind = "voided"    // a fault of ours, before any verdict; does not count

	Noted     Kind = "noted"     // a mishap that counts when repeated ("Yx" in errors.md)
	Permanent Kind = "permanent" // the grace of the last step is over
	Incident  Kind = "incident"  // failures of a release and a time were ours; Attempt names the incident (L3)
)

// An Entry is one line of a ledger. It is never changed and never deleted.
type Entry struct {
	Kind     Kind
	Attempt  string      // evidence id: which attempt is meant; unique per charge
	At       time.Time   // UTC, whole milliseconds
	Code     tunnus.Code // what was told, "" if nothing was
	Copyable bool        // the chip could not prove that it is the original (L2)
	Release  string      // the software under which it was written; of an Incident, the one that was at fault
	From     time.Time   // of an Incident: charges from this moment on
	Until    time.Time   // and before this one did not count
	Input    string      // of a Voided: keyed hash of what was judged when we failed (L5), "" if it was not kept yet
	MAC      []byte      // 32 bytes over this entry, its place and the MAC before it
}

// A Store keeps ledgers. Every implementation must pass storetest.Ledger.
type Store interface {
	// Entries returns a ledger, oldest first; none is no error.
	Entries(ctx context.Context, key Key) ([]Entry, error)

	// Append writes e behind the first n entries, and the events, in one
	// transaction. If the ledger has grown since, it fails with
	// [tunnus.CodeStateConflict], having written nothing. When it returns nil,
	// e survives a crash. It never updates or deletes.
	Append(ctx context.Context, key Key, n int, e Entry, events []tunnus.Event) error
}

// Touched finds the ledgers that an incident could mean.
type Touched interface {
	// Touched returns at most limit keys of ledgers, in their order and behind the
	// one given, that have an entry of the release from one moment until before
	// another, and no Permanent entry.
	Touched(ctx context.Context, release string, from, until time.Time, after Key, limit int) ([]Key, error)
}
