package retention

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// noon is the time of the tests.
var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// A world is one database that rows are put into past the ports.
type world struct {
	*testing.T
	d       *engine.Database
	columns map[string][][2]string // of each table: name and type
	n       int
}

// everywhere runs a test on a fresh database of both engines.
func everywhere(t *testing.T, test func(w *world)) {
	for name, where := range map[string]func() string{
		"sqlite": func() string { return filepath.Join(t.TempDir(), "tunnus.db") },
		"postgres": func() string {
			return cluster.Filled(t, func(url string) error {
				s, err := store.Open(t.Context(), url)
				if err != nil {
					return err
				}
				return s.Close()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), where())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			w := &world{T: t, d: s.Database(), columns: map[string][][2]string{}}
			list := `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY ordinal_position`
			if name == "sqlite" {
				list = `SELECT m.name, p.name, p.type FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'`
			}
			for _, c := range w.read(list) {
				if of := c[0]; !strings.HasPrefix(of, "river_") && !strings.HasPrefix(of, "goose_") && !strings.HasPrefix(of, "sqlite_") {
					w.columns[of] = append(w.columns[of], [2]string{c[1], c[2]})
				}
			}
			test(w)
		})
	}
}

// read reads three columns of text.
func (w *world) read(query string) (out [][3]string) {
	w.Helper()
	_, r := w.d.Raw()
	rows, err := r.QueryContext(w.Context(), query)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c [3]string
		if err := rows.Scan(&c[0], &c[1], &c[2]); err != nil {
			w.Fatal(err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		w.Fatalf("%d rows, %v", len(out), err)
	}
	return out
}

// A row is what some columns hold, as SQL; the others hold nothing, and those that
// name it something of its own.
type row map[string]string

// put writes a row.
func (w *world) put(table string, r row) {
	w.Helper()
	w.n++
	var names, values []string
	for _, c := range w.columns[table] {
		v, given := r[c[0]]
		switch {
		case given:
		case c[0] == "log_index":
			v = fmt.Sprint(w.n)
		case strings.Contains("integer bigint", strings.ToLower(c[1])):
			v = "0"
		case c[1] == "boolean":
			v = "false"
		default:
			v = fmt.Sprintf("'%s%d'", c[0], w.n)
		}
		names, values = append(names, `"`+c[0]+`"`), append(values, v)
	}
	w.exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", ")))
}

func (w *world) exec(statement string) {
	w.Helper()
	writer, _ := w.d.Raw()
	if _, err := writer.ExecContext(w.Context(), statement); err != nil {
		w.Fatalf("%s: %v", statement, err)
	}
}

// count counts the rows of a table that say something.
func (w *world) count(table string) (n int) {
	w.Helper()
	query := "SELECT count(*) FROM " + table
	switch table {
	case "keyshare_transaction":
		query += " WHERE length(record) > 0"
	case "audit_line":
		query += " WHERE record IS NOT NULL"
	}
	_, r := w.d.Raw()
	if err := r.QueryRowContext(w.Context(), query).Scan(&n); err != nil && err != sql.ErrNoRows {
		w.Fatal(err)
	}
	return n
}

// run does the job at noon.
func (w *world) run() {
	w.Helper()
	if _, err := job(w.d).Run(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func job(d *engine.Database) Job {
	return Job{Database: d, Keep: scheme.Nordic().Retention, Clock: tunnus.ClockFunc(func() time.Time { return noon })}
}

// aged are rows that one rule is about, by their time in Unix milliseconds; in the
// order of [Rules]. What else is written with it belongs to it.
func aged() []func(w *world, at int64) {
	over := func(table string, time string, more row) func(*world, int64) {
		return func(w *world, at int64) {
			r := row{time: fmt.Sprint(at)}
			for k, v := range more {
				r[k] = v
			}
			w.put(table, r)
		}
	}
	return []func(*world, int64){
		func(w *world, at int64) {
			id := fmt.Sprintf("'s%d'", w.n)
			w.put("app_session", row{"id": id, "created_at": fmt.Sprint(at)})
			w.put("app_reply", row{"session_id": id})
		},
		func(w *world, at int64) {
			w.put("enrol_session", row{"way": "'desk'", "purpose": "'new'", "state": "'done'", "payload": "''", "due": fmt.Sprint(at - 5), "expires_at": fmt.Sprint(at)})
		},
		over("enrol_question", "due", row{"about": "'vouch'", "state": "'answered'", "sealed": "''", "record": "''"}),
		over("enrol_question", "due", row{"about": "'guardian'", "state": "'answered'", "sealed": "''"}),
		over("otp_sheet", "sent_at", nil),
		func(w *world, at int64) {
			w.put("otp_spend", row{"day": "'" + engine.Moment(at).UTC().Format(time.DateOnly) + "'"})
		},
		over("card_slip", "due", row{"rev": "1", "until": "0", "state": "'used'"}),
		over("card_visit", "expires", row{"rev": "1", "state": "'ended'", "payload": "''", "record": "''"}),
		over("card_visit", "expires", row{"rev": "1", "state": "'ended'", "payload": "''"}),
		over("portal_session", "expires", nil),
		over("review_case", "ended_at", row{"rev": "1", "kind": "'copyable'", "state": "'approved'", "folder": "''", "pictures": "''", "contact": "''"}),
		over("desk_session", "ended_at", row{"rev": "1", "state": "'ended'", "payload": "''", "code_mac": "''"}),
		over("desk_session", "ended_at", row{"rev": "1", "state": "'activated'"}),
		over("appointment", "at", row{"rev": "1", "state": "'past'", "contact": "''"}),
		over("staff_lookup", "at", nil),
		over("staff_finding", "ended_at", row{"rev": "1", "kind": "'fraud'", "state": "'applied'"}),
		over("staff_consent", "good", nil),
		over("login_session", "expires", row{"state": "'COMPLETE'", "ended": "1", "noted": "true"}),
		over("keyshare_transaction", "expires_at", row{"state": "'signed'"}),
		over("history", "at", row{"kind": "'log-in'"}),
		over("notice", "acked", row{"kind": "'account-new'", "at": fmt.Sprint(noon.UnixMilli())}),
		over("notice", "at", row{"kind": "'account-new'"}),
		over("tap", "expires", row{"purpose": "'stop'"}),
		over("holder_case", "closed", row{"kind": "'not-me'"}),
		over("population_case", "since", row{"finding": "'absent'", "settled": "true"}),
		over("contact", "held_until", row{"kind": "'sms'", "state": "'removed'", "sealed": "''"}),
		over("mail_job", "made_at", row{"state": "'dead'", "channel": "'email'", "sealed": "NULL"}),
		func(w *world, at int64) {
			id := fmt.Sprintf("'a%d'", w.n)
			w.put("account", account(row{"id": id, "state": "'closed'", "expires_at": fmt.Sprint(at)}))
			w.put("container", row{"account": id, "rev": "1", "level": "'B'", "stamp": "''", "due": "1"})
		},
		over("audit_line", "at", nil),
	}
}

// account is a row of an account.
func account(r row) row {
	r["purpose"], r["proofed_by"], r["language"] = "'new'", "'desk'", "'en'"
	return r
}
