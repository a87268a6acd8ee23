package backup

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

func open(t *testing.T, where string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// write leaves an audit line, and a line of each kind of bytes.
func write(t *testing.T, s *store.Store, subject string) {
	t.Helper()
	e := tunnus.Event{At: tunnus.SystemClock{}.Now(), Kind: "test.backup", Subject: subject, Detail: map[string]string{"text": "a\tb\\n\"ü\x01"}}
	if err := s.Database().Write(t.Context(), func(tx *engine.Tx) error { return tx.Events(t.Context(), []tunnus.Event{e}) }); err != nil {
		t.Fatal(err)
	}
}

// lines are all audit lines, byte by byte.
func lines(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.Query("SELECT id, subject, record, salt, leaf FROM audit_line ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id, subject string
		var record, salt, leaf []byte
		if err := rows.Scan(&id, &subject, &record, &salt, &leaf); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s %x %x", id, subject, record, salt, leaf))
	}
	return out
}

func reader(s *store.Store) *sql.DB { _, r := s.Database().Raw(); return r }

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 {
		t.Errorf("restored %d lines: %v; want %v", len(got), got, want)
	}
}

func TestSQLiteInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "a.db"))
	for range 20 {
		write(t, s, rand.Text())
	}
	want := lines(t, reader(s))
	to := filepath.Join(dir, "copy.db")
	if err := SQLite(t.Context(), filepath.Join(dir, "a.db"), to); err != nil {
		t.Fatal(err)
	}
	write(t, s, "later")
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	equal(t, lines(t, reader(open(t, to))), want)
	if err := SQLite(t.Context(), filepath.Join(dir, "a.db"), to); err == nil {
		t.Error("an older copy was written over")
	}
	if err := SQLite(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "b.db")); err == nil {
		t.Error("nothing was copied, and nobody said so")
	}
}

// kept is one table in memory.
type kept struct{ bytes.Buffer }

func (*kept) Close() error { return nil }

func take(t *testing.T, where string) (Tables, map[string]*kept) {
	t.Helper()
	files := map[string]*kept{}
	got, err := PostgreSQL(t.Context(), where, func(name string) (io.WriteCloser, error) {
		files[name] = &kept{}
		return files[name], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, files
}

func put(t *testing.T, where string, tables Tables, files map[string]*kept) error {
	t.Helper()
	schema, err := store.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return Load(t.Context(), where, schema.Migrations, tables, func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files[name].Bytes())), nil
	})
}

// A copy of PostgreSQL is as of one moment, and put back it is the same database:
// rows, triggers, and the schema that a newer program would bring forward.
func TestPostgreSQLThereAndBack(t *testing.T) {
	where := cluster.Database(t)
	s := open(t, where)
	for range 20 {
		write(t, s, rand.Text())
	}
	want := lines(t, reader(s))
	tables, files := take(t, where)
	write(t, s, "later")
	empty := cluster.Database(t)
	if err := put(t, empty, tables, files); err != nil {
		t.Fatal(err)
	}
	back := open(t, empty)
	equal(t, lines(t, reader(back)), want)
	write(t, back, "goes on")
	w, _ := back.Database().Raw()
	if _, err := w.Exec("DELETE FROM audit_line"); err == nil {
		t.Error("the triggers are gone")
	}
	if err := put(t, empty, tables, files); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("put over another database: %v", err)
	}
}

// A copy that lost rows is refused, and nothing of it stays.
func TestShortTableIsRefused(t *testing.T) {
	where := cluster.Database(t)
	s := open(t, where)
	write(t, s, "a")
	write(t, s, "b")
	tables, files := take(t, where)
	b := files["audit_line"].Bytes()
	files["audit_line"].Truncate(bytes.IndexByte(b, '\n') + 1)
	empty := cluster.Database(t)
	if err := put(t, empty, tables, files); err == nil {
		t.Fatal("it was put back")
	}
	if got := lines(t, reader(open(t, empty))); len(got) != 0 {
		t.Errorf("%d rows stay", len(got))
	}
}
