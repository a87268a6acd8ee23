package store

import (
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/tunnus-id/tunnus/key/keyshare"
)

// A database from before key endings were kept: keys that ended are looked at
// once more, and held ones end when they were to end.
func TestKeysOfAnOlderDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	old, err := pool(path, 1, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	g, err := goose.NewProvider(goose.DialectSQLite3, old, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.UpTo(t.Context(), 11); err != nil {
		t.Fatal(err)
	}
	ends := noon.Add(72 * time.Hour)
	for state, due := range map[keyshare.State]int64{keyshare.Ready: 0, keyshare.Ended: 0, keyshare.Held: millis(ends)} {
		_, err := old.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO keyshare_key VALUES (
			'%s', 1, 'login', 'd', 'a', '%[1]s', 'r', 1, 1, '%[1]s', '', '', '', 0, 1, 1, '', '', '', 0, '', 0, 0, 0, %d)`, state, due))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	ids, err := s.Keyshare().Keys.Due(t.Context(), noon, 10)
	if err != nil || len(ids) != 2 || ids[0] != "ended" || ids[1] != "held" {
		t.Errorf("due: %v, %v", ids, err)
	}
	k, err := s.Keyshare().Keys.Key(t.Context(), "held")
	if err != nil || !k.EndsAt.Equal(ends) {
		t.Errorf("the held key ends at %v, %v", k.EndsAt, err)
	}
}
