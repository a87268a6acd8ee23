package serve

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/store"
)

// The server's own keys belong to their database: a folder that is lost, empty
// or another database's must not silently become a new one, for then every lock
// would be forgotten.
func TestCustodyBelongsToItsDatabase(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string)
	}{
		{"the folder is lost", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }},
		{"the folder is empty", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) }},
		{"the ledger's key is another", func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, ledgerKey), make([]byte, 32), 0o600))
		}},
		{"a sealing key is another", func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "voprf.key"), make([]byte, 32), 0o600))
		}},
		{"two keys changed places", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "voprf.key"), filepath.Join(dir, "x")))
			must(t, os.Rename(filepath.Join(dir, "modulus.key"), filepath.Join(dir, "voprf.key")))
			must(t, os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, "modulus.key")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
			must(t, err)
			defer db.Close()
			dir := filepath.Join(t.TempDir(), "keys")
			first, err := openCustody(t.Context(), dir, db)
			must(t, err)
			again, err := openCustody(t.Context(), dir, db)
			must(t, err)
			if !first.secret.Equal(again.secret) {
				t.Fatal("the secret changed between two starts")
			}
			tt.spoil(t, dir)
			if _, err := openCustody(t.Context(), dir, db); !errors.Is(err, errOtherKeys) {
				t.Errorf("openCustody = %v; want errOtherKeys", err)
			}
		})
	}
}

// A key that others may read is no key.
func TestCustodyRefusesOpenFiles(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	must(t, err)
	defer db.Close()
	dir := t.TempDir()
	_, err = openCustody(t.Context(), dir, db)
	must(t, err)
	must(t, os.Chmod(filepath.Join(dir, ledgerKey), 0o644))
	if _, err := openCustody(t.Context(), dir, db); err == nil {
		t.Error("a key file that everybody may read was taken")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
