package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// logged makes a store with n events of one subject, and returns them.
func logged(t *testing.T, n int) (*Store, []tunnus.Event) {
	t.Helper()
	s := open(t)
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
	s, want := logged(t, 100)
	got, err := s.Audit().Events(t.Context(), "case")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Events: %v\n%s", err, diff)
	}
	got, err = s.Audit().Events(t.Context(), "another case")
	if len(got) != 0 || err != nil {
		t.Errorf("Events of another case = %v, %v", got, err)
	}
}

// An event that cannot be written down stops the decision that it tells of.
func TestNoChangeWithoutItsEvent(t *testing.T) {
	s := withSession(t, "s")
	err := s.write(t.Context(), func(t2 tx) error {
		if err := addSession(t.Context(), t2, "other"); err != nil {
			return err
		}
		return t2.events(t.Context(), []tunnus.Event{{Subject: "no kind, no time"}})
	})
	if err == nil {
		t.Error("an event without kind and time was taken")
	}
	_, err = s.AppSessions().Get(t.Context(), "other")
	wantCode(t, "the change", err, tunnus.CodeNotFound)
}

func TestAuditLinesAreNotChanged(t *testing.T) {
	s, want := logged(t, 2)
	for _, statement := range []string{
		"DELETE FROM audit_line",
		"UPDATE audit_line SET leaf = record",
		"UPDATE audit_line SET at = 0",
		"UPDATE audit_line SET record = salt",
		"UPDATE audit_line SET record = NULL", // and the salt stays
		"INSERT OR REPLACE INTO audit_line SELECT id, at, 'other', record, salt, leaf FROM audit_line",
	} {
		if _, err := s.writer.Exec(statement); err == nil {
			t.Errorf("the database let through: %s", statement)
		}
	}
	got, err := s.Audit().Events(t.Context(), "case")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Events: %v\n%s", err, diff)
	}
}

func TestAuditNoticesAChange(t *testing.T) {
	for _, change := range []string{
		"record = CAST(replace(CAST(record AS text), 'pin-wrong', 'pin-right') AS blob)",
		"salt = zeroblob(32)", "at = at + 1",
	} {
		s, _ := logged(t, 1)
		for _, trigger := range []string{"audit_line_keep_leaf", "audit_line_erase_only"} {
			if _, err := s.writer.Exec("DROP TRIGGER " + trigger); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.writer.Exec("UPDATE audit_line SET " + change); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Audit().Events(t.Context(), "case"); !errors.Is(err, audit.ErrLine) {
			t.Errorf("after SET %s: %v", change, err)
		}
	}
}

// Erasing takes record and salt, and leaves the leaf (ruling A1).
func TestAuditErase(t *testing.T) {
	s, _ := logged(t, 2)
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
	err := s.reader.QueryRow("SELECT count(*) FROM audit_line WHERE length(leaf) = 32 AND salt IS NULL").Scan(&leaves)
	if leaves != 2 || err != nil {
		t.Errorf("%d leaves, %v; want 2", leaves, err)
	}
}
