package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/tries"
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

// path is a path in the folder of a server.
func (s *server) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

// loginKey is the id of a key, as the database has it.
func (s *server) loginKey(r member) (id string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.database()+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT login_key FROM account WHERE document = ?", r.who.Number).Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	return id
}

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
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)") // a server may be running
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

// contents is all that stands in the database, but who feeds the log until when.
func (s *server) contents() (out []string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.database()+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	names, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'log_lease' ORDER BY name")
	if err != nil {
		s.t.Fatal(err)
	}
	defer names.Close()
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, dump(s.t, db, name)...)
	}
	return out
}

// dump is all that stands in a table, a row each.
func dump(t testing.TB, db *sql.DB, table string) (out []string) {
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
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s: %.200q", table, row))
	}
	slices.Sort(out)
	return out
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
	ben, cleo, dov, eve := s.member("ben"), s.member("cleo"), s.member("dov"), s.member("eve")
	backup := s.backup()
	s.locks(ben)
	cleo.typed["new-pin1"], cleo.typed["new-pin1-again"] = []string{"6285"}, []string{"6285"}
	if err := cleo.ChangePIN(t.Context(), pin.PIN1); err != nil {
		t.Fatal(app.Explain(err))
	}
	s.copied(dov)
	s.logsIn(eve)
	gus := s.member("gus")
	kept := filepath.Join(s.dir, "checkpoint")
	s.verifyLog(true, s.path("server", "log"), "--keep", kept)
	s.kill()
	s.putBack(backup)
	// Of the log-in key of eve the second place has lost everything, too.
	sqlite(t, s.path("second.db"), "DELETE FROM copy WHERE kind IN ('key', 'try') AND instr(id, ?) = 1", s.loginKey(eve))

	out := s.tunnus(false, "serve", "--config", config)
	if !strings.Contains(out, "restored from a backup") || !strings.Contains(out, "run `tunnus restore --config") {
		t.Errorf("serve says: %s", out)
	}
	out = s.tunnus(true, "restore", "--config", config)
	for _, want := range []string{
		"document and device locks, written again", "keys, brought to", "2  certificates, suspended", "2  certificates that were issued after",
		"1  accounts, brought to", "1  accounts that were made after", "is not taken for a copy", "no record any more", "The server may start.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("restore does not say %q: %s", want, out)
		}
	}
	before := s.contents()
	if out := s.tunnus(true, "restore", "--config", config); !strings.HasPrefix(out, "Nothing was missing") {
		t.Errorf("the second run says: %s", out)
	}
	after := s.contents()
	for i, row := range after {
		if i >= len(before) || row != before[i] {
			t.Errorf("the second run changed the database: %s", row)
			break
		}
	}
	if n := s.number("SELECT count(*) FROM keyshare_epoch"); n != 1 || len(after) != len(before) || len(after) < 100 {
		t.Errorf("%d epochs; %d rows before the second run, %d after it", n, len(before), len(after))
	}
	s.run()
	s.nothingIsForgotten(ben, cleo, dov, eve)
	s.registersAnew(gus)
	s.joinedLog(kept)
}

// nothingIsForgotten looks at those who were there when the backup was made.
func (s *server) nothingIsForgotten(locked, changed, held, ahead member) {
	s.t.Helper()
	if says, err := locked.PINs(s.t.Context()); err != nil || len(says) != 2 || !strings.Contains(tries.Say(says[0].Kind, says[0].Tries, time.Now()), "PIN1 is locked for 2 h") {
		s.t.Errorf("the locked PIN: %+v, %v", says, err)
	}
	if _, err := s.ask(s.t.Context(), locked.who); err == nil {
		s.t.Error("a log-in with the locked PIN was begun")
	}
	changed.typed["pin1"] = []string{"4719", "6285"}
	s.logsIn(changed)
	if !slices.ContainsFunc(changed.told, func(line string) bool { return strings.Contains(line, "[pin-wrong]") }) {
		s.t.Error("the old PIN came back")
	}
	if _, err := held.Next(s.t.Context()); tunnus.CodeOf(err) != tunnus.CodeAccCloned {
		s.t.Errorf("the phone that was copied: %v", err)
	}
	if list, err := held.Accounts(s.t.Context()); err != nil || len(list) != 1 || list[0].State != "suspended" {
		s.t.Errorf("the account that was held: %v, %v", list, err)
	}
	s.logsIn(ahead)
	if n := s.number(`SELECT count(*) FROM audit_line WHERE instr(CAST(record AS text), '"key.jump"') > 0`); n != 1 {
		s.t.Errorf("%d phones were followed; want the one that was ahead", n)
	}
	for _, r := range []member{locked, changed, ahead} {
		if list, err := r.Accounts(s.t.Context()); err != nil || len(list) != 1 || list[0].State != "active" {
			s.t.Errorf("%s: %v, %v", r.person.Name, list, err)
		}
	}
}

// registersAnew has somebody register again whose account came after the backup.
func (s *server) registersAnew(r member) {
	s.t.Helper()
	if _, err := r.Next(s.t.Context()); tunnus.CodeOf(err) != tunnus.CodeKeyUnusable {
		s.t.Errorf("the phone of an account that is gone: %v", err)
	}
	if list, err := r.Accounts(s.t.Context()); err != nil || len(list) != 0 {
		s.t.Errorf("accounts of it: %v, %v", list, err)
	}
	r.since = time.Now()
	account, err := r.Register(s.t.Context())
	if err != nil {
		s.t.Fatalf("registering anew: %s; server: %s", app.Explain(err), s.log)
	}
	r.who.Number = account.Document
	s.logsIn(r)
}

// joinedLog checks that the log is the one from before, with gaps that it tells.
func (s *server) joinedLog(since string) {
	s.t.Helper()
	dir := s.copyLog()
	records := s.path("records")
	s.tunnus(true, "log", "export", "--config", s.path("config.json"), "--out", records)
	out := s.verifyLog(true, dir, "--since", since, "--records", records)
	if !strings.Contains(out, "at the earlier check") || strings.Contains(out, "; 0 lines are erased") {
		s.t.Errorf("verify log says: %s", out)
	}
}

// With several processes only the one is restored whose database was put back; the
// second place is one for all.
func TestRestoreOfOneRole(t *testing.T) {
	s := startSplit(t, func(_ string, config map[string]any) { config["second"] = "second.db" })
	_, a, who := s.register()
	path := s.path("keyshare", "tunnus.db")
	sqlite(t, path, "VACUUM INTO ?", s.path("backup.db"))
	s.logIn(a, who)
	s.keyshare.kill()
	for _, more := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + more); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, content(t, s.path("backup.db")), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--roles", "keyshare", "--config", s.path("keyshare.json")}
	if out := s.tunnus(false, append([]string{"serve"}, args...)...); !strings.Contains(out, "run `tunnus restore --config") {
		t.Errorf("serve says: %s", out)
	}
	out := s.tunnus(true, append([]string{"restore"}, args...)...)
	if !strings.Contains(out, "     1  keys, brought to") || strings.Contains(out, "certificates") || strings.Contains(out, "accounts") {
		t.Errorf("restore says: %s", out)
	}
	s.keyshare.run()
	s.logIn(a, who)
}
