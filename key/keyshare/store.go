package keyshare

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// ErrModulusUsed says that a modulus was made before, by whomever. Stores wrap it.
var ErrModulusUsed = errors.New("keyshare: this modulus was made before")

// A State is where a key stands. The values stand in rows.
type State string

// The states of a key.
const (
	Begun     State = "begun"     // n1 and the VOPRF key are there, the blob is not
	Sealed    State = "sealed"    // the phone has its blob; no n2 yet
	Ready     State = "ready"     // signs
	Suspended State = "suspended" // blocked by the holder or staff; may be lifted
	Held      State = "held"      // a copy was seen; never lifted, ended after 72 h
	Ended     State = "ended"     // for ever
)

// A Key is the server's row of one key. Secrets in it are sealed.
type Key struct {
	ID          string
	Rev         int64 // 0 before it is stored; raised by one with each write
	Purpose     splitkey.Purpose
	Device      string // thumbprint of hk; the only device that may use the key
	Account     string // "" until bound
	State       State
	Reason      string // why it is suspended, held or ended: a word of the system
	Generation  int    // 1; a PIN change will raise it
	CreatedAt   time.Time
	Modulus     []byte    // n1, 384 bytes
	Public      []byte    // pkS, 33 bytes
	SealedVOPRF []byte    // k and the key of the one-time values
	Begin       []byte    // SHA-256 of the body of Begin
	Hardenings  int       // evaluations served before Confirm
	Counter     uint64    // c of the current one-time value
	RotatedAt   time.Time // when Counter was raised last
	Product     []byte    // n, 768 bytes; empty until assigned
	Inverse     []byte    // n1⁻¹ mod n2, 384 bytes; public
	SealedHalf  []byte    // n2 with its primes

	LastSeq     int64     // of the newest evaluation; 0 if none
	LastNonce   []byte    // of the newest evaluation
	ClearedSeq  int64     // evaluations up to here are forgiven: a right share came later
	Unconfirmed int       // evaluations of this generation never followed by their share
	LifeCount   int       // the same over the key's life
	DueAt       time.Time // when [Service.Settle] has to look at the key; zero if never
	EndsAt      time.Time // when a key that is held ends; zero for others
}

// The states of an evaluation.
const (
	Reserved  = "reserved"  // charged; not yet answered
	Answered  = "answered"  // charged and answered
	Confirmed = "confirmed" // its right share came: no longer charged
	Misused   = "misused"   // a wrong share came: stays charged
)

// An EvaluationRow is one charged try of a PIN. Key and Nonce name it, Key and
// Seq too.
type EvaluationRow struct {
	Key         string
	Seq         int64 // 1, 2, … for each key
	Generation  int
	Transaction string
	Nonce       []byte
	Body        []byte // SHA-256 of the request's body
	State       string
	At          time.Time // when it was charged
	Answer      []byte    // JSON of [splitkey.Evaluation]; empty while Reserved
}

// The states of a transaction. An expired one stays Live in its row: time tells.
const (
	Live      = "live"
	Signed    = "signed"
	Cancelled = "cancelled"
)

// A Transaction is one payload that a key is asked to sign.
type Transaction struct {
	ID        string
	Rev       int64
	Key       string
	Kind      string // names the [Format]
	Record    []byte // canonical JSON of the fields to show and sign
	Hash      splitkey.Hash
	Salt      []byte // of the PSS encoding
	Freshness []byte // 16 bytes; the request for an evaluation must repeat it
	State     string
	CreatedAt time.Time
	ExpiresAt time.Time

	Completion []byte // SHA-256 of the body of the Complete that was served, or only confirmed its try
	Answer     []byte // the phone's part of the payload
	Approval   []byte // JSON of the whole signed request (device.Signed): who approved what (K13)
	Signature  []byte // s, 768 bytes
	SignedAt   time.Time
}

// A Pooled is a server half that waits for its phone's half.
type Pooled struct {
	Modulus    []byte // n2, 384 bytes; names the row
	SealedHalf []byte
	CreatedAt  time.Time
}

