package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// What background jobs look for every few seconds is found by an index that holds
// nothing else, so that a flood of rows does not slow them down.
func TestSweepsUseTheirIndexes(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
	for index, query := range map[string]string{
		"enrol_session_holding": `SELECT due, id FROM enrol_session
WHERE state IN ('open', 'undoing') AND (document <> '' OR account <> '')
  AND (state = 'undoing' OR due <= 9) AND due >= 1 AND (due > 1 OR id > 'a') ORDER BY due, id LIMIT 100`,
		"enrol_session_due": `SELECT due, id FROM enrol_session
WHERE state IN ('open', 'undoing') AND document = '' AND account = '' AND due <= 9
  AND due >= 1 AND (due > 1 OR id > 'a') ORDER BY due, id LIMIT 100`,
		"account_over": `SELECT id FROM account WHERE state IN ('active', 'suspended') AND expires_at <= 9
ORDER BY expires_at, id LIMIT 100`,
	} {
		rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(plan, "; "); !strings.Contains(got, "SEARCH") || !strings.Contains(got, index+" ") {
			t.Errorf("%s is not used: %s", index, got)
		}
		t.Log(strings.Join(plan, "; "))
	}
}
