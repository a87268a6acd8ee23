package faults

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/check"
)

// A sabotage is something that must never happen, done by hand to the database of a
// house in which somebody has registered; it must be seen as what it is.
type sabotage struct {
	invariant, what string
	first           string // what makes it possible, and is no fault by itself
	statement       string
}

// onceMore is an audit line that is there twice.
const onceMore = "INSERT INTO audit_line (id, at, subject, record, salt, leaf) SELECT 'zz', at, subject, record, salt, randomblob(32) FROM audit_line WHERE "

var sabotages = []sabotage{
	{"I1", "a certificate for a stranger", "", "UPDATE certificate SET account = 'nobody'"},
	{"I1", "a proof that does not stand", "", "UPDATE enrol_session SET facts = CAST(replace(CAST(facts AS text), '\"face\"', '\"ace\"') AS blob)"},
	{"I2", "a certificate is forgotten", "", "DELETE FROM certificate WHERE purpose = 'login'"},
	{"I3", "a charge is forgotten", "", "DELETE FROM lock_entry WHERE attempt LIKE '%/face/%'"},
	{"I3", "a charge is changed", "", "UPDATE lock_entry SET code = 'x' WHERE kind = 'charged'"},
	{
		"I4", "a permanent lock is lifted",
		`INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac)
			SELECT key, place + 100, 'permanent', attempt, at, code, copyable, mac FROM lock_entry WHERE kind = 'charged' AND attempt LIKE '%/face/%';
		INSERT INTO audit_line (id, at, subject, record, salt, leaf)
			SELECT 'zz' || id, at, subject, CAST(replace(CAST(record AS text), 'lock.charged', 'lock.permanent') AS blob), salt, randomblob(32) FROM audit_line
			WHERE subject IN (SELECT key FROM lock_entry WHERE kind = 'permanent') AND instr(CAST(record AS text), '"lock.charged"') > 0 AND instr(CAST(record AS text), '/face/') > 0`,
		"DELETE FROM lock_entry WHERE kind = 'permanent'",
	},
	{"I5", "a try is not counted", "", "UPDATE keyshare_key SET last_seq = 0"},
	{"I5", "a try is refunded", "", "UPDATE keyshare_evaluation SET state = 'answered'"},
	{"I5", "a try that nobody made", "", "UPDATE keyshare_key SET life_count = life_count + 1"},
	{"I5", "a hardening is forgotten", "", "UPDATE keyshare_key SET hardenings = 0"},
	{"I5", "a hardening for nothing", "", "UPDATE keyshare_key SET hardenings = 2"},
	{"I6", "a signature without its try", "", "DELETE FROM keyshare_evaluation"},
	{"I6", "a PIN was proved, and something is signed", "", "UPDATE keyshare_transaction SET padding = 'internal'"},
	{"I6", "a signature that nobody wrote down", "", "DELETE FROM keyshare_transaction WHERE state = 'signed'"},
	{"I7", "an account is gone", "", "DELETE FROM account"},
	{"I8", "a code opens twice", "", onceMore + "instr(CAST(record AS text), '\"otp.confirmed\"') > 0"},
	{"I8", "an account is made twice", "", onceMore + "instr(CAST(record AS text), '\"account.create\"') > 0"},
	{"I9", "an end is taken back", "", "UPDATE enrol_session SET state = 'open', payload = x'00'"},
	{"I9", "another end", "", "UPDATE enrol_session SET why = 'face-mismatch'"},
	{"I10", "another application", "", "UPDATE account SET application = x'7b7d'"},
	{"I10", "another signature", "", "UPDATE keyshare_transaction SET signature = x'00'"},
	{"I11", "a certificate that is held for an active account", "", "UPDATE certificate SET held = 5"},
	{"I11", "a revocation is taken back", "UPDATE certificate SET revoked = 5; UPDATE account SET state = 'revoked'", "UPDATE certificate SET revoked = 0"},
	{"I12", "an audit line is gone", "", "DELETE FROM audit_line WHERE instr(CAST(record AS text), '\"enrol.fact\"') > 0"},
	{"I12", "a line that is in the log is changed", "", "UPDATE audit_line SET record = CAST(replace(CAST(record AS text), 'proved', 'claimed') AS blob)"},
	{"I13", "a fact is lost", "", "UPDATE enrol_session SET facts = '{}'"},
	{"I13", "a session of a device is lost", "", "DELETE FROM app_reply; DELETE FROM app_session"},
	{"I14", "a session is stuck", "", "UPDATE enrol_session SET state = 'undoing', due = 1"},
}

