package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unindexed are the queries that read a table, or a whole index, from one end to the
// other, each with the reason why that stays short.
var unindexed = map[string]string{
	"CustodyMarks":  "one row for each of the server's own keys",
	"NewestEpoch":   "one row for each restore; the newest stands at an end of the index",
	"StaffMembers":  "who works here: tens",
	"LockIncidents": "faults of ours: tens; and only as many as are shown",
	"CountPooled":   "halves that are kept ready: at most 10,000, counted in their index",
	"OldestPooled":  "the first one of the index",
	"EmptyPool":     "what is left of a restored pool is thrown away whole",
}

// A finder finds what an engine would read from end to end for a query: in words.
// What is read of the indexes some, which hold a few rows each, is read on purpose.
type finder func(t *testing.T, db *sql.DB, some []string, query string) []string

// Every query finds its rows by an index, on both engines: with a million accounts
// none of them may read a table from one end to the other.
func TestEveryQueryHasAnIndex(t *testing.T) {
	queries := written(t)
	for name := range unindexed {
		if queries[name] == "" {
			t.Errorf("unindexed: there is no query %s", name)
		}
	}
	walked := map[string]bool{}
	look := func(t *testing.T, where string, find finder) {
		s := openAt(t, where)
		unvisited(t, s)
		_, db := s.d.Raw()
		some := partial(t, db)
		for name, query := range queries {
			found := find(t, db, some, query)
			walked[name] = walked[name] || len(found) > 0
			if len(found) > 0 && unindexed[name] == "" {
				t.Errorf("%s: %s", name, strings.Join(found, "; "))
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) { look(t, filepath.Join(t.TempDir(), "tunnus.db"), sqlitePlan) })
	t.Run("postgres", func(t *testing.T) { look(t, cluster.Database(t), postgresPlan) })
	for name := range unindexed {
		if !walked[name] {
			t.Errorf("unindexed: %s has an index by now", name)
		}
	}
}

// unvisited keeps PostgreSQL from finding out, while the test runs, that all tables are
// empty: of a table that it has never counted it believes that there is something in it.
// (Nor is the database one that another test had before.)
func unvisited(t *testing.T, s *Store) {
	t.Helper()
	writer, reader := s.d.Raw()
	rows, err := reader.Query("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
	if err != nil {
		return // SQLite plans by rules
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Exec("ALTER TABLE " + table + " SET (autovacuum_enabled = false)"); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

var (
	inGo      = regexp.MustCompile("(?s)= `-- name: (\\w+) :\\w+\n(.*?)`")
	parameter = regexp.MustCompile(`\$([0-9]+)`)
)

// written are the queries of the generated code, by name.
func written(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inGo.FindAllStringSubmatch(string(text), -1) {
			all[found[1]] = found[2]
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d queries were found", len(all))
	}
	return all
}

// parameters is how many a query has.
func parameters(query string) (n int) {
	for _, p := range parameter.FindAllStringSubmatch(query, -1) {
		i, _ := strconv.Atoi(p[1]) // digits
		n = max(n, i)
	}
	return n
}

// partial finds the indexes that hold some rows of a table only: those are walked
// from end to end on purpose.
func partial(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.Query("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
	if err != nil {
		rows, err = db.Query("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if rows.Err() != nil || len(names) == 0 {
		t.Fatal(names, rows.Err())
	}
	return names
}

func sqlitePlan(t *testing.T, db *sql.DB, some []string, query string) (found []string) {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+query, make([]any, parameters(query))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(detail)
		if words[0] != "SCAN" || words[1] == "CONSTANT" || slices.Contains(some, words[len(words)-1]) {
			continue
		}
		found = append(found, detail)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return found
}

// postgresPlan lets PostgreSQL plan for any values, and forbids it to read a whole
// table, or an index to merge or hash it, where there is another way: an empty table
// would tempt it.
func postgresPlan(t *testing.T, db *sql.DB, some []string, query string) (found []string) {
	t.Helper()
	conn, err := db.Conn(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	values := ""
	if n := parameters(query); n > 0 {
		values = "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	for _, s := range []string{
		"SET enable_seqscan = off", "SET enable_mergejoin = off", "SET enable_hashjoin = off",
		"SET plan_cache_mode = force_generic_plan", "PREPARE plan AS " + query,
	} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	var text []byte
	if err := conn.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON) EXECUTE plan"+values).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if _, err := conn.ExecContext(t.Context(), "DEALLOCATE plan"); err != nil {
		t.Fatal(err)
	}
	var all []struct{ Plan node }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		found = append(found, p.Plan.walks(some)...)
	}
	return found
}

// A node is a part of a plan of PostgreSQL.
type node struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Plans    []node
}

func (n node) walks(some []string) (found []string) {
	if n.Type == "Seq Scan" || n.Index != "" && n.Cond == "" && !slices.Contains(some, n.Index) {
		found = append(found, fmt.Sprintf("%s of %s %s", n.Type, n.Relation, n.Index))
	}
	for _, p := range n.Plans {
		found = append(found, p.walks(some)...)
	}
	return found
}
