package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

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

func (s *Store) writer() *sql.DB { w, _ := s.d.Raw(); return w }
func (s *Store) reader() *sql.DB { _, r := s.d.Raw(); return r }

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: code %q (%v); want %q", what, got, err, want)
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

// Two nodes with one database take turns; neither fails and nothing is lost.
func TestTwoWritersTakeTurns(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) string) {
		where := fresh(t)
		a, b := openAt(t, where), openAt(t, where)
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
	})
}
