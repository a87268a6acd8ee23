package store

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/engine"
)

// aged makes a database as it was at a migration, with the triggers it had, and
// puts rows in.
func aged(t *testing.T, where string, version int, as engine.Schema, statements ...string) {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || slices.Max(names) < fmt.Sprintf("migrations/%05d", version) {
		t.Fatalf("no migration %d yet, %v", version, err)
	}
	old := fstest.MapFS{}
	for _, name := range names {
		file := strings.TrimPrefix(name, "migrations/")
		n, err := strconv.Atoi(file[:5])
		if err != nil {
			t.Fatal(err)
		}
		if n > version {
			continue
		}
		b, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		old[file] = &fstest.MapFile{Data: b}
	}
	as.Migrations = old
	d, err := engine.Open(t.Context(), where, as)
	if err != nil {
		t.Fatal(err)
	}
	writer, _ := d.Raw()
	for _, s := range statements {
		if _, err := writer.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// A database from before key endings were kept: keys that ended are looked at
// once more, and held ones end when they were to end.
func TestKeysOfAnOlderDatabase(t *testing.T) {
	empty(t, func(t *testing.T, where string) {
		ends := noon.Add(72 * time.Hour)
		var rows []string
		for state, due := range map[keyshare.State]int64{keyshare.Ready: 0, keyshare.Ended: 0, keyshare.Held: engine.Millis(ends)} {
			rows = append(rows, fmt.Sprintf(`INSERT INTO keyshare_key VALUES (
			'%s', 1, 'login', 'd', 'a', '%[1]s', 'r', 1, 1, '%[1]s', '', '', '', 0, 1, 1, '', '', '', 0, '', 0, 0, 0, %d)`, state, due))
		}
		aged(t, where, 11, engine.Schema{}, rows...)
		s := openAt(t, where)
		ids, err := s.Keyshare().Keys.Due(t.Context(), noon, 10)
		if err != nil || len(ids) != 2 || ids[0] != "ended" || ids[1] != "held" {
			t.Errorf("due: %v, %v", ids, err)
		}
		k, err := s.Keyshare().Keys.Key(t.Context(), "held")
		if err != nil || !k.EndsAt.Equal(ends) {
			t.Errorf("the held key ends at %v, %v", k.EndsAt, err)
		}
	})
}

// tables are those of the first release.
var tables = []string{
	"audit_line", "app_session", "app_reply", "mail_job", "lock_entry", "otp_sheet", "otp_spend", "account", "enrol_session",
	"keyshare_key", "keyshare_evaluation", "keyshare_transaction", "keyshare_pool", "keyshare_modulus", "certificate",
	"login_session", "custody_mark",
}

func rows(t *testing.T, s *Store) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range tables {
		var n int
		if err := s.reader().QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table] = n
	}
	return out
}

// A database of the first release comes up to date with all that is in it, its
// triggers notwithstanding, and its ports read what they wrote then.
func TestDatabaseOfTheFirstRelease(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile("testdata/00014/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var statements []string
	for part := range strings.SplitSeq(read("rows.sql"), ";\n") {
		if strings.Contains(part, "INSERT") {
			statements = append(statements, part)
		}
	}
	empty(t, func(t *testing.T, where string) {
		aged(t, where, 14, engine.Schema{SQLite: read("sqlite.sql"), PostgreSQL: read("postgres.sql")}, statements...)
		s := openAt(t, where)
		want := map[string]int{}
		for _, st := range statements {
			want[strings.Fields(st[strings.Index(st, "INSERT"):])[2]]++
		}
		if diff := cmp.Diff(want, rows(t, s)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		oldPeople(t, s)
		oldKeys(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		openAt(t, where) // and again
	})
}

// oldPeople reads what stands in the fixture of accounts and what led to them.
func oldPeople(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	a, err := s.Accounts().Get(ctx, "account")
	if err != nil || a.Rev != 4 || a.Document != "PNOXX-199002140017-ABCD-Q" || a.Level != tunnus.Qualified || string(a.Signature) != "signature" {
		t.Errorf("account: %+v, %v", a, err)
	}
	e, err := s.Ledger().Entries(ctx, "document")
	if err != nil || len(e) != 2 || e[1].Kind != "permanent" || string(e[0].MAC) != "mac" || e[0].Input != "" || !e[0].At.Equal(noon) {
		t.Errorf("ledger: %+v, %v", e, err)
	}
	v, err := s.Enrolments().Session(ctx, "sitting")
	if err != nil || v.Rev != 5 || string(v.Payload) != "sealed" || v.Attempt != "a1" {
		t.Errorf("enrolment: %+v, %v", v, err)
	}
	sheet, err := s.Codes().Sheet(ctx, "sheet")
	if err != nil || sheet.Rev != 3 || !sheet.Over {
		t.Errorf("sheet: %+v, %v", sheet, err)
	}
	l, err := s.Logins().Session(ctx, "asked")
	if err != nil || l.Rev != 2 || l.End != "OK" || string(l.Detail) != "detail" {
		t.Errorf("log-in: %+v, %v", l, err)
	}
	r, ok, err := s.Replies().Get(ctx, "session", 7)
	if err != nil || !ok || string(r.Body) != "body" {
		t.Errorf("reply: %+v, %v, %v", r, ok, err)
	}
	if n, err := s.Outbox().Waiting(ctx); n != 1 || err != nil {
		t.Errorf("%d letters wait, %v", n, err)
	}
	if m, err := s.Marks(ctx); err != nil || string(m["voprf"]) != "sealed" {
		t.Errorf("marks: %v, %v", m, err)
	}
}

// oldKeys reads what stands in the fixture of keys and certificates.
func oldKeys(t *testing.T, s *Store) {
	t.Helper()
	ctx, ports := context.Background(), s.Keyshare()
	k, err := ports.Keys.Key(ctx, "login")
	if err != nil || k.Rev != 9 || k.State != keyshare.Ready || k.Counter != 4 || k.Unconfirmed != 1 || k.LifeCount != 2 || string(k.SealedHalf) != "n2" {
		t.Errorf("key: %+v, %v", k, err)
	}
	k, err = ports.Keys.Key(ctx, "sign")
	if err != nil || k.State != keyshare.Ended || k.Reason != "pin" {
		t.Errorf("ended key: %+v, %v", k, err)
	}
	e, err := ports.Evaluations.Since(ctx, "login", 0)
	if err != nil || len(e) != 2 || e[0].State != keyshare.Confirmed || e[1].State != keyshare.Reserved || string(e[1].Nonce) != "nonce2" {
		t.Errorf("tries: %+v, %v", e, err)
	}
	x, err := ports.Transactions.Transaction(ctx, "signed")
	if err != nil || x.State != keyshare.Signed || string(x.Signature) != "signature" || x.Hash != "SHA3-512" {
		t.Errorf("transaction: %+v, %v", x, err)
	}
	if p, err := ports.Pool.Oldest(ctx); err != nil || string(p.Modulus) != "pooled" {
		t.Errorf("pool: %+v, %v", p, err)
	}
	c, err := s.Certificates().ByAccount(ctx, "account")
	if err != nil || len(c) != 2 || string(c[0].Certificate) != "der" || !c[0].Revoked.IsZero() || c[1].Reason != "superseded" || !c[1].Revoked.Equal(noon.Add(2*time.Second)) {
		t.Errorf("certificates: %+v, %v", c, err)
	}
}
