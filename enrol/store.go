package enrol

import (
	"context"
	"crypto/rsa"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/key/splitkey"
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
	Undoing  State = "undoing" // ended after certificates were made: they are being revoked
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
	Letters []otp.Letter     // for the outbox
	Events  []tunnus.Event
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

	// Overdue returns the ids of at most limit sessions that are Open and
	// have Due at or before now, or that are Undoing; oldest Due first.
	Overdue(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error)
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

// A Purpose says what a key and its certificate are for.
type Purpose string

// The purposes. PIN1 opens the first, PIN2 the second.
const (
	ForLogin     Purpose = "login"
	ForSignature Purpose = "signature"
)

// An Offer asks the holder's signature key for one signature.
type Offer struct {
	KeyID   string
	Kind    string // [application.Kind]
	Record  []byte // [application.Body]
	Hash    splitkey.Hash
	Expires time.Time
}

// A Signed is an application that was signed.
type Signed struct {
	Payload   []byte // what was signed
	Signature []byte // RSASSA-PSS, big-endian, as long as the modulus
	Hash      splitkey.Hash
}

// Keys is the server's half of the keys (key/keyshare, joined in cmd).
type Keys interface {
	// Assign gives a key its modulus, once, and returns the composite public
	// key; a repeat returns the same. A key that is not wholly made, is of
	// another device or purpose, or belongs to another session, fails with a
	// [tunnus.Error] other than internal.
	Assign(ctx context.Context, session, device, keyID string, p Purpose) (*rsa.PublicKey, error)

	// Offer opens a signature request and returns its id.
	Offer(ctx context.Context, o Offer) (transaction string, err error)

	// Outcome tells whether a request was signed: ok is false as long as it
	// was not. Payload and signature have been checked by keyshare.
	Outcome(ctx context.Context, transaction string) (s Signed, ok bool, err error)

	// Cancel ends a request for good. If the signature is released already,
	// it fails with [tunnus.CodeStateConflict].
	Cancel(ctx context.Context, transaction string) error

	// Revoke ends a key for good; a key that has ended stays so (nil).
	Revoke(ctx context.Context, keyID string) error
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
	// answered with the same certificate.
	Issue(ctx context.Context, r Request) (account.Certificate, error)

	// Withdraw revokes every certificate of an account, also those whose
	// issuing was cut short, and may be repeated; none is no error.
	Withdraw(ctx context.Context, account string) error
}
