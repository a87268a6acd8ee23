//go:build linux

package faults

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/need"
)

// F6: the disk of the server's folder is full in the middle of a registration.
// Nothing is told that was not written, and once there is room again it goes on, in
// the same process, to the same end.
func TestDiskFull(t *testing.T) {
	h, err := built(t).Open(t.Context(), SQLite)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	folder := h.path("server")
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
	if err := h.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	done := h.register(t, "ben")
	for _, arrow := range []string{"enrol.fact/form", "enrol.fact/register"} {
		h.soon(t, arrow, 1, done)
		ballast := h.path("server", "ballast")
		if err := fill(ballast); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if err := h.Check(t.Context(), false); err != nil {
			t.Errorf("while the disk is full: %v", err)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v; %s", err, h.Tail())
		}
	case <-h.ended:
		t.Fatalf("the server ended: %s", h.Tail())
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
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
