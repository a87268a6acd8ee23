package store

import (
	"strings"
	"testing"
)

// What background jobs look for every few seconds is found by an index that holds
// nothing else, so that a flood of rows does not slow them down.
func TestSweepsUseTheirIndexes(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := openAt(t, where(t))
		for index, query := range sweeps {
			if got := plan(t, s, query); !strings.Contains(got, index+" ") || strings.Contains(got, "SCAN") || strings.Contains(got, "Seq Scan") {
				t.Errorf("%s is not used: %s", index, got)
			}
		}
	})
}

// sweeps are what background jobs look for, by the index.
var sweeps = map[string]string{
	"enrol_session_holding": `SELECT due, id FROM enrol_session
WHERE state IN ('open', 'parked', 'undoing') AND (document <> '' OR account <> '')
  AND (state = 'undoing' OR due <= 9) AND due >= 1 AND (due > 1 OR id > 'a') ORDER BY due, id LIMIT 100`,
	"enrol_session_due": `SELECT due, id FROM enrol_session
WHERE state IN ('open', 'parked', 'undoing') AND document = '' AND account = '' AND due <= 9
  AND due >= 1 AND (due > 1 OR id > 'a') ORDER BY due, id LIMIT 100`,
	"account_over": `SELECT id FROM account WHERE state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended') AND expires_at <= 9
ORDER BY expires_at, id LIMIT 100`,
}

// plan tells how the engine would go about a query.
func plan(t *testing.T, s *Store, query string) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	var version string
	if s.reader().QueryRow("SHOW server_version").Scan(&version) == nil {
		explain = "EXPLAIN "
	}
	rows, err := s.reader().QueryContext(t.Context(), explain+query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(string)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, *cells[len(cells)-1].(*string)) // the last column says it
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "; ")
}
