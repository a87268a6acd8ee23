package store

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/store/engine"
)

// An insert of a fixture: its table, and the columns that it names.
var insert = regexp.MustCompile(`(?s)INSERT INTO (\w+) \(([^)]*)\)\s+VALUES .*?;\n`)

// A stage is the rows of tables that a migration has made, as they were made.
type stage struct {
	version    int
	statements [][]string // as insert finds them
}

// stages reads the fixtures in the order of their migrations.
func stages(t *testing.T) (all []stage) {
	t.Helper()
	files, err := filepath.Glob("testdata/rows/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(f), ".sql"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, stage{n, insert.FindAllStringSubmatch(string(b), -1)})
	}
	return all
}

// Each table gets a row when it is made, and every later migration goes over that row:
// at the end it is there, with what it had.
func TestRowsOutliveEveryMigration(t *testing.T) {
	all := stages(t)
	empty(t, func(t *testing.T, where string) {
		for _, st := range all {
			aged(t, where, st.version, engine.Schema{}, st.texts()...)
		}
		s := openAt(t, where)
		for _, st := range all {
			for _, row := range st.statements {
				s.keeps(t, row)
			}
		}
	})
}

func (st stage) texts() (out []string) {
	for _, s := range st.statements {
		out = append(out, s[0])
	}
	return out
}

// keeps fails unless the row of a fixture is there with each value that it was given.
func (s *Store) keeps(t *testing.T, row []string) {
	t.Helper()
	_, given, _ := strings.Cut(row[0], "VALUES (")
	values := strings.Split(strings.TrimSuffix(strings.TrimSpace(given), ");"), ", ")
	columns := strings.Split(row[2], ", ")
	if len(values) != len(columns) {
		t.Fatalf("%s: %d columns, %d values", row[1], len(columns), len(values))
	}
	var where []string
	for i, c := range columns {
		where = append(where, fmt.Sprintf("%s = %s", c, values[i]))
	}
	var n int
	if err := s.reader().QueryRow("SELECT count(*) FROM " + row[1] + " WHERE " + strings.Join(where, " AND ")).Scan(&n); err != nil || n != 1 {
		t.Errorf("%s: %d rows as they were, %v", row[1], n, err)
	}
}

// A table that has no row in a fixture could be lost on the way, and no test would see it.
func TestEachTableHasARow(t *testing.T) {
	have := slices.Clone(tables)
	for _, st := range stages(t) {
		for _, s := range st.statements {
			have = append(have, s[1])
		}
	}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made.FindAllStringSubmatch(string(b), -1) {
			fresh := strings.Contains(string(b), "ALTER TABLE "+m[1]+" RENAME TO ") // a table of before, made anew
			if !fresh && !slices.Contains(have, m[1]) {
				t.Errorf("%s makes %s, of which testdata has no row", filepath.Base(f), m[1])
			}
		}
	}
}
