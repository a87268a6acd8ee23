package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/reconcile"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/trust/asic"
)

// words are the values of a Go table, sorted.
func words[S ~string](values ...S) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	slices.Sort(out)
	return out
}

// listed are the columns whose CHECK repeats a table of the program.
func listed() map[string][]string {
	return map[string][]string{
		"account.purpose":    words(account.ForNew, account.ForRenewal, account.ForUpgrade),
		"account.language":   words(phrases.Languages()...),
		"account.proofed_by": words(account.ByPassport, account.ByIDCard, account.ByAccount, account.ByChild, account.ByDesk, account.ByOther),
		"account.state":      words(account.States()...),
		"appointment.state":  words(appointment.Booked, appointment.Cancelled, appointment.Past),
		"card_slip.state":    words(card.SlipStates()...),
		"card_visit.state":   words(card.States()...),
		"contact.kind":       {"email", "sms"},
		"contact.state":      words(contact.Pending, contact.Confirmed, contact.Leaving, contact.Removed, contact.Stopped),
		"container.level":    words(asic.B, asic.T, asic.LT),
		"desk_session.state": words(desk.States()...),
		"enrol_question.about": slices.DeleteFunc(words(statement.All()...), func(s string) bool {
			return s == string(statement.Recall) // said on the phone that registers: nobody else is asked
		}),
		"enrol_question.state":       words(confirm.States()...),
		"enrol_session.purpose":      words(way.Purposes()...),
		"enrol_session.state":        words(way.States()...),
		"enrol_session.way":          words(way.All()...),
		"history.kind":               words(history.Kinds()...),
		"holder_case.kind":           words(life.CaseFrozen, life.CaseDisputed, life.CaseNotMe, life.CaseContact),
		"keyshare_evaluation.state":  words(keyshare.Reserved, keyshare.Answered, keyshare.Confirmed, keyshare.Misused),
		"keyshare_key.state":         words(keyshare.Begun, keyshare.Sealed, keyshare.Ready, keyshare.Suspended, keyshare.Held, keyshare.Ended),
		"keyshare_transaction.state": words(keyshare.Live, keyshare.Signed, keyshare.Cancelled),
		"lock_incident.state":        words(incident.States()...),
		"login_session.state":        {"COMPLETE", "RUNNING"},
		"mail_job.channel":           {"email", "sms"},
		"mail_job.state":             {"dead", "sent", "waiting"},
		"notice.kind":                words(tell.Shown()...),
		"population_case.finding":    words(reconcile.Deceased, reconcile.Replaced, reconcile.Absent, reconcile.Renamed),
		"population_relation.kind":   words(match.Parent, match.Guardian),
		"review_case.kind":           words(review.Kinds()...),
		"review_case.state":          words(review.States()...),
		"staff_finding.kind":         words(support.Kinds()...),
		"staff_finding.state":        words(support.States()...),
		"tap.purpose":                words(tell.FreezeAccount, tell.StopContact),
	}
}

// unchecked are columns of such names that no table of the program stands behind.
var unchecked = map[string]string{
	"certificate.purpose":       "issued certificates are older than these tables; trust/pki refuses other purposes before signing",
	"keyshare_key.purpose":      "keyshare reads the messages of phones strictly; a row of another purpose is no key of anybody",
	"keyshare_transaction.kind": "a kind is the name of a format, and which there are is for whoever configures keyshare",
	"lock_entry.kind":           "entries are MACed and append-only; one of an unknown kind fails the fold, and with it every judgement",
	"mail_job.kind":             "a kind is the name of a text: notify/words knows them, and a test there finds those that are missing",
	"notice.about":              "an id, not a word",
}

// choice is a column that is named after a table.
var choice = regexp.MustCompile(`\.(state|way|purpose|kind|about)$`)

// The database refuses what the tables of the program do not know, and nothing
// that they know: each CHECK of the schema as it stands lists the same values.
func TestChecksRepeatTheTables(t *testing.T) {
	empty(t, func(t *testing.T, where string) {
		s, err := Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		writer, _ := s.d.Raw()
		columns, checks := schema(t, writer, strings.HasPrefix(where, "postgres"))
		want := listed()
		for column, values := range checks {
			if !slices.Equal(values, want[column]) {
				t.Errorf("the CHECK of %s lists %v, the program %v", column, values, want[column])
			}
		}
		for column := range want {
			if checks[column] == nil {
				t.Errorf("%s has no CHECK", column)
			}
		}
		for _, column := range columns {
			if why, known := unchecked[column]; choice.MatchString(column) && (checks[column] != nil) == known {
				t.Errorf("%s: a CHECK %v, excepted because %q", column, checks[column] != nil, why)
			}
		}
	})
}

// The lists in CHECKs that hold nothing else, as each engine tells them.
var (
	sqliteList   = regexp.MustCompile(`CHECK \((\w+) IN \(([^()]*)\)\)`)
	postgresList = regexp.MustCompile(`^CHECK \(\((\w+) = ANY \(ARRAY\[([^\]]*)\]\)\)\)$`)
	word         = regexp.MustCompile(`'([^']*)'`)
)

// schema reads the columns of our tables ("table.column"), and the values of CHECKs.
func schema(t *testing.T, db *sql.DB, postgres bool) (columns []string, checks map[string][]string) {
	t.Helper()
	names, bodies, list := `SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'`,
		`SELECT name, sql FROM sqlite_master WHERE type = 'table'`, sqliteList
	if postgres {
		names = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`
		bodies = `SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace`
		list = postgresList
	}
	for _, row := range pairs(t, db, names) {
		columns = append(columns, row[0]+"."+row[1])
	}
	checks = map[string][]string{}
	for _, row := range pairs(t, db, bodies) {
		for _, m := range list.FindAllStringSubmatch(row[1], -1) {
			var values []string
			for _, v := range word.FindAllStringSubmatch(m[2], -1) {
				values = append(values, v[1])
			}
			slices.Sort(values)
			checks[fmt.Sprintf("%s.%s", row[0], m[1])] = values
		}
	}
	return columns, checks
}

// pairs reads two columns of tables that are ours: those of libraries are theirs.
func pairs(t *testing.T, db *sql.DB, query string) (out [][2]string) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p[0], "river_") && !strings.HasPrefix(p[0], "goose_") && !strings.HasPrefix(p[0], "sqlite_") {
			out = append(out, p)
		}
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%d rows, %v", len(out), err)
	}
	return out
}
