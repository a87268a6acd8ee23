//go:build linux

package faults

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
	"github.com/tunnus-id/tunnus/need"
)

// F6: the disk of the server's folder is full in the middle of a registration.
// Nothing is told that was not written, and once there is room again it goes on, in
// the same process, to the same end.
func TestDiskFull(t *testing.T) {
	h := built(t).opened(t, SQLite)
	folder := h.Path("server")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		need.Missing(t, "a disk of its own cannot be mounted here: "+err.Error())
	}
	defer func() {
		h.Kill()
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	h.start(t)
	h.outlivesFullDisk(t, folder, func() {
		if err := h.Check(t.Context(), false); err != nil {
			t.Errorf("while the disk is full: %v", err)
		}
	}, func() {})
}

// F6 under PostgreSQL: the disk of the database's own data folder is full. What it
// cannot write it refuses, or it dies of it and is started again; the server lives on.
func TestDiskFullUnderPostgreSQL(t *testing.T) {
	needPostgreSQL(t)
	var unmount func()
	p, err := cluster.StartOn(t.Context(), func(folder string) error {
		unmount = func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) } // may be there no more
		return syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=192m,mode=0700")
	}, "max_wal_size=64MB", "min_wal_size=32MB", "shared_buffers=16MB")
	if errors.Is(err, syscall.EPERM) {
		need.Missing(t, "a disk of its own cannot be mounted here: "+err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Crash(); unmount(); p.Stop() })
	h := built(t).alone(p).running(t, PostgreSQL)
	deaths := 0
	h.outlivesFullDisk(t, p.Data(), func() {
		if err := h.Check(t.Context(), false); err != nil && !unseen(err) && h.db.PingContext(t.Context()) == nil {
			t.Errorf("while the disk is full: %v", err)
		}
	}, func() {
		if died, err := p.Revive(t.Context()); err != nil {
			t.Fatal(err)
		} else if died {
			deaths++
		}
	})
	log, err := p.Log()
	if err != nil || !strings.Contains(log, "No space left on device") {
		t.Errorf("the database missed no room, so this test proves nothing: %v, %s", err, log)
	}
	t.Logf("the database died of it %d times", deaths)
}

// unseen reports whether a check saw nothing wrong, but nothing whole either: to read,
// PostgreSQL may have to write a page for which there is no room, and then refuses the
// rest of that transaction too.
func unseen(err error) bool {
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, "(SQLSTATE 53100)") && !strings.Contains(line, "(SQLSTATE 25P02)") {
			return false
		}
	}
	return true
}

// outlivesFullDisk has somebody register while the disk of a folder is filled and freed
// again, twice.
func (h *House) outlivesFullDisk(t *testing.T, folder string, meanwhile, after func()) {
	t.Helper()
	done := h.register(t, "ben")
	for _, arrow := range []string{"enrol.fact/form", "enrol.fact/register"} {
		h.soon(t, arrow, 1, done)
		ballast := filepath.Join(folder, "ballast")
		if err := fill(ballast); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		meanwhile()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		after()
	}
	h.outlives(t, done)
}

// fill writes until there is no room.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing more is to be had from it
	for b := make([]byte, 64<<10); len(b) > 0; {
		switch _, err := f.Write(b); {
		case errors.Is(err, syscall.ENOSPC):
			b = b[:len(b)/2] // the rest, to the last page
		case err != nil:
			return err
		}
	}
	return nil
}
