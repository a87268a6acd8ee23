package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// logged makes a store with n events of one subject, and returns them.
func logged(t *testing.T, where string, n int) (*Store, []tunnus.Event) {
	t.Helper()
	s := openAt(t, where)
	var events []tunnus.Event
	for i := range n {
		events = append(events, tunnus.Event{
			At: time.UnixMilli(int64(1_800_000_000_000 - i)).UTC(), Kind: fmt.Sprint("kind.", i), Subject: "case",
			Code: tunnus.CodePINWrong, Detail: map[string]string{"left": "2"},
		})
	}
	if err := s.Certificates().Record(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return s, events
}

// Lines come back as they were written and in that order, whatever their times.
func TestAuditEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s, want := logged(t, where(t), 100)
		got, err := s.Audit().Events(t.Context(), "case")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Events: %v\n%s", err, diff)
		}
		got, err = s.Audit().Events(t.Context(), "another case")
		if len(got) != 0 || err != nil {
			t.Errorf("Events of another case = %v, %v", got, err)
		}
	})
}

func TestAuditLinesAreNotChanged(t *testing.T) {
	for engine, more := range map[string]string{
		"sqlite":   "INSERT OR REPLACE INTO audit_line (id, at, subject, record, salt, leaf) SELECT id, at, 'other', record, salt, leaf FROM audit_line",
		"postgres": "TRUNCATE audit_line",
	} {
		t.Run(engine, func(t *testing.T) {
			where := filepath.Join(t.TempDir(), "tunnus.db")
			if engine == "postgres" {
				where = postgresql(t)
			}
			s, want := logged(t, where, 2)
			for _, statement := range []string{
				"DELETE FROM audit_line",
				"UPDATE audit_line SET leaf = record",
				"UPDATE audit_line SET at = 0",
				"UPDATE audit_line SET record = salt",
				"UPDATE audit_line SET record = NULL", // and the salt stays
				"INSERT INTO audit_line (id, at, subject, record, salt, leaf) SELECT id, at, subject, record, salt, leaf FROM audit_line WHERE true ON CONFLICT (id) DO UPDATE SET subject = 'other'",
				more,
			} {
				_, err := s.writer().Exec(statement)
				if err == nil || !strings.Contains(err.Error(), "append-only") && !strings.Contains(err.Error(), "only be erased") {
					t.Errorf("the database let through: %s (%v)", statement, err)
				}
			}
			got, err := s.Audit().Events(t.Context(), "case")
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Events: %v\n%s", err, diff)
			}
		})
	}
}

func TestAuditNoticesAChange(t *testing.T) {
	for _, change := range []string{
		"record = CAST(replace(CAST(record AS text), 'pin-wrong', 'pin-right') AS blob)",
		"salt = zeroblob(32)", "at = at + 1",
	} {
		s, _ := logged(t, filepath.Join(t.TempDir(), "tunnus.db"), 1)
		for _, trigger := range []string{"audit_line_keep_leaf", "audit_line_erase_only"} {
			if _, err := s.writer().Exec("DROP TRIGGER " + trigger); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.writer().Exec("UPDATE audit_line SET " + change); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Audit().Events(t.Context(), "case"); !errors.Is(err, audit.ErrLine) {
			t.Errorf("after SET %s: %v", change, err)
		}
	}
}

// Erasing takes record and salt, and leaves the leaf (ruling A1).
func TestAuditErase(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s, _ := logged(t, where(t), 2)
		other := []tunnus.Event{{At: time.UnixMilli(1).UTC(), Kind: "kind", Subject: "other"}}
		if err := s.Certificates().Record(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Audit().Erase(t.Context(), "case"); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Audit().Events(t.Context(), "case"); len(got) != 0 || err != nil {
			t.Errorf("Events = %v, %v", got, err)
		}
		if got, err := s.Audit().Events(t.Context(), "other"); len(got) != 1 || err != nil {
			t.Errorf("Events of the other = %v, %v", got, err)
		}
		var leaves int
		err := s.reader().QueryRow("SELECT count(*) FROM audit_line WHERE length(leaf) = 32 AND salt IS NULL").Scan(&leaves)
		if leaves != 2 || err != nil {
			t.Errorf("%d leaves, %v; want 2", leaves, err)
		}
	})
}
