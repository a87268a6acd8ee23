package faults

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
	"github.com/tunnus-id/tunnus/e2e/program"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/sandbox"
)

// A Build is what all houses of a run share: the program with its traps, the face
// engine's files, and a world to copy. Close it after use.
type Build struct {
	Dir      string // temporary
	Program  string
	Models   string
	postgres *cluster.Postgres // once asked for
}

// Old is how far the clock may be behind while an account is made that has to be some
// days old later: more than the 72 hours of R3.
const Old = 96 * time.Hour

// oldest is how old the world is: older than the oldest sitting in it.
const oldest = 20 * 24 * time.Hour

// NewBuild builds the program of the module whose root is given. TUNNUS_FAULT_PROGRAM
// names one that was built with the tag already.
func NewBuild(ctx context.Context, root string) (*Build, error) {
	dir, err := os.MkdirTemp("", "tf") // short: a socket's path has 107 bytes
	if err != nil {
		return nil, err
	}
	b := &Build{Dir: dir, Program: filepath.Join(dir, "tunnus")}
	if b.Models, err = program.Models(root); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.compile(ctx, root); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	began := tunnus.ClockFunc(func() time.Time { return time.Now().Add(-oldest) })
	if _, err := sandbox.Open(filepath.Join(dir, "world"), began); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Build) compile(ctx context.Context, root string) error {
	if built := os.Getenv("TUNNUS_FAULT_PROGRAM"); built != "" {
		b.Program = built
		return nil
	}
	return program.Build(ctx, root, "faults", b.Program)
}

// Close stops the database server, if there is one, and removes everything.
func (b *Build) Close() error {
	if b.postgres != nil {
		b.postgres.Stop()
	}
	return os.RemoveAll(b.Dir)
}

// Postgres returns the database server of the run, which is started when it is
// first asked for. It fails with [exec.ErrNotFound] where there is none.
func (b *Build) Postgres(ctx context.Context) (*cluster.Postgres, error) {
	if b.postgres != nil {
		return b.postgres, nil
	}
	p, err := cluster.Start(ctx)
	b.postgres = p
	return p, err
}
