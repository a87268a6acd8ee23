package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

// Each process on a PostgreSQL database of its own, whose URL stands in a file: the
// whole way, and again after all three were killed.
func TestRolesOnPostgreSQL(t *testing.T) {
	var cluster pgtest.Cluster
	t.Cleanup(cluster.Stop)
	dir := t.TempDir()
	s := startSplit(t, func(role string, config map[string]any) {
		file := filepath.Join(dir, role+".url")
		if err := os.WriteFile(file, []byte(cluster.Database(t)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		config["database_file"] = file
	})
	_, a, who := s.register()
	s.logIn(a, who)
	s.kill()
	s.keyshare.kill()
	s.issue.kill()
	s.issue.run()
	s.keyshare.run()
	s.runFront()
	s.logIn(a, who)
	for _, folder := range []string{"server", "keyshare", "issue"} {
		if _, err := os.Stat(filepath.Join(s.dir, folder, "tunnus.db")); err == nil {
			t.Errorf("%s has a database of SQLite too", folder)
		}
	}
}