// The checker is able to fail: it finds each sabotage, and nothing before it. Each
// invariant has one, in this table or in the tests below.
func TestCheckerSees(t *testing.T) {
	h := built(t).running(t, SQLite)
	if err := h.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Fatal("before anything was done:", err)
	}
	h.lies(t)
	h.Kill()
	for _, s := range sabotages {
		t.Run(s.what, func(t *testing.T) { found(t, h.sabotaged(t, s), s.invariant) })
	}
	t.Run("a session ends before the next is used", h.unused)
	t.Run("a name is printed", func(t *testing.T) {
		sight := h.copied(t, "")
		sight.Printed = func() string { return "ok " + sight.Canaries[0] }
		faults, err := check.New(sight).Check(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		found(t, faults, "I15")
	})
	t.Run("files pile up", func(t *testing.T) {
		sight := h.copied(t, "")
		sight.Used = func() check.Usage { return check.Usage{Files: 10_000} }
		faults, err := check.New(sight).Check(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		found(t, faults, "I16")
	})
	seen := map[string]bool{"I15": true, "I16": true} // here, and in TestCheckerSeesConnections
	for _, s := range sabotages {
		seen[s.invariant] = true
	}
	for _, i := range check.Invariants() {
		if !seen[i.ID] {
			t.Errorf("nothing shows that the checker can see %s", i.ID)
		}
	}
}

func found(t *testing.T, faults []check.Fault, invariant string) {
	t.Helper()
	if !slices.ContainsFunc(faults, func(f check.Fault) bool { return f.Invariant == invariant }) {
		t.Errorf("found: %v; want %s", faults, invariant)
	}
}

// copied is what the house's checker looks at, with a copy of its database that has
// no triggers and no checks any more, and on which a statement was done.
func (h *House) copied(t *testing.T, statement string) check.House {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tunnus.db")
	if err := exec.Command("cp", h.Path("server", "tunnus.db"), path).Run(); err != nil {
		t.Fatal(err)
	}
	if wal, err := os.ReadFile(h.Path("server", "tunnus.db-wal")); err == nil {
		if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=ignore_check_constraints(1)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
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
	if _, err := db.Exec(strings.Join(drop, "") + statement); err != nil {
		t.Fatal(err)
	}
	sight, err := h.sight()
	if err != nil {
		t.Fatal(err)
	}
	sight.DB = db
	return sight
}

// sabotaged returns what a checker finds after a sabotage, that has found nothing
// before it.
func (h *House) sabotaged(t *testing.T, s sabotage) []check.Fault {
	t.Helper()
	sight := h.copied(t, s.first)
	c := check.New(sight)
	if faults, err := c.Check(t.Context(), ""); len(faults) > 0 || err != nil {
		t.Fatal("before: ", faults, err)
	}
	if _, err := sight.DB.Exec(s.statement); err != nil {
		t.Fatal(err)
	}
	responder := ""
	if s.invariant == "I14" {
		responder = "http://127.0.0.1:1/" // somebody serves: only then is a session stuck
	}
	faults, _ := c.Check(t.Context(), responder) // that nobody answers there is not the question
	return faults
}

// lies asks a responder that says "good" about certificates that are held by their
// rows: that is seen, but not where the hold was lifted while the responder was asked.
func (h *House) lies(t *testing.T) {
	const held, lifted = "UPDATE certificate SET held = 5; UPDATE account SET state = 'suspended'", "UPDATE certificate SET held = 0"
	for name, want := range map[string]bool{"the responder lies": true, "the truth has changed meanwhile": false} {
		t.Run(name, func(t *testing.T) {
			sight := h.copied(t, held)
			sight.Log = "" // it has gone on
			if !want {
				sight.Client = &http.Client{Transport: otherwise(func(r *http.Request) (*http.Response, error) {
					if _, err := sight.DB.Exec(lifted); err != nil {
						return nil, err
					}
					return h.unkept.Transport.RoundTrip(r)
				})}
			}
			faults, err := check.New(sight).Check(t.Context(), h.responder(true))
			if err != nil {
				t.Fatal(err)
			}
			if want {
				found(t, faults, "I11")
			} else if len(faults) > 0 {
				t.Error(faults)
			}
		})
	}
}

// otherwise is a transport that is a function.
type otherwise func(r *http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (o otherwise) RoundTrip(r *http.Request) (*http.Response, error) { return o(r) }

// unused ends a session for another one of its device, which has never sent anything.
func (h *House) unused(t *testing.T) {
	opened := slices.IndexFunc(h.diary.All(), func(e check.Entry) bool { return strings.HasSuffix(e.Path, "/sessions") && e.Status == http.StatusOK })
	if opened < 0 {
		t.Fatal("no session was opened")
	}
	first := h.diary.All()[opened]
	for name, sent := range map[string]bool{"unused": false, "used": true} {
		d := &check.Diary{}
		tell := func(path, session string, body, answer []byte) {
			over := d.Keep(otherwise(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(answer))}, nil
			}))
			r, err := http.NewRequest(http.MethodPost, "https://id.example"+path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Tunnus-Session", session)
			if _, err := over.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
		}
		tell(first.Path, "", first.Sent, first.Got)
		next, err := json.Marshal(map[string]string{"nonce": "AQ"})
		if err != nil {
			t.Fatal(err)
		}
		tell(first.Path, "", first.Sent, next)
		if sent {
			tell("/app/v1/registration", "later", nil, nil)
		}
		sight := h.copied(t, "DELETE FROM app_reply; DELETE FROM app_session; INSERT INTO app_session (id, device_key, nonce, claims, created_at) VALUES ('later', x'00', x'01', '{}', 1)")
		sight.Diary = d
		faults, err := check.New(sight).Check(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if !sent {
			found(t, faults, "I13")
		} else if len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// I16: connections that pile up, and one that sits on a transaction, are seen.
func TestCheckerSeesConnections(t *testing.T) {
	h := built(t).running(t, PostgreSQL)
	if err := h.Check(t.Context(), false); err != nil {
		t.Fatal("before anything was done:", err)
	}
	look := func() []check.Fault {
		faults, err := h.checker.Check(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		return faults
	}
	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("SELECT 1"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(11 * time.Second)
	found(t, look(), "I16")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if faults := look(); len(faults) > 0 {
		t.Fatal(faults)
	}
	for range 80 {
		c, err := h.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	found(t, look(), "I16")
}
