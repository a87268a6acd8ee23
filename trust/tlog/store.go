package tlog

import (
	"context"
	"time"
)

// A Lease says that one node may write the log for a while.
type Lease struct {
	Holder string    // which node ([Config.Holder])
	Token  int64     // rises by one each time the lease changes hands
	Until  time.Time // by the clock of its holder
}

// A Line is a row of the audit log.
type Line struct {
	Index   uint64 // its place in the log
	Waiting bool   // it has no place yet; Index means nothing
	Record  []byte // nil once erased
	Salt    []byte // nil once erased
	Leaf    []byte // 32 bytes, never erased
}

// A Store is the database side of the log. Every implementation must pass
// storetest.Log.
type Store interface {
	// Lease takes the lease for holder until the time given, if nobody has it,
	// holder has it, or it ran out before now. Taken by the one who has it and
	// never lost it, the token stays; else it rises. It fails with
	// [tunnus.CodeStateConflict] if somebody else has it.
	Lease(ctx context.Context, holder string, now, until time.Time) (Lease, error)

	// Waiting returns the leaves of at most limit lines that have no index, in
	// the order in which the lines were written.
	Waiting(ctx context.Context, limit int) ([][]byte, error)

	// Indexed stores the places of lines by their leaves: the first gets the
	// index first, the others follow. All or nothing. It fails with
	// [tunnus.CodeStateConflict] if the lease has another token by now or first
	// is not the count of lines that have an index, and with
	// [tunnus.CodeNotFound] if a leaf is that of no line that waits.
	Indexed(ctx context.Context, l Lease, first uint64, leaves [][]byte) error

	// Adopt is Indexed for a database that is older than the log: a leaf that is
	// that of no line at all gets one that is erased already. It returns how many
	// these were.
	Adopt(ctx context.Context, l Lease, first uint64, leaves [][]byte) (lost int, err error)

	// Count tells how many lines have an index. They have 0 to Count-1.
	Count(ctx context.Context) (uint64, error)
}

// Lines is what proofs are made of.
type Lines interface {
	// At returns the line with an index; [tunnus.CodeNotFound] if there is none.
	At(ctx context.Context, index uint64) (Line, error)

	// Of returns the lines of a subject, oldest first; none is no error.
	Of(ctx context.Context, subject string) ([]Line, error)

	// Page returns at most limit lines with an index of at least from, by index.
	Page(ctx context.Context, from uint64, limit int) ([]Line, error)
}

// A Tree is the log itself, open for writing. While it is open, nobody else can
// open it for writing, on this machine or on another: the implementation locks
// it, and the lock ends with the process.
type Tree interface {
	// Size tells how many leaves are in it, durably.
	Size(ctx context.Context) (uint64, error)

	// Leaves returns leaves of it: at most n, from the index given.
	Leaves(ctx context.Context, from uint64, n int) ([][]byte, error)

	// Append adds leaves, in this order, one behind the other, and returns the
	// index of the first once all are durable. After an error none, some or all
	// of them are in it, still in this order.
	Append(ctx context.Context, leaves [][]byte) (first uint64, err error)

	// Close publishes a checkpoint of what was appended, and gives the lock back.
	Close() error
}

// A Reader reads a tree, also while another process writes it.
type Reader interface {
	// Checkpoint returns the newest signed checkpoint.
	Checkpoint(ctx context.Context) ([]byte, error)

	// Inclusion returns the hashes that prove a leaf in the tree of that size.
	Inclusion(ctx context.Context, index, size uint64) ([][]byte, error)

	// Consistency returns the hashes that prove that the tree of the size to
	// begins with that of the size from.
	Consistency(ctx context.Context, from, to uint64) ([][]byte, error)
}
