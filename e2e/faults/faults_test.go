package faults

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/e2e/faults/check"
	"github.com/tunnus-id/tunnus/need"
)

// built is what the tests of this package share; only who asks for it waits.
func built(t *testing.T) *Build {
	t.Helper()
	if _, err := models("../.."); err != nil {
		need.Missing(t, err.Error())
	}
	b, err := NewBuild(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// What is listed is what happens: the audit log of a registration that nothing
// disturbed has the arrows of the table, in their order, as often as they stand there.
func TestArrowsAreThoseThatHappen(t *testing.T) {
	b := built(t)
	for _, r := range Routes() {
		t.Run(r.Route.String(), func(t *testing.T) {
			lines, err := b.Undisturbed(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			var want, jobs []string
			for _, a := range r.Arrows() {
				if a.Job {
					jobs = append(jobs, a.Name)
				} else {
					want = append(want, a.Name)
				}
			}
			got := slices.DeleteFunc(lines, func(l string) bool {
				// Not of the sitting, or of a fact's COMMIT; key.seen comes up to seconds after a key has ended, when a round finds nothing left to do.
				return strings.HasPrefix(l, "service/") || slices.Contains([]string{"crl.made", "account.create", "account.activate", "enrol.resume", "confirm.take", "key.seen"}, l)
			})
			var after []string
			got = slices.DeleteFunc(got, func(l string) bool {
				job := slices.Contains(jobs, l)
				if job {
					after = append(after, l)
				}
				return job
			})
			if !slices.Equal(got, want) {
				t.Errorf("the audit log has\n%v\nthe table\n%v", got, want)
			}
			slices.Sort(after)
			slices.Sort(jobs)
			if !slices.Equal(after, jobs) {
				t.Errorf("jobs left %v; the table has %v", after, jobs)
			}
		})
	}
}

// Each arrow is met at each of its moments on each database, once.
func TestPlanIsWhole(t *testing.T) {
	seen := map[string]int{}
	for _, r := range Plan(false) {
		for _, c := range r.Cases() {
			seen[c.String()]++
		}
	}
	n := 0
	for _, r := range Routes() {
		for _, a := range r.Arrows() {
			n += len(a.Moments()) * 2
		}
	}
	if len(seen) != n || n < 100 {
		t.Errorf("%d cases are planned; the tables have %d", len(seen), n)
	}
	for c, times := range seen {
		if times != 1 {
			t.Errorf("%s is planned %d times", c, times)
		}
	}
}

// No trap is in a program that anybody uses.
func TestNormalBuildHasNoFaults(t *testing.T) {
	const trap = "github.com/tunnus-id/tunnus/store/fault"
	for tags, want := range map[string]bool{"": false, "pkcs11": false, "faults": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, "../../cmd/tunnus").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(strings.Fields(string(out)), trap); got != want {
			t.Errorf("with the tags %q: %s is in the program: %v", tags, trap, got)
		}
	}
}

// sabotages are things that must never happen, done by hand to the database of a
// house in which somebody has registered; each must be seen as what it is.
var sabotages = []struct{ invariant, what, statement string }{
	{"I1", "a certificate for a stranger", "UPDATE certificate SET account = 'nobody'"},
	{"I2", "a certificate is forgotten", "DELETE FROM certificate WHERE purpose = 'login'"},
	{"I3", "a charge is forgotten", "DELETE FROM lock_entry WHERE attempt LIKE '%/face/%'"},
	{"I3", "a charge is changed", "UPDATE lock_entry SET code = 'x' WHERE kind = 'charged'"},
	{"I5", "a try is not counted", "UPDATE keyshare_key SET last_seq = 0"},
	{"I5", "a try is refunded", "UPDATE keyshare_evaluation SET state = 'answered'"},
	{"I6", "a signature without its try", "DELETE FROM keyshare_evaluation"},
	{"I7", "an account is gone", "DELETE FROM account"},
	{"I9", "an end is taken back", "UPDATE enrol_session SET state = 'open', payload = x'00'"},
	{"I9", "another end", "UPDATE enrol_session SET why = 'face-mismatch'"},
	{"I10", "another application", "UPDATE account SET application = x'7b7d'"},
	{"I10", "another signature", "UPDATE keyshare_transaction SET signature = x'00'"},
	{"I12", "an audit line is gone", "DELETE FROM audit_line WHERE instr(CAST(record AS text), '\"enrol.fact\"') > 0"},
	{"I12", "a line that is in the log is changed", "UPDATE audit_line SET record = CAST(replace(CAST(record AS text), 'proved', 'claimed') AS blob)"},
	{"I13", "a fact is lost", "UPDATE enrol_session SET facts = '{}'"},
	{"I13", "a session of a device is lost", "DELETE FROM app_reply; DELETE FROM app_session"},
	{"I14", "a session is stuck", "UPDATE enrol_session SET state = 'undoing', due = 1"},
}

// The checker is able to fail: it finds each sabotage, and nothing before it.
func TestCheckerSees(t *testing.T) {
	b := built(t)
	h, err := b.Open(t.Context(), SQLite)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := passport(t.Context(), h, "ben"); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Fatal("before anything was done:", err)
	}
	h.Kill()
	for _, s := range sabotages {
		t.Run(s.what, func(t *testing.T) {
			faults := h.sabotaged(t, s.statement)
			if !slices.ContainsFunc(faults, func(f check.Fault) bool { return f.Invariant == s.invariant }) {
				t.Errorf("found: %v; want %s", faults, s.invariant)
			}
		})
	}
}

// sabotaged copies the database, changes the copy past its triggers, and returns
// what a checker finds that has seen it as it was.
func (h *House) sabotaged(t *testing.T, statement string) []check.Fault {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tunnus.db")
	if err := exec.Command("cp", h.path("server", "tunnus.db"), path).Run(); err != nil {
		t.Fatal(err)
	}
	if wal, err := os.ReadFile(h.path("server", "tunnus.db-wal")); err == nil {
		if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	sight, err := h.sight()
	if err != nil {
		t.Fatal(err)
	}
	sight.DB = db
	c := check.New(sight)
	if faults, err := c.Check(context.Background(), ""); len(faults) > 0 || err != nil {
		t.Fatal("before: ", faults, err)
	}
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var drop []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		drop = append(drop, "DROP TRIGGER "+name+";")
	}
	_ = rows.Close()
	if _, err := db.Exec(strings.Join(drop, "") + "PRAGMA ignore_check_constraints = 1;" + statement); err != nil {
		t.Fatal(err)
	}
	responder := ""
	if strings.Contains(statement, "due = 1") {
		responder = "http://127.0.0.1:1/" // somebody serves: only then is a session stuck
	}
	faults, _ := c.Check(context.Background(), responder) // that nobody answers there is not the question
	return faults
}
