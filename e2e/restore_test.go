package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/key/pin"
)

// A member has an account and the phone with it.
type member struct {
	*holder
	*app.App
	who client.Subject
}

// member registers one of the cast.
func (s *server) member(name string) member {
	s.t.Helper()
	h := s.newHolder(name)
	a := s.phone(h, name+".phone")
	account, err := a.Register(s.t.Context())
	if err != nil {
		s.t.Fatalf("%s: %s; asked %v; server: %s", name, app.Explain(err), h.asked, s.log)
	}
	return member{h, a, client.Subject{Number: account.Document}}
}

// logIn answers one log-in, and returns what the app and the service were told.
func (s *server) logIn(r member) (phone, service error) {
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	asked := make(chan error, 1)
	go func() { _, err := s.ask(ctx, r.who); asked <- err }()
	_, phone = r.Next(ctx)
	return phone, <-asked
}

// logsIn is a log-in that must succeed.
func (s *server) logsIn(r member) {
	s.t.Helper()
	if phone, service := s.logIn(r); phone != nil || service != nil {
		s.t.Fatalf("%s cannot log in: %v; %v; told %q; server: %s", r.person.Name, phone, service, r.told, s.log)
	}
}

// locks types three wrong PINs.
func (s *server) locks(r member) {
	s.t.Helper()
	good := r.typed["pin1"]
	r.typed["pin1"] = []string{"5820", "5821", "5822"}
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop() // the service gives up
	go func() { _, _ = s.ask(ctx, r.who) }()
	if _, err := r.Next(ctx); tunnus.CodeOf(err) != tunnus.CodePINLock1 {
		s.t.Fatalf("after three wrong PINs: %v", err)
	}
	r.typed["pin1"] = good
}

// copied lets a copy of a phone go on beside it: the account is held.
func (s *server) copied(r member) {
	s.t.Helper()
	state, err := os.ReadFile(filepath.Join(s.dir, r.person.Name+".phone"))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "copy.phone"), state, 0o600); err != nil {
		s.t.Fatal(err)
	}
	for range 2 { // one value behind may be a poll that crossed an answer
		s.logsIn(r)
	}
	_, err = s.phone(r.holder, "copy.phone").Next(s.t.Context())
	if tunnus.CodeOf(err) != tunnus.CodeAccCloned {
		s.t.Fatalf("a copy of a phone: %v", err)
	}
	until(s.t, "the account is held", func() bool { return s.number("SELECT count(*) FROM account WHERE state = 'suspended'") == 1 })
}

// database is the path of a server's database.
func (s *server) database() string { return filepath.Join(s.dir, "server", "tunnus.db") }

// backup copies the database as it is now, beside the server.
func (s *server) backup() []byte {
	s.t.Helper()
	path := filepath.Join(s.dir, "backup.db")
	sqlite(s.t, s.database(), "VACUUM INTO ?", path)
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// sqlite runs one statement on a database.
func sqlite(t testing.TB, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// putBack puts a backup in the place of the database.
func (s *server) putBack(backup []byte) {
	s.t.Helper()
	for _, more := range []string{"-wal", "-shm"} {
		if err := os.Remove(s.database() + more); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.database(), backup, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// contents counts the rows of each table and hashes what stands in them.
func (s *server) contents() map[string]string {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.database()+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	names, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table'")
	if err != nil {
		s.t.Fatal(err)
	}
	defer names.Close()
	out := map[string]string{}
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		out[name] = dump(s.t, db, name)
	}
	return out
}

// dump is all that stands in a table.
func dump(t testing.TB, db *sql.DB, table string) string {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintln(row...))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

// tunnus runs the binary, and returns all that it printed.
func (s *server) tunnus(ok bool, args ...string) string {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, binary, args...).CombinedOutput()
	if exit, failed := errors.AsType[*exec.ExitError](err); (err == nil) != ok || failed && exit.ExitCode() != 1 {
		s.t.Errorf("tunnus %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The drill of doc/restore.md, with the real binary: a backup is made; then a PIN
// is locked, another one changed, a phone copied, and somebody registers. The
// backup is put back. The server refuses it, `tunnus restore` joins it with the
// second place, and nothing of this is forgotten; whose phone went on meanwhile
// is not taken for a copy.
func TestRestoreDrill(t *testing.T) {
	s := start(t, func(config map[string]any) { config["second"] = "second.db" })
	config := filepath.Join(s.dir, "config.json")
	ben, cleo, dov := s.member("ben"), s.member("cleo"), s.member("dov")
	backup := s.backup()

	mark := time.Now()
	lap := func(what string) { t.Log(what, time.Since(mark)); mark = time.Now() }
	s.locks(ben)
	lap("locks")
	cleo.typed["new-pin1"], cleo.typed["new-pin1-again"] = []string{"6285"}, []string{"6285"}
	if err := cleo.ChangePIN(t.Context(), pin.PIN1); err != nil {
		t.Fatal(app.Explain(err))
	}
	lap("change")
	s.copied(dov)
	lap("copied")
	gus := s.member("gus")
	lap("gus")
	s.logsIn(gus)
	lap("gus in")
	s.kill()
	s.putBack(backup)

	out := s.tunnus(false, "serve", "--config", config)
	t.Log(out)
	out = s.tunnus(true, "restore", "--config", config)
	t.Log(out)
	before := s.contents()
	out = s.tunnus(true, "restore", "--config", config)
	t.Log(out)
	after := s.contents()
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			t.Errorf("%s was changed by the second run:\n%.2000s\n%.2000s", table, before[table], after[table])
		}
	}
	s.run()
	phone, service := s.logIn(ben)
	t.Log(phone, service)
	cleo.typed["pin1"] = []string{"4719", "6285"}
	phone, service = s.logIn(cleo)
	t.Log(phone, service, cleo.told)
	phone, service = s.logIn(dov)
	t.Log(phone, service, dov.told)
	phone, service = s.logIn(gus)
	t.Log(phone, service, gus.told)
	for _, r := range []member{ben, cleo, dov, gus} {
		l, err := r.Accounts(t.Context())
		t.Log(l, err)
	}
	_ = os.WriteFile("/tmp/drill.log", []byte(s.log.String()), 0o600)
}
