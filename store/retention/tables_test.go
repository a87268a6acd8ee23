package retention

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/scheme"
)

// Every table of the schema has a rule, or stands among those that are kept, with the
// reason: who adds a table has to say how long it keeps what.
func TestEveryTableHasItsTime(t *testing.T) {
	everywhere(t, func(w *world) {
		kept, ruled := Kept(), map[string]bool{}
		for _, r := range Rules() {
			ruled[r.Table] = true
		}
		for table := range w.columns {
			if why := kept[table]; ruled[table] == (why != "") {
				w.Errorf("%s: deleted %v; kept because %q", table, ruled[table], why)
			}
		}
		for _, table := range slices.Concat(slices.Collect(maps.Keys(kept)), slices.Collect(maps.Keys(ruled))) {
			if w.columns[table] == nil {
				w.Errorf("there is no table %s", table)
			}
		}
	})
}

// The keys are those of the scheme file, and each of its times is used.
func TestKeysAreTheSchemes(t *testing.T) {
	have := map[string]bool{"review_images": true} // package enrol/review, to the minute
	for f := range reflect.TypeFor[scheme.Retention]().Fields() {
		key := f.Tag.Get("json")
		have[key] = have[key] || slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Key == key })
		if !have[key] {
			t.Errorf("retention.%s is obeyed by no rule", key)
		}
	}
	for _, r := range Rules() {
		if r.Key != "" && !have[r.Key] || r.Key != "" && r.Fixed != 0 {
			t.Errorf("%s: key %q and %v", r.Table, r.Key, r.Fixed)
		}
	}
}

// argument is a parameter of a query.
var argument = regexp.MustCompile(`sqlc\.arg\(\w+\)`)

// small tables have few rows whatever happens, and are looked through.
var small = []string{"staff_consent", "population_case"}

// What is old is found by an index, so that a batch costs the same among a million rows.
func TestBatchesUseIndexes(t *testing.T) {
	text, err := os.ReadFile("../queries/retention.sql")
	if err != nil {
		t.Fatal(err)
	}
	queries := strings.Split(string(text), "-- name: ")[1:]
	if len(queries) < len(Rules()) {
		t.Fatalf("%d queries for %d rules", len(queries), len(Rules()))
	}
	everywhere(t, func(w *world) {
		if !strings.HasSuffix(w.Name(), "/sqlite") {
			return // PostgreSQL chooses by how much there is
		}
		for _, q := range queries {
			name, body, _ := strings.Cut(q, "\n")
			statement := argument.ReplaceAllString(strings.TrimSuffix(strings.TrimSpace(body), ";"), "9")
			var plan []string
			_, r := w.d.Raw()
			rows, err := r.QueryContext(w.Context(), "EXPLAIN QUERY PLAN "+statement)
			if err != nil {
				w.Fatalf("%s: %v", name, err)
			}
			for rows.Next() {
				var a, b, c int
				var line string
				if err := rows.Scan(&a, &b, &c, &line); err != nil {
					w.Fatal(err)
				}
				plan = append(plan, line)
			}
			if err := rows.Err(); err != nil || len(plan) == 0 {
				w.Fatalf("%s: %v", name, err)
			}
			looked := strings.Join(plan, "; ")
			if !slices.ContainsFunc(small, func(s string) bool { return strings.Contains(statement, s) }) &&
				(strings.Contains(looked, "SCAN ") || strings.Contains(looked, "TEMP B-TREE FOR ORDER")) {
				w.Errorf("%s: %s", name, looked)
			}
		}
	})
}

var update = flag.Bool("update", false, "write doc/retention.md anew")

// doc/retention.md is the table, word by word.
func TestDocIsTheTable(t *testing.T) {
	const path = "../../doc/retention.md"
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not what package store/retention does (%v); go test ./store/retention -run Doc -update", path, err)
	}
}

// reference is the page of reference.
func reference() string {
	var b strings.Builder
	b.WriteString(`# How long what is kept

Made of the table in package ` + "`store/retention`" + ` (` + "`go test ./store/retention -run Doc -update`" + `). A job deletes by it every night at two (UTC), once in
the whole service, ` + fmt.Sprint(Batch) + ` rows a transaction at most. A process without the role ` + "`front`" + ` does so in its own database, by the usual times if it has no scheme file. Times with a key are those of
the section [retention](scheme.md#retention) of the scheme file.

What is sealed does not wait for the night: images of faces and data of chips go with the decision, from cases of review after ` + "`review_images`" + ` at the latest;
letters once they are sent or given up; addresses of contacts once they are off; what a sitting, a question, a visit or a desk knows of a person when it ends. On SQLite what is deleted is overwritten
(` + "`secure_delete`" + `); on PostgreSQL it goes with the next vacuum, and from its logs and backups when those go.

| table | what goes | after | counted from |
| --- | --- | --- | --- |
`)
	for _, r := range Rules() {
		after := "at once"
		switch {
		case r.Key != "":
			after = "`" + r.Key + "`"
		case r.Fixed == day:
			after = "1 day"
		case r.Fixed != 0:
			after = fmt.Sprintf("%d days", r.Fixed/day)
		}
		what := r.What
		if r.Erased {
			what += " (erased; the row stays)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Table, what, after, r.From)
	}
	b.WriteString("\n## What stays\n\n| table | because |\n| --- | --- |\n")
	for _, table := range slices.Sorted(maps.Keys(Kept())) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", table, Kept()[table])
	}
	return b.String()
}
