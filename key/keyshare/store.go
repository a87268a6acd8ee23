package keyshare

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/closing"
	"github.com/tunnus-id/tunnus/key/keyshare/moduli"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
)

// ErrModulusUsed says that a modulus was made before, by whomever. Stores wrap it.
var ErrModulusUsed = errors.New("keyshare: this modulus was made before")

// The rows stand in package row; the rest is what the parts of this package say.
type (
	State         = row.State
	Key           = row.Key
	EvaluationRow = row.Evaluation
	Transaction   = row.Transaction
	Pooled        = row.Half
	View          = row.View
	Notice        = closing.Notice
	Pool          = moduli.Pool
	Copy          = restore.Copy
	Epoch         = restore.Epoch
)

// The states of a key ([row.State]), of a try and of a transaction, and the
// reasons why a key is held or has ended.
const (
	Begun     = row.Begun
	Sealed    = row.Sealed
	Ready     = row.Ready
	Suspended = row.Suspended
	Held      = row.Held
	Ended     = row.Ended
	Reserved  = row.Reserved
	Answered  = row.Answered
	Confirmed = row.Confirmed
	Misused   = row.Misused

	Live      = row.Live
	Signed    = row.Signed
	Cancelled = row.Cancelled

	ReasonPIN    = row.ReasonPIN
	ReasonCopy   = row.ReasonCopy
	ReasonFactor = row.ReasonFactor
	ReasonLost   = row.ReasonLost
)

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
	// that is gone, or sealed otherwise than k.SealedHalf by now, it fails with
	// [tunnus.CodeStateConflict], having written nothing.
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
	// Put writes a new transaction (Rev 0, stored as 1). It fails with
	// [tunnus.CodeStateConflict] if the id is taken. It stays for ever: an id that
	// was taken once is never free again (see [Service.Offer]).
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

// A Store is what the service keeps its state in. Every implementation must
// pass storetest.Keyshare.
type Store struct {
	Keys         Keys
	Evaluations  Evaluations
	Transactions Transactions
	Pool         Pool
	Moduli       moduli.Listed
	Restores     restore.Store
}