// Keys keeps the keys. Every write is one transaction with its events; when it
// returns nil, all of it survives a crash. A write of a key whose stored Rev is
// not the one given fails with [tunnus.CodeStateConflict], having written
// nothing, and raises Rev by one otherwise.
type Keys interface {
	// Create writes a new key (Rev 0, stored as 1) and remembers the SHA-256 of
	// its modulus for ever. It fails with [tunnus.CodeStateConflict] if the id is
	// taken, and with [ErrModulusUsed] if the modulus was ever remembered, here
	// or by [Pool].
	Create(ctx context.Context, k Key, events []tunnus.Event) error

	// Key reads a key; [tunnus.CodeNotFound] if there is none.
	Key(ctx context.Context, id string) (Key, error)

	// Save writes a key.
	Save(ctx context.Context, k Key, events []tunnus.Event) error

	// Assign writes a key and deletes the pooled half with the modulus given. If
	// that is gone, it fails with [tunnus.CodeStateConflict], having written nothing.
	Assign(ctx context.Context, k Key, modulus []byte, events []tunnus.Event) error

	// Due lists the ids of at most limit keys whose DueAt is set and not after now.
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Evaluations keeps the tries. Writes are as those of [Keys], conditional on the
// Rev of the key.
type Evaluations interface {
	// Reserve writes the key and a new row, in one transaction (commit 1). A row
	// of the same key with the same Seq or Nonce fails it with
	// [tunnus.CodeStateConflict].
	Reserve(ctx context.Context, k Key, e EvaluationRow, events []tunnus.Event) error

	// Update writes the key, and State and Answer of a row that exists, in one
	// transaction (commit 2).
	Update(ctx context.Context, k Key, e EvaluationRow, events []tunnus.Event) error

	// Since lists the rows of a key with Seq > seq, in the order of Seq.
	Since(ctx context.Context, key string, seq int64) ([]EvaluationRow, error)

	// ByNonce reads one row; [tunnus.CodeNotFound] if there is none.
	ByNonce(ctx context.Context, key string, nonce []byte) (EvaluationRow, error)
}

// Transactions keeps what is to be signed. Writes are as those of [Keys],
// conditional on the Rev of the transaction.
type Transactions interface {
	// Put writes a new transaction (Rev 0, stored as 1).
	Put(ctx context.Context, t Transaction, events []tunnus.Event) error

	// Transaction reads one; [tunnus.CodeNotFound] if there is none.
	Transaction(ctx context.Context, id string) (Transaction, error)

	// LiveOf lists the transactions of a key in state [Live] that expire after
	// now, oldest first, at most limit.
	LiveOf(ctx context.Context, key string, now time.Time, limit int) ([]Transaction, error)

	// SaveTransaction writes one.
	SaveTransaction(ctx context.Context, t Transaction, events []tunnus.Event) error

	// Finish writes key, evaluation (State only) and transaction in one
	// transaction, conditional on the Rev of both key and transaction: after a
	// lock, suspension, revocation or cancellation nothing is released (K9).
	Finish(ctx context.Context, k Key, e EvaluationRow, t Transaction, events []tunnus.Event) error
}

// Pool keeps server halves made in advance.
type Pool interface {
	// Used reports whether a modulus was ever remembered, here or by [Keys].
	Used(ctx context.Context, modulus []byte) (bool, error)

	// Add writes one and remembers its modulus; [ErrModulusUsed] as in [Keys].
	Add(ctx context.Context, p Pooled) error

	// Size counts them.
	Size(ctx context.Context) (int, error)

	// Oldest reads one without taking it; [tunnus.CodeNotFound] if the pool is empty.
	Oldest(ctx context.Context) (Pooled, error)
}

// A Store is what the service keeps its state in. Every implementation must
// pass storetest.Keyshare.
type Store struct {
	Keys         Keys
	Evaluations  Evaluations
	Transactions Transactions
	Pool         Pool
}
