package login

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Session is one question of a relying party to one person, as it is stored.
type Session struct {
	ID      string    // UUID v4, lower case: whoever knows it and is its party may read it
	Rev     int64     // 1 when created; each Save raises it by one
	Party   string    // UUID of the relying party that asked
	Person  string    // Account.Person of the one who is asked
	Created time.Time // when it was asked, UTC
	Expires time.Time // when it ends by itself
	Ended   time.Time // zero while it runs
	State   State     // Running or Complete
	End     EndResult // "" while it runs
	NotMe   bool      // the holder said that this was not their doing
	Detail  []byte    // JSON that only this package reads: what was asked, of which accounts, and the answer
}

// A Store keeps sessions. It never forgets one that was created in the last 24
// hours: the budgets of a person are counted from them.
type Store interface {
	// Create writes s, which has Rev 1, together with the events, in one
	// transaction. seen is the number of the person's sessions with Created at
	// or after since that the caller has read: if there are more or fewer
	// now, it fails with [tunnus.CodeStateConflict], having written nothing.
	// When it returns nil, s survives a crash.
	Create(ctx context.Context, s Session, since time.Time, seen int, events []tunnus.Event) error

	// Session returns one session, or fails with [tunnus.CodeNotFound].
	Session(ctx context.Context, id string) (Session, error)

	// Recent returns the sessions of a person with Created at or after since,
	// newest first; none is no error.
	Recent(ctx context.Context, person string, since time.Time) ([]Session, error)

	// Save replaces the session that has s.ID and s.Rev, raises its Rev by
	// one, and writes the events, in one transaction. If the stored Rev is
	// another, it fails with [tunnus.CodeStateConflict], having written
	// nothing. ID, Party, Person, Created and Expires never change.
	Save(ctx context.Context, s Session, events []tunnus.Event) error
}

// An Account is what a log-in has to know of an account.
type Account struct {
	ID          string       // names the account inside tunnus
	Person      string       // names its holder, the same for all accounts of one person; not the personal code
	Number      string       // document number, such as PNOXX-199002140017-ABCD-Q
	Level       tunnus.Level // what its certificates are worth
	KeyID       string       // the log-in key
	Certificate []byte       // DER of the log-in certificate
}

// Accounts finds the accounts that can answer: active ones, with a log-in
// certificate that is neither expired nor revoked. All others do not exist here.
type Accounts interface {
	// OfPerson returns a person's accounts, newest first; none is no error.
	OfPerson(ctx context.Context, code tunnus.PersonCode) ([]Account, error)

	// ByNumber returns the account with that document number, or fails with
	// [tunnus.CodeNotFound].
	ByNumber(ctx context.Context, number string) (Account, error)

	// ByID returns the account with that id, or fails with [tunnus.CodeNotFound].
	ByID(ctx context.Context, id string) (Account, error)
}

// An Offer is a request for one signature of one key.
type Offer struct {
	KeyID   string
	Record  []byte // acsp.Fields.Record: the kind of the transaction is acsp.Kind
	Hash    string // acsp.Hash, such as "SHA3-512"
	Expires time.Time
}

// An OutcomeState says how far a signature request has come.
type OutcomeState string

// The states of a signature request.
const (
	Open      OutcomeState = "open"      // nobody has answered yet
	Signed    OutcomeState = "signed"    // the signature is released
	Cancelled OutcomeState = "cancelled" // by Cancel; no signature can be released any more
	Unusable  OutcomeState = "unusable"  // its key is locked, suspended or revoked
)

// An Outcome is where a signature request stands.
type Outcome struct {
	State     OutcomeState
	Signature []byte // RSASSA-PSS, big-endian, as long as the modulus; if Signed
	Answer    []byte // the acsp.Answer that was signed, as JSON; if Signed
}

// A Signer asks holders' keys for signatures (key/keyshare, joined in cmd).
type Signer interface {
	// Offer opens a signature request and returns its id. A key that cannot
	// sign now (locked, suspended, revoked) fails with a [tunnus.Error]
	// other than internal.
	Offer(ctx context.Context, o Offer) (id string, err error)

	// Outcome tells where a request stands. One that ran out of time may be
	// Open or Cancelled.
	Outcome(ctx context.Context, id string) (Outcome, error)

	// Cancel ends a request for good: after nil no signature of it is ever
	// released. A request that is cancelled, or ran out, stays so (nil). If
	// the signature is released already it fails with
	// [tunnus.CodeStateConflict].
	Cancel(ctx context.Context, id string) error
}

// A Notifier wakes those who wait for a topic. It is a hint only: waking may be
// late, lost or without ground, and the row is the truth. [Hub] is one for a
// single process.
type Notifier interface {
	// Listen returns a channel that has a value after the topic was woken,
	// from now on until stop is called. Several wakes may become one.
	Listen(topic string) (woken <-chan struct{}, stop func())

	// Wake wakes all who listen to the topic. It never blocks.
	Wake(topic string)
}
