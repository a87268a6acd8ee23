package folder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"github.com/tunnus-id/tunnus/trust/tlog"
)

var _ tlog.Tree = (*Tree)(nil)

const (
	lockFile   = "writer.lock"
	batchSize  = 1024                   // as many as a feeder brings at a time
	batchAge   = 5 * time.Millisecond   // nothing else is to be waited for: there is one writer
	publish    = 200 * time.Millisecond // from one checkpoint to the next
	refresh    = 10 * time.Minute       // a checkpoint of a log that did not grow
	closeAfter = 30 * time.Second
)

// ErrOpen is returned if another process writes the folder.
var ErrOpen = errors.New("folder: another process has the log open for writing")

// A Tree is a folder that is open for writing.
type Tree struct {
	lock   *os.File
	log    *tessera.Appender
	read   tessera.LogReader
	finish func(context.Context) error
	stop   context.CancelFunc
}

// Open opens the log in dir for writing, or begins one if dir does not exist or
// is empty. It fails with [ErrOpen] if another process has it open. The
// checkpoints are signed by the signer, whose name is the origin of the log.
func Open(ctx context.Context, dir string, by note.Signer) (*Tree, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(ErrOpen, err, lock.Close())
	}
	t := &Tree{lock: lock}
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // until Close
	t.stop = stop
	if err := t.open(work, dir, by); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("folder: %w", err), lock.Close())
	}
	return t, nil
}

func (t *Tree) open(ctx context.Context, dir string, by note.Signer) error {
	if err := resume(dir); err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(by).
		WithBatching(batchSize, batchAge).
		WithPushback(2 * batchSize).
		WithCheckpointInterval(publish).
		WithCheckpointRepublishInterval(refresh).
		WithShutdownTimeout(closeAfter)
	t.log, t.finish, t.read, err = tessera.NewAppender(ctx, driver, options)
	return err
}

// Size implements [tlog.Tree].
func (t *Tree) Size(ctx context.Context) (uint64, error) {
	n, err := t.read.IntegratedSize(ctx)
	if err != nil {
		return 0, fmt.Errorf("folder: %w", err)
	}
	return n, nil
}

// Leaves implements [tlog.Tree].
func (t *Tree) Leaves(ctx context.Context, from uint64, n int) ([][]byte, error) {
	size, err := t.Size(ctx)
	if err != nil {
		return nil, err
	}
	return leaves(ctx, t.read.ReadEntryBundle, from, min(from+uint64(n), size), size)
}

// Append implements [tlog.Tree].
func (t *Tree) Append(ctx context.Context, leaves [][]byte) (uint64, error) {
	futures := make([]tessera.IndexFuture, len(leaves))
	for i, leaf := range leaves {
		futures[i] = t.log.Add(ctx, tessera.NewEntry(leaf))
	}
	var first uint64
	for i, future := range futures {
		at, err := future()
		switch {
		case err != nil:
			return 0, fmt.Errorf("folder: appending: %w", err)
		case i == 0:
			first = at.Index
		case at.Index != first+uint64(i):
			return 0, fmt.Errorf("folder: leaf %d of a batch went to %d, the first one to %d", i, at.Index, first)
		}
	}
	return first, nil
}

// Close implements [tlog.Tree].
func (t *Tree) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeAfter)
	defer cancel()
	err := t.finish(ctx)
	t.stop()
	if err = errors.Join(err, t.lock.Close()); err != nil {
		return fmt.Errorf("folder: closing: %w", err)
	}
	return nil
}
