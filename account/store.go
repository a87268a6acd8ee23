package account

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
)

// An Account is what a holder has on one device: a document number, two keys,
// their certificates, and a state.
type Account struct {
	ID       string // random, 32 hexadecimal digits; names no person
	Document string // "PNOXX-199002140015-ABCD-Q"; names the person
	Person   tunnus.PersonCode
	Level    tunnus.Level
	State    State

	Surname    string // as in the certificates
	GivenNames string

	Device   string // thumbprint of the device key (hk), hexadecimal
	LoginKey string // key ids of keyshare
	SignKey  string

	Certificates []Certificate
	Contact      []byte // confirmed address, sealed for [Account.ContactPlace]

	// Application is what the holder signed with PIN2, byte for byte, and
	// Signature the detached signature over it; nil until active.
	Application []byte
	Signature   []byte

	CreatedAt time.Time
	ExpiresAt time.Time // three years later

	Purpose    Purpose
	Proofed    Proof
	VouchedBy  string // ids of accounts, "" if there is none
	Replaces   string
	ReplacedBy string // once the one that replaces it is active and the holder is told
	Agreed     bool   // the device of the account that is replaced has confirmed it

	ActiveAt    time.Time // when it became active; times are zero before they come
	StoppedAt   time.Time // when it was blocked or frozen last
	FrozenUntil time.Time // zero again once that is over
	RetireAt    time.Time // when it is closed, because ReplacedBy has its place
	Reminded    int       // how many reminders of ExpiresAt were sent: 0 to 2

	Fraud  bool // ended for fraud: the accounts that it vouched for end too
	Behind bool // keys and certificates do not stand yet as the account does
	Told   bool // the holder was told on all channels that there is this account

	Language string // in which the holder is written to: one of package phrases, such as "et"
	Model    string // what the device claims to be; clean it before it is shown

	Rev int64 // 0 until first saved; every save raises it by one
}

// A Certificate of an account. JSON is its form in a row.
type Certificate struct {
	Purpose string `json:"purpose"` // "login" or "signature"
	Serial  string `json:"serial"`  // hexadecimal
	DER     []byte `json:"der"`
}

// A Store keeps accounts.
type Store interface {
	// Get returns an account by its ID, or fails with [tunnus.CodeNotFound].
	Get(ctx context.Context, id string) (Account, error)

	// ByDocument returns an account by its document number, whatever its
	// state, or fails with [tunnus.CodeNotFound].
	ByDocument(ctx context.Context, document string) (Account, error)

	// ByPerson returns all accounts of a person, newest first; none is no error.
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]Account, error)

	// ByDevice returns all accounts of a device key, newest first; none is no error.
	ByDevice(ctx context.Context, thumbprint string) ([]Account, error)

	// Save writes a if its stored revision is a.Rev (0: none is stored), as
	// revision a.Rev+1, and the events, in one transaction. It fails with
	// [tunnus.CodeStateConflict] if the revision differs, if another account
	// has this document number, or if the device has another account that is
	// issued, active or suspended.
	Save(ctx context.Context, a Account, events []tunnus.Event) error
}

// Years finds the accounts whose time is over.
type Years interface {
	// Over returns the ids of at most limit accounts for which [Account.Over]
	// is true, oldest ExpiresAt first.
	Over(ctx context.Context, now time.Time, limit int) ([]string, error)
}
