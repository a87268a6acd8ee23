package life

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Case is something that a person of the service should look at.
type Case struct {
	ID       string // of what happened: opened twice, it is one case
	Kind     CaseKind
	Account  string
	Subject  string // the other account, the session of a log-in, a contact
	OpenedAt time.Time
	ClosedAt time.Time // zero while it is open
}

// A CaseKind says what a case is about.
type CaseKind string

// The kinds of cases.
const (
	CaseFrozen   CaseKind = "frozen"   // one tap froze an account
	CaseDisputed CaseKind = "disputed" // an account and the one it replaces froze each other
	CaseNotMe    CaseKind = "not-me"   // a request that its holder had not asked for
	CaseContact  CaseKind = "contact"  // one tap stopped a contact
)

// A Change is one decision: all of it is written, or nothing.
type Change struct {
	Accounts []account.Account // each compare-and-swap on its own Rev
	Contacts []contact.Row     // so too
	Entries  []history.Row     // those that are there already stay
	Cases    []Case            // so too
	Closes   []string          // ids of cases; those that are not open stay as they are
	Sessions []string          // log-ins that are in the history with this
	Once     string            // if an entry of the history has this ID, nothing of the change is written
	Tap      *tell.Tap         // used; fails with [tunnus.CodeStateConflict] if it was used before
	Told     tell.Told         // notices that are there already stay
	Events   []tunnus.Event
}

// A Queue is what a background job looks for.
type Queue string

// The queues.
const (
	Behind   Queue = "behind"   // keys and certificates do not stand as the account
	Untold   Queue = "untold"   // became active, and nobody was told
	Thawing  Queue = "thawing"  // frozen, until now
	Retiring Queue = "retiring" // to be closed by now, for another took its place
	Remind   Queue = "remind"   // ends before the time given, and no reminder was sent
	Last     Queue = "last"     // so too, and the last reminder was not sent
	Vouched  Queue = "vouched"  // vouched for by the account after, and not known to be fraud
)

// Queues lists all queues.
func Queues() []Queue { return []Queue{Behind, Untold, Thawing, Retiring, Remind, Last, Vouched} }

// A Store keeps what this package decides.
type Store interface {
	// Commit writes a change in one transaction. It fails with
	// [tunnus.CodeStateConflict], having written nothing, if a stored revision is
	// not the one given. When it returns nil, the change survives a crash.
	Commit(ctx context.Context, c Change) error

	// List returns the ids of at most limit accounts of a queue, as they stand at
	// a time. Queues without times ([Behind], [Untold]) come in the order of ids,
	// from behind the one given; of [Vouched], after is the account that vouched.
	List(ctx context.Context, q Queue, at time.Time, after string, limit int) ([]string, error)

	// Notices returns the notices of an account that were not acknowledged,
	// oldest first, at most limit.
	Notices(ctx context.Context, accountID string, limit int) ([]tell.Notice, error)

	// Ack acknowledges notices of an account, those that there are.
	Ack(ctx context.Context, accountID string, ids []string, at time.Time) error

	// Tap returns a link by its hash, or fails with [tunnus.CodeNotFound].
	Tap(ctx context.Context, hash string) (tell.Tap, error)
}

// Accounts reads accounts; an [account.Store] does.
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByDocument(ctx context.Context, document string) (account.Account, error)
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// Keys stops, resumes and ends the server's halves (key/keyshare). A failure with
// [tunnus.CodeStateConflict] says that a key has gone its own way: it was held
// because of a copy, or has ended.
type Keys interface {
	Suspend(ctx context.Context, keyID, reason string) error
	Resume(ctx context.Context, keyID string) error
	Revoke(ctx context.Context, keyID, reason string) error
}

// Authority suspends, resumes and revokes certificates (trust/issue).
type Authority interface {
	SuspendAccount(ctx context.Context, accountID string) error
	ResumeAccount(ctx context.Context, accountID string) error
	RevokeAccount(ctx context.Context, accountID string, why pki.Reason) error
}

// Codes sends and judges one-time codes; [otp.Codes] does.
type Codes interface {
	Send(ctx context.Context, o otp.Order) (otp.Sent, error)
	Confirm(ctx context.Context, session, request, typed string) (contact string, err error)
	ContactKey(contact string) string
}
