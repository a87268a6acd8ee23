package custody

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/store"
)

// all are the keysets of a process with all roles.
var all = []string{hsm.VOPRF, hsm.Modulus, hsm.Session, hsm.Ledger}

func open(t *testing.T, dir string, db Marks, names ...string) (*hsm.Custody, error) {
	t.Helper()
	cfg := hsm.Config{Folder: dir}
	cfg.Complete("")
	c, err := Open(t.Context(), cfg, db, tunnus.SystemClock{}, names...)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func database(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The server's own keys belong to their database: a folder that is lost, empty
// or another database's must not silently become a new one, for then every lock
// would be forgotten.
func TestCustodyBelongsToItsDatabase(t *testing.T) {
	other := filepath.Join(t.TempDir(), "keys")
	_, err := open(t, other, database(t), all...)
	must(t, err)
	from := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, name)))
			b, err := os.ReadFile(filepath.Join(other, name))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
	}
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"the folder is lost":             func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) },
		"the folder is empty":            func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) },
		"a sealing key is another":       from("voprf.key"),
		"the ledger's key is another":    from("ledger.key"),
		"all of the ledger's is another": func(t *testing.T, dir string) { from("ledger.key")(t, dir); from("ledger.secret")(t, dir) },
		"two keys changed places": func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "voprf.key"), filepath.Join(dir, "x")))
			must(t, os.Rename(filepath.Join(dir, "modulus.key"), filepath.Join(dir, "voprf.key")))
			must(t, os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, "modulus.key")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, dir := database(t), filepath.Join(t.TempDir(), "keys")
			_, err := open(t, dir, db, all...)
			must(t, err)
			if _, err := open(t, dir, db, all...); err != nil {
				t.Fatalf("a second start: %v", err)
			}
			spoil(t, dir)
			if _, err := open(t, dir, db, all...); err == nil {
				t.Error("other keys were taken")
			}
		})
	}
}

// What is told of a lost folder says what to do.
func TestLostFolderIsTold(t *testing.T) {
	db, dir := database(t), filepath.Join(t.TempDir(), "keys")
	_, err := open(t, dir, db, all...)
	must(t, err)
	must(t, os.RemoveAll(dir))
	if _, err := open(t, dir, db, all...); !errors.Is(err, hsm.ErrOtherKeys) {
		t.Errorf("error = %v; want ErrOtherKeys", err)
	}
}

// A process makes and opens the keys of its roles, and no others.
func TestProcessHasItsOwnKeysOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	c, err := open(t, dir, database(t), hsm.Session, hsm.Ledger)
	must(t, err)
	if c.Sealer(hsm.VOPRF) != nil || c.Sealer(hsm.Modulus) != nil {
		t.Error("sealers of keyshare are open")
	}
	for _, name := range []string{"voprf.key", "modulus.key"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was made", name)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
