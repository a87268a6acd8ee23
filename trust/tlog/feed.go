package tlog

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
)

// The ways in which log and database can disagree, and that somebody else is at it. Nothing is fed then, and an
// operator has to look (doc/restore.md); decisions go on.
var (
	// ErrBehind: the tree has fewer lines than the database says. The folder is
	// an old copy, or another one.
	ErrBehind = errors.New("tlog: the log is shorter than the database knows it to be: put back its newest copy")
	// ErrAhead: the tree has lines that the database does not know. The database
	// is an old copy: run tunnus restore.
	ErrAhead = errors.New("tlog: the log has lines that the database does not have: the database is an older copy; run `tunnus restore`")
	// ErrForked: a line stands elsewhere in the tree than the database says, or
	// somebody else appended to it.
	ErrForked = errors.New("tlog: the log is not the one that belongs to this database")
	// ErrFed: another node feeds the log, or did when a backup was made of its time.
	ErrFed = errors.New("tlog: another node feeds the log, or did when the backup was made; wait half a minute, and run this again")
)

// Config is what a [Feeder] is made of.
type Config struct {
	Store Store
	Lines Lines
	Clock tunnus.Clock
	// Open opens the tree for writing. It is called once the lease is had.
	Open func(context.Context) (Tree, error)
	// Batch is how many lines are appended at a time. Optional; 1024.
	Batch int
	// Life is how long a lease lasts; it is renewed at half of it. Optional; 30 s.
	Life time.Duration
	// Holder names the node. Of one name there must be one process at a time: it
	// goes on at once with the lease of the one before it, however that ended.
	// Optional; a random name, which waits for a lease to run out.
	Holder string
}

// A Feeder feeds waiting lines into the log. Its methods may be called by
// several goroutines; one at a time works.
type Feeder struct {
	cfg Config

	mu    sync.Mutex
	tree  Tree
	lease Lease
	size  uint64 // of the tree, as this feeder left it

	adopting bool // compare takes lines that the database does not have
	adopted  int
}

// NewFeeder makes a feeder, which holds nothing yet.
func NewFeeder(c Config) *Feeder {
	if c.Batch <= 0 {
		c.Batch = 1024
	}
	if c.Life <= 0 {
		c.Life = 30 * time.Second
	}
	if c.Holder == "" {
		c.Holder = rand.Text()
	}
	return &Feeder{cfg: c}
}

// Feed appends all lines that wait now, and returns how many these were. While
// another node has the lease it does nothing. Call it every so often: it also
// renews the lease. After an error the next call begins by comparing tree and
// rows again.
func (f *Feeder) Feed(ctx context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for {
		mine, err := f.hold(ctx)
		if err != nil || !mine {
			return n, err
		}
		leaves, err := f.cfg.Store.Waiting(ctx, f.cfg.Batch)
		if err != nil {
			return n, fmt.Errorf("tlog: lines that wait: %w", err)
		}
		if len(leaves) == 0 {
			return n, nil
		}
		if err := f.append(ctx, leaves); err != nil {
			return n, errors.Join(err, f.drop())
		}
		n += len(leaves)
	}
}

// hold makes sure that the lease is ours for a good while, and the tree open and
// compared. It reports whether it is.
func (f *Feeder) hold(ctx context.Context) (bool, error) {
	now := f.cfg.Clock.Now()
	if f.tree != nil && now.Before(f.lease.Until.Add(-f.cfg.Life/2)) {
		return true, nil
	}
	lease, err := f.cfg.Store.Lease(ctx, f.cfg.Holder, now, now.Add(f.cfg.Life))
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return false, f.drop() // another node feeds
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("tlog: lease: %w", err), f.drop())
	}
	if f.tree != nil && lease.Token == f.lease.Token {
		f.lease = lease
		return true, nil
	}
	if err := f.drop(); err != nil {
		return false, err
	}
	if f.tree, err = f.cfg.Open(ctx); err != nil {
		f.tree = nil
		return false, fmt.Errorf("tlog: opening the log: %w", err)
	}
	f.lease = lease
	if err := f.compare(ctx); err != nil {
		return false, errors.Join(err, f.drop())
	}
	return true, nil
}

