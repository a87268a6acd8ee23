package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// schema is the store's own.
func schema(t testing.TB) Schema {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "dialect", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return Schema{Migrations: os.DirFS("../migrations"), SQLite: read("sqlite.sql"), PostgreSQL: read("postgres.sql")}
}

func openAt(t testing.TB, where string, options ...Option) *Database {
	t.Helper()
	d, err := Open(t.Context(), where, schema(t), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// everywhere runs a test on a fresh database of both engines.
func everywhere(t *testing.T, test func(t *testing.T, where string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "tunnus.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, cluster.Database(t)) })
}

// add writes an app session: any row will do.
func add(ctx context.Context, t *Tx, id string) error {
	return Added("row", t.AddAppSession(ctx, db.AddAppSessionParams{ID: id, DeviceKey: []byte{}, Nonce: []byte{}, Claims: []byte{}}))
}

// has reports whether the row is there.
func has(t testing.TB, d *Database, id string) bool {
	t.Helper()
	_, err := d.Read().AppSession(t.Context(), id)
	if err := Found("row", err); err != nil && tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Fatal(err)
	}
	return err == nil
}

// What a failed transaction wrote is gone, whole.
func TestWriteKeepsNothingOfAFailure(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		d := openAt(t, where)
		sorry := errors.New("sorry")
		err := d.Write(t.Context(), func(tx *Tx) error {
			if err := add(t.Context(), tx, "s"); err != nil {
				return err
			}
			return sorry
		})
		if !errors.Is(err, sorry) {
			t.Errorf("Write = %v", err)
		}
		if has(t, d, "s") {
			t.Error("the failure was kept")
		}
	})
}

// An event that cannot be written down stops the decision that it tells of.
func TestNoChangeWithoutItsEvent(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		d := openAt(t, where)
		err := d.Write(t.Context(), func(tx *Tx) error {
			if err := add(t.Context(), tx, "s"); err != nil {
				return err
			}
			return tx.Events(t.Context(), []tunnus.Event{{Subject: "no kind, no time"}})
		})
		if err == nil || has(t, d, "s") {
			t.Errorf("Write = %v; the change is there: %v", err, has(t, d, "s"))
		}
	})
}

type serialization struct{ state string }

func (s serialization) Error() string    { return "state " + s.state }
func (s serialization) SQLState() string { return s.state }

func TestWriteRepeatsWhatTheEngineAsksFor(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		d := openAt(t, where)
		for _, tt := range []struct {
			state string
			runs  int
		}{{"40001", 3}, {"40P01", 3}, {"55P03", 3}, {"40002", 1}, {"40003", 1}, {"22000", 1}} {
			runs := 0
			err := d.Write(t.Context(), func(*Tx) error {
				if runs++; runs < 3 {
					return fmt.Errorf("wrapped: %w", serialization{tt.state})
				}
				return nil
			})
			if runs != tt.runs || (err == nil) != (tt.runs == 3) {
				t.Errorf("state %s: %d runs, %v; want %d runs", tt.state, runs, err, tt.runs)
			}
		}
	})
}

func TestWriteGivesUpInTheEnd(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
	runs := 0
	err := d.Write(t.Context(), func(*Tx) error { runs++; return serialization{"40001"} })
	if runs != repeats || err == nil {
		t.Errorf("%d runs, %v; want %d and the failure", runs, err, repeats)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = d.Write(ctx, func(*Tx) error { return serialization{"40001"} })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the caller left: %v", err)
	}
}
