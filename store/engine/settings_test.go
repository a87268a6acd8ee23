package engine

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A charge must survive a crash: both pools sync each commit to the disk.
func TestSettingsOfDurability(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "secure_delete": "1",
	} {
		for range 2 * readers { // each connection of a pool
			var w, r string
			if err := d.writer.QueryRow("PRAGMA " + pragma).Scan(&w); err != nil {
				t.Fatal(err)
			}
			if err := d.reader.QueryRow("PRAGMA " + pragma).Scan(&r); err != nil {
				t.Fatal(err)
			}
			if w != want || r != want {
				t.Errorf("%s = %q (writer), %q (reader); want %q", pragma, w, r, want)
			}
		}
	}
}

// Who reads for long, such as a backup, makes the emptying of the log wait for another
// time, and nobody who writes wait for that.
func TestScrubKeepsNobodyWaiting(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
	if _, err := d.writer.Exec("CREATE TABLE scrubbed (a int)"); err != nil {
		t.Fatal(err)
	}
	tx, err := d.reader.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM scrubbed").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := d.writer.Exec("INSERT INTO scrubbed VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := d.Scrub(t.Context()); err != nil || time.Since(began) > 2*time.Second {
		t.Errorf("it took %s, %v", time.Since(began), err)
	}
	var patience string
	if err := d.writer.QueryRow("PRAGMA busy_timeout").Scan(&patience); err != nil || patience != "5000" {
		t.Errorf("who writes waits for %s ms from then on, %v", patience, err)
	}
}

func TestSettingsOfPostgreSQL(t *testing.T) {
	d := openAt(t, cluster.Database(t))
	for name, want := range map[string]string{
		"synchronous_commit": "on", "statement_timeout": "10s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "10s", "enable_seqscan": "off",
	} {
		var got string
		if err := d.writer.QueryRow("SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
}

// A server whose COMMIT means nothing is refused.
func TestServerThatDoesNotSync(t *testing.T) {
	where := cluster.Database(t)
	for _, setting := range []string{"synchronous_commit=off", "synchronous_commit=local"} {
		_, err := Open(t.Context(), where+"&"+setting, schema(t))
		if err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
			t.Errorf("opened with %s: %v", setting, err)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		if _, err := openAt(t, where).reader.Exec("DELETE FROM app_reply"); err == nil {
			t.Error("a reading connection wrote")
		}
	})
}

// Several nodes that start at once on an empty database bring it up to date once.
func TestNodesThatStartAtOnce(t *testing.T) {
	where := cluster.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			d, err := Open(t.Context(), where, schema(t))
			if err != nil {
				t.Error(err)
				return
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d := openAt(t, where)
	var versions, distinct int
	err := d.reader.QueryRow("SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&versions, &distinct)
	if err != nil || versions != distinct || versions < 15 {
		t.Errorf("%d migrations noted, %d of them different, %v", versions, distinct, err)
	}
}

// A password in a URL is not told when the URL is wrong, nor when nobody answers.
func TestPasswordIsNotTold(t *testing.T) {
	for _, where := range []string{
		"postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1", "postgres://u:hunter2@[::1/x", "postgres://u:hunter2@h:port/x",
		"postgres://u:hunter2@h/x?sslmode=sometimes",
	} {
		_, err := Open(t.Context(), where, schema(t))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open: %v", err)
		}
	}
}

// Everything that the engine may wait for has an end.
func TestNobodyWaitsForEver(t *testing.T) {
	d := openAt(t, cluster.Database(t)+"&lock_timeout=50ms")
	hold, err := d.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback() }()
	if _, err := hold.Exec("LOCK TABLE app_session"); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), insert("a")); err == nil || state(err) != "55P03" {
		t.Errorf("a write behind a lock: %v", err)
	}
}

// A node that starts beside others that write does not wait for them, nor they
// for it; only triggers that have changed are set.
func TestStartBesideWriters(t *testing.T) {
	where := cluster.Database(t)
	d := openAt(t, where)
	hold, err := d.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback() }()
	for _, table := range []string{"audit_line", "lock_entry", "account", "keyshare_key", "certificate"} {
		if _, err := hold.Exec("LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	other, err := Open(ctx, where, schema(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(hold.Rollback(), other.Close()); err != nil {
		t.Fatal(err)
	}
	s := schema(t)
	s.PostgreSQL += "CREATE OR REPLACE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 7';"
	third, err := Open(t.Context(), where, s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = third.Close() }()
	var seven int
	if err := third.reader.QueryRow("SELECT more()").Scan(&seven); err != nil || seven != 7 {
		t.Errorf("what has changed was not set: %d, %v", seven, err)
	}
}

// Whoever stands between a server and its database on another machine reads
// and changes nothing.
func TestLineToAnotherMachineIsPrivate(t *testing.T) {
	for where, open := range map[string]bool{
		"postgres://u@db.example/t":                              true,
		"postgres://u@db.example/t?sslmode=prefer":               true,
		"postgres://u@db.example/t?sslmode=require":              true,
		"postgres://u@db.example/t?sslmode=disable":              true,
		"postgres://u@localhost,db.example/t":                    true,
		"postgres://u@192.0.2.7/t?sslmode=allow":                 true,
		"postgres://u@db.example/t?sslmode=verify-full":          false,
		"postgres://u@a.example,b.example/t?sslmode=verify-full": false,
		"postgres://u@127.0.0.1/t":                               false,
		"postgres://u@[::1]/t?sslmode=disable":                   false,
		"postgres://u@localhost/t":                               false,
		"postgres://u@/t?host=%2Frun%2Fpostgresql":               false,
	} {
		p, err := poolPostgreSQL(where, nil)
		if errors.Is(err, errOpenLine) != open || !open && err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if p != nil {
			_ = p.Close()
		}
	}
}
