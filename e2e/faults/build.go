package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"

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

// NewBuild builds the program of the module whose root is given. TUNNUS_FAULT_PROGRAM
// names one that was built with the tag already.
func NewBuild(ctx context.Context, root string) (*Build, error) {
	dir, err := os.MkdirTemp("", "tf") // short: a socket's path has 107 bytes
	if err != nil {
		return nil, err
	}
	b := &Build{Dir: dir, Program: filepath.Join(dir, "tunnus")}
	if b.Models, err = models(root); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.compile(ctx, root); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	// The world is older than the oldest account in it.
	began := tunnus.ClockFunc(func() time.Time { return time.Now().Add(-old - time.Hour) })
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
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "faults", "-o", b.Program, "./cmd/tunnus")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
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

func models(root string) (string, error) {
	for _, dir := range []string{os.Getenv("TUNNUS_MODELS"), filepath.Join(root, "bin", "models")} {
		if _, err := os.Stat(filepath.Join(dir, "faceres.bin")); dir != "" && err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("no model files of the face engine (make models)")
}

// copyWorld copies the sandbox, with keys that only their owner may read.
func (b *Build) copyWorld(dir string) (*sandbox.World, error) {
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(b.Dir, "world"))); err != nil {
		return nil, err
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		return nil, err
	}
	return sandbox.Open(dir, tunnus.SystemClock{})
}
