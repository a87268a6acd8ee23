package store

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/store/desk"
)

// locked is a database with a document that is locked for ever.
func locked(t *testing.T, where string) *Store {
	t.Helper()
	s := openAt(t, where)
	for i, e := range []lock.Entry{{Kind: lock.Failed, At: noon, MAC: []byte{1}}, {Kind: lock.Permanent, At: noon, MAC: []byte{2}}} {
		if err := s.Ledger().Append(t.Context(), "document", i, e, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// thefts are statements that would take a permanent lock away, or make it another's, if
// the database let them. Each runs on one connection, in the session that it opens.
func thefts(postgres bool) []string {
	all := []string{
		"DELETE FROM lock_entry",
		"DELETE FROM lock_entry WHERE kind = 'permanent' AND key IN (SELECT key FROM lock_entry)",
		"UPDATE lock_entry SET kind = 'noted'",
		"UPDATE lock_entry SET key = 'other'",
		"UPDATE lock_entry SET place = place + 10",
		"INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) SELECT key, place, 'noted', attempt, at, code, copyable, mac FROM lock_entry WHERE kind = 'permanent' ON CONFLICT (key, place) DO UPDATE SET kind = excluded.kind",
		"INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) SELECT key, 2, 'voided', '', at, '', false, mac FROM lock_entry WHERE place = 0",
	}
	if !postgres {
		return append(all, "INSERT OR REPLACE INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) SELECT key, place, 'noted', attempt, at, code, copyable, mac FROM lock_entry",
			"REPLACE INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) SELECT key, place, 'noted', attempt, at, code, copyable, mac FROM lock_entry WHERE kind = 'permanent'",
			"UPDATE OR REPLACE lock_entry SET place = 1 WHERE place = 0")
	}
	return append(all, "TRUNCATE lock_entry", "TRUNCATE lock_entry, lock_pace CASCADE",
		"SET session_replication_role = replica; DELETE FROM lock_entry", "SET session_replication_role = replica; TRUNCATE lock_entry",
		"SET session_replication_role = replica; UPDATE lock_entry SET kind = 'noted'",
		"MERGE INTO lock_entry AS e USING (SELECT 1) AS x ON true WHEN MATCHED THEN DELETE")
}

// No statement takes a permanent lock out of the database, by whatever way rows go.
// What no trigger can hinder (dropping the table, or the triggers) is found at the next
// start: the triggers are made again, and a ledger that lacks an entry of the second
// place does not open (package recovery).
func TestPermanentLockCannotBeTakenOutOfTheDatabase(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		at := where(t)
		s := locked(t, at)
		for _, statement := range thefts(strings.HasPrefix(at, "postgres")) {
			conn, err := s.writer().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.ExecContext(t.Context(), statement)
			if err == nil || !strings.Contains(err.Error(), "append-only") && !strings.Contains(err.Error(), "at its end") && !strings.Contains(err.Error(), "for ever") {
				t.Errorf("%s: %v", statement, err)
			}
			if strings.HasPrefix(at, "postgres") {
				_, _ = conn.ExecContext(t.Context(), "RESET session_replication_role")
			}
			_ = conn.Close()
		}
		if got, err := s.Ledger().Entries(t.Context(), "document"); err != nil || len(got) != 2 || got[1].Kind != lock.Permanent {
			t.Errorf("left: %+v, %v", got, err)
		}
	})
}

// Triggers that somebody has dropped or switched off are there again after the next start.
func TestTriggersOfLocksComeBack(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		at := where(t)
		s := locked(t, at)
		off := []string{"DROP TRIGGER lock_entry_no_delete", "DROP TRIGGER lock_entry_no_update"}
		if strings.HasPrefix(at, "postgres") {
			off = []string{"DROP TRIGGER lock_entry_no_change ON lock_entry", "ALTER TABLE lock_entry DISABLE TRIGGER lock_entry_no_truncate"}
		}
		for _, statement := range off {
			if _, err := s.writer().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, at)
		for _, statement := range append([]string{"DELETE FROM lock_entry", "UPDATE lock_entry SET kind = 'noted'"}, thefts(strings.HasPrefix(at, "postgres"))...) {
			if strings.Contains(statement, "session_replication_role") {
				continue
			}
			if _, err := s.writer().ExecContext(t.Context(), statement); err == nil {
				t.Errorf("after the start: %s", statement)
			}
		}
	})
}

// face is a picture whose bytes are told again in a file, also when they are written in
// Base64: its length divides by three.
const face = "a face of somebody"

var marked = base64.StdEncoding.EncodeToString([]byte(face))

// plain seals nothing, so that what is left in a file can be found there.
type plain struct{}

func (plain) Seal(b, _ []byte) ([]byte, error) { return b, nil }
func (plain) Open(b, _ []byte) ([]byte, error) { return b, nil }

// After a day nothing of the pictures of a case, and of the chip's portrait, is left in
// the database's files, not even where nothing looks any more.
func TestImagesLeaveTheDatabaseFile(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "tunnus.db")
	s := openAt(t, at)
	now := noon
	cases := review.New(desk.NewReviews(s.d), plain{}, review.DefaultRules, tunnus.ClockFunc(func() time.Time { return now }))
	big := strings.Repeat(face, 4000) // on pages of its own
	parked := review.Parcel{
		Session: "sitting", Kind: review.DoubtfulFace, Mark: "mark",
		Pictures: review.Pictures{Portrait: []byte(big), Frames: [][]byte{[]byte(big), []byte(big)}},
	}
	if _, err := cases.Park(t.Context(), parked); err != nil {
		t.Fatal(err)
	}
	if n := found(t, dir); n == 0 {
		t.Fatal("the test would not see the pictures")
	}
	now = now.Add(24 * time.Hour)
	if n, err := cases.Sweep(context.Background()); n != 1 || err != nil {
		t.Fatalf("swept %d, %v", n, err)
	}
	if err := s.d.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := found(t, dir); n != 0 {
		t.Errorf("%d times in the files a day later", n)
	}
}

// found counts what is left of pictures in all files of a folder.
func found(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n += strings.Count(string(b), marked)
	}
	return n
}