// compare stores the places of leaves that were appended by somebody who then
// died, and makes sure that tree and rows are of one log.
func (f *Feeder) compare(ctx context.Context) error {
	known, err := f.cfg.Store.Count(ctx)
	if err != nil {
		return fmt.Errorf("tlog: lines in the log: %w", err)
	}
	if f.size, err = f.tree.Size(ctx); err != nil {
		return fmt.Errorf("tlog: size of the log: %w", err)
	}
	if f.size < known {
		return fmt.Errorf("%w (%d lines, %d are known)", ErrBehind, f.size, known)
	}
	if err := f.sameTail(ctx, known); err != nil {
		return err
	}
	for known < f.size {
		leaves, err := f.tree.Leaves(ctx, known, f.cfg.Batch)
		if err == nil && len(leaves) == 0 {
			err = errors.New("nothing is there")
		}
		if err != nil {
			return fmt.Errorf("tlog: reading the log's tail at %d of %d: %w", known, f.size, err)
		}
		switch err := f.place(ctx, known, leaves); {
		case tunnus.CodeOf(err) == tunnus.CodeNotFound:
			return fmt.Errorf("%w (from line %d on): %w", ErrAhead, known, err)
		case err != nil:
			return fmt.Errorf("tlog: places of lines: %w", err)
		}
		known += uint64(len(leaves))
	}
	return nil
}

// place stores the places of leaves that are in the tree.
func (f *Feeder) place(ctx context.Context, first uint64, leaves [][]byte) error {
	if !f.adopting {
		return f.cfg.Store.Indexed(ctx, f.lease, first, leaves)
	}
	lost, err := f.cfg.Store.Adopt(ctx, f.lease, first, leaves)
	if err == nil {
		f.adopted += lost
	}
	return err
}

// Adopt brings a database that was restored from an older copy back beside its
// log: each line of the log that it has lost becomes an erased one, of which the
// leaf is left. It returns how many were lost; none if there was nothing to do.
// It fails if another node has the lease, and must be run by an operator only.
func (f *Feeder) Adopt(ctx context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.drop(); err != nil {
		return 0, err
	}
	f.adopting, f.adopted = true, 0
	defer func() { f.adopting = false }()
	mine, err := f.hold(ctx)
	if err == nil && !mine {
		err = ErrFed
	}
	return f.adopted, errors.Join(err, f.leave(ctx))
}

// sameTail compares the last line that both know.
func (f *Feeder) sameTail(ctx context.Context, known uint64) error {
	if known == 0 {
		return nil
	}
	line, err := f.cfg.Lines.At(ctx, known-1)
	if err != nil {
		return fmt.Errorf("tlog: the last line: %w", err)
	}
	leaves, err := f.tree.Leaves(ctx, known-1, 1)
	if err != nil {
		return fmt.Errorf("tlog: the last leaf: %w", err)
	}
	if len(leaves) != 1 || !bytes.Equal(leaves[0], line.Leaf) {
		return fmt.Errorf("%w (line %d)", ErrForked, known-1)
	}
	return nil
}

// append puts leaves into the tree, and only then their places into the rows.
func (f *Feeder) append(ctx context.Context, leaves [][]byte) error {
	if !f.cfg.Clock.Now().Before(f.lease.Until) {
		return errors.New("tlog: the lease ran out")
	}
	first, err := f.tree.Append(ctx, leaves)
	if err != nil {
		return fmt.Errorf("tlog: appending: %w", err)
	}
	if first != f.size {
		return fmt.Errorf("%w (line %d was the next, the tree gave %d)", ErrForked, f.size, first)
	}
	if err := f.cfg.Store.Indexed(ctx, f.lease, first, leaves); err != nil {
		return fmt.Errorf("tlog: places of lines: %w", err)
	}
	f.size += uint64(len(leaves))
	return nil
}

// drop closes the tree, if it is open.
func (f *Feeder) drop() error {
	if f.tree == nil {
		return nil
	}
	err := f.tree.Close()
	f.tree = nil
	if err != nil {
		return fmt.Errorf("tlog: closing the log: %w", err)
	}
	return nil
}

// leave closes the tree, and gives the lease up if it is ours.
func (f *Feeder) leave(ctx context.Context) error {
	mine := f.tree != nil
	if err := f.drop(); err != nil || !mine {
		return err
	}
	now := f.cfg.Clock.Now()
	_, err := f.cfg.Store.Lease(ctx, f.cfg.Holder, now, now)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return nil // it ran out, and another node has it
	}
	if err != nil {
		return fmt.Errorf("tlog: giving up the lease: %w", err)
	}
	return nil
}

// Close publishes what was appended, closes the tree and gives up the lease, so
// that another node need not wait until it runs out. The next Feed takes it again.
func (f *Feeder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.leave(context.Background())
}
