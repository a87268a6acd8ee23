package enrol

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/face"
)

// A State is how far a session has come.
type State string

// The states of a session. All but Open are ends; what was sealed is gone then.
const (
	Open     State = "open"
	Done     State = "done"    // the account is active
	Refused  State = "refused" // ended by a failure: Session.Why
	Expired  State = "expired" // time ran out
	InReview State = "review"  // a person has to look; nothing is decided
	Undoing  State = "undoing" // ended after certificates may have been made: they are being revoked
)

// A Session is one sitting of an applicant, as it is stored. What names a
// person stands in Payload, sealed, and nowhere else.
type Session struct {
	ID       string // made of the device key and the server's nonce; names no person
	Device   string // thumbprint of the device key (hk): R2
	Way      Way
	Revision string // of the way's table, "passport/1"
	State    State
	Why      tunnus.Code // for Refused and Expired: what was told
	Claim    scheme.Claim
	Facts    Facts

	// Challenges counts the challenges that the chip was given, the last one
	// at ChallengeAt; zero if it is used up.
	Challenges  int
	ChallengeAt time.Time

	Document lock.Key // ledger of the document, once the chip has proved it
	Copyable bool     // the chip could not prove that it is the original
	Attempts int      // face attempts that were opened
	Attempt  string   // the open one, "" if there is none
	Captures int      // sets of frames that were taken in it

	Account     string // id of the account, once keys are being made
	LoginKey    string // and the ids of its keys
	SignKey     string
	Transaction string    // of keyshare: the application that waits to be signed
	Due         time.Time // when the session ends by itself; Sweep looks at it
	CreatedAt   time.Time
	ExpiresAt   time.Time

	Payload []byte // sealed; nil once the session has ended
	Rev     int64  // 0 until first saved; every Commit raises it by one
}

// A Change is one decision: all of it is written, or nothing.
type Change struct {
	Session Session
	Account *account.Account // written too, if not nil; compare-and-swap on its own Rev
	// Container, if not nil, is the account's signed application that now waits
	// for its time-stamp; it is written as [container.Store] Save would.
	Container *container.Container
	Letters   []otp.Letter // for the outbox
	Events    []tunnus.Event
}

// A Store keeps sessions.
type Store interface {
	// Session returns a session, or fails with [tunnus.CodeNotFound].
	Session(ctx context.Context, id string) (Session, error)

	// Commit writes a change in one transaction, as revision Rev+1 of session
	// and account. It fails with [tunnus.CodeStateConflict], having written
	// nothing, if a stored revision is not the one given (0: none is stored),
	// or where [account.Store] Save would. When it returns nil, the change
	// survives a crash.
	Commit(ctx context.Context, c Change) error

	// Overdue returns at most limit sessions that are Open and have Due at or
	// before now, or that are Undoing: those for which [Session.Holds] is true
	// or those for which it is not. They come in the order of [sweep.Place],
	// and only those behind the one given.
	Overdue(ctx context.Context, now time.Time, holds bool, after sweep.Place, limit int) ([]sweep.Place, error)
}

// Holds reports whether a session holds what a document's chip has told, or an
// account in the making: who has come so far has proved more than any stranger.
func (s Session) Holds() bool { return s.Document != "" || s.Account != "" }

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error)
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// A Person is what the population register says of somebody.
type Person = match.Person

// A Population is a register of people.
type Population interface {
	// ByCode returns a person, or fails with [ErrNoPerson] if there is none.
	// Any other error means that the register does not answer.
	ByCode(ctx context.Context, code tunnus.PersonCode) (Person, error)
}

// Faces compares a portrait with live frames. Frames that cannot be judged fail
// with face-position, face-many or face-quality; any other error is a fault of ours.
type Faces interface {
	Compare(ctx context.Context, portrait []byte, frames [][]byte) (face.Result, error)
}
