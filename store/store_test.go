package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// open opens a fresh database for one test.
func open(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: code %q (%v); want %q", what, got, err, want)
	}
}

// A charge must survive a crash: both pools sync each commit to the disk.
func TestSettingsOfDurability(t *testing.T) {
	s := open(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "secure_delete": "1",
	} {
		for range 2 * readers { // each connection of a pool
			var w, r string
			if err := s.writer.QueryRow("PRAGMA " + pragma).Scan(&w); err != nil {
				t.Fatal(err)
			}
			if err := s.reader.QueryRow("PRAGMA " + pragma).Scan(&r); err != nil {
				t.Fatal(err)
			}
			if w != want || r != want {
				t.Errorf("%s = %q (writer), %q (reader); want %q", pragma, w, r, want)
			}
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := open(t)
	if _, err := s.reader.Exec("DELETE FROM app_reply"); err == nil {
		t.Error("a reading connection wrote")
	}
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	openAt(t, path)
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(f), got)
		}
	}
}

// A path may hold what means something in a URL.
func TestOpenStrangePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a?b#c%20 d.db")
	openAt(t, path)
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the database is not where it was asked for: %v", err)
	}
}

func TestOpenTwiceMigratesOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	a := openAt(t, path)
	if err := a.AppSessions().Create(t.Context(), AppSession{ID: "s"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Close(), a.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := openAt(t, path).AppSessions().Get(t.Context(), "s"); err != nil {
		t.Errorf("after opening again: %v", err)
	}
}

func TestOpenWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	if err := os.WriteFile(path, []byte("this is a letter, not a database; "+path), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil {
		t.Error("opened a letter")
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("opened a file in no folder")
	}
}

// What a failed transaction wrote is gone, whole.
func TestWriteKeepsNothingOfAFailure(t *testing.T) {
	s := open(t)
	sorry := errors.New("sorry")
	err := s.write(t.Context(), func(tx tx) error {
		if _, err := tx.LastAppReply(t.Context(), "s"); err != nil {
			return err
		}
		if err := addSession(t.Context(), tx, "s"); err != nil {
			return err
		}
		return sorry
	})
	if !errors.Is(err, sorry) {
		t.Errorf("write = %v", err)
	}
	_, err = s.AppSessions().Get(t.Context(), "s")
	wantCode(t, "after the failure", err, tunnus.CodeNotFound)
}

type serialization struct{ state string }

func (s serialization) Error() string    { return "state " + s.state }
func (s serialization) SQLState() string { return s.state }

func TestWriteRepeatsWhatTheEngineAsksFor(t *testing.T) {
	s := open(t)
	for _, tt := range []struct {
		state string
		runs  int
	}{{"40001", 3}, {"40P01", 3}, {"23505", 1}, {"22000", 1}} {
		runs := 0
		err := s.write(t.Context(), func(tx) error {
			if runs++; runs < 3 {
				return serialization{tt.state}
			}
			return nil
		})
		if runs != tt.runs || (err == nil) != (tt.runs == 3) {
			t.Errorf("state %s: %d runs, %v; want %d runs", tt.state, runs, err, tt.runs)
		}
	}
}

func TestWriteGivesUpInTheEnd(t *testing.T) {
	s := open(t)
	runs := 0
	err := s.write(t.Context(), func(tx) error { runs++; return serialization{"40001"} })
	if runs != repeats || err == nil {
		t.Errorf("%d runs, %v; want %d and the failure", runs, err, repeats)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = s.write(ctx, func(tx) error { return serialization{"40001"} })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the caller left: %v", err)
	}
}

// Two processes with one file take turns; neither fails and nothing is lost.
func TestTwoWritersTakeTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	a, b := openAt(t, path), openAt(t, path)
	if err := a.AppSessions().Create(t.Context(), AppSession{ID: "s"}); err != nil {
		t.Fatal(err)
	}
	const each = 20
	var wg sync.WaitGroup
	for i, s := range []*Store{a, b} {
		for n := range each {
			wg.Go(func() {
				if err := s.Replies().Put(t.Context(), "s", int64(1+i*each+n), Reply{Status: 200}); err != nil {
					t.Errorf("Put: %v", err)
				}
			})
		}
	}
	wg.Wait()
	for n := range int64(2 * each) {
		if _, ok, err := a.Replies().Get(t.Context(), "s", n+1); !ok || err != nil {
			t.Errorf("reply %d: %v, %v", n+1, ok, err)
		}
	}
}
