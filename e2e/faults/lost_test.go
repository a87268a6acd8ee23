package faults

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The data folder is lost together with the database, and at first the disk of the
// second place is not mounted either. As long as that is so nothing is restored,
// nothing is made in its place, and the server does not open; then all is as it was:
// the log goes on under its own key, and a lock from after the backup stands.
func TestRestoreOfALostDataFolder(t *testing.T) {
	for _, engine := range []string{SQLite, PostgreSQL} {
		t.Run(engine, func(t *testing.T) { lostFolder(t, engine) })
	}
}

func lostFolder(t *testing.T, engine string) {
	h := built(t).running(t, engine)
	if err := h.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatal(err)
	}
	folder := h.Path("backup")
	h.says(t, true, "Keys are not in it", "backup", "--config", h.config, folder)
	h.says(t, false, "is there already; a backup is written to a new folder", "backup", "--config", h.config, folder)
	key := h.lockForEver(t)
	h.Kill()
	own := map[string][]byte{}
	for _, name := range []string{"log.key", "log.pub"} {
		b, err := os.ReadFile(h.Path("server", name))
		must(t, err)
		own[name] = b
	}
	h.forget(t)
	must(t, os.RemoveAll(h.Path("server")))
	restore := []string{"restore", "--config", h.config, "--from", folder}
	h.says(t, false, "there is no folder", restore...)
	must(t, os.Mkdir(h.Path("server"), 0o700))
	h.move(t, "second.db", "unmounted.db")
	h.says(t, false, "is its disk mounted?", restore...)
	h.shut(t)
	must(t, os.WriteFile(h.Path("second.db"), nil, 0o600)) // an empty one
	h.says(t, false, "is its disk mounted?", "restore", "--config", h.config)
	h.shut(t)
	h.move(t, "second.db", "made.db")
	h.move(t, "unmounted.db", "second.db")
	h.shut(t) // the restore has not ended
	h.says(t, false, "log.key", "restore", "--config", h.config)
	h.shut(t)
	must(t, os.WriteFile(h.Path("server", "log.key"), own["log.key"], 0o600))
	h.says(t, true, "The server may start.", "restore", "--config", h.config)
	h.goesOn(t, key)
	h.says(t, true, "", "verify", "log", h.Path("server", "log"), "--key", h.Path("server", "log.pub"), "--since", filepath.Join(folder, "log", "checkpoint"))
	if now, err := os.ReadFile(h.Path("server", "log.pub")); err != nil || !slices.Equal(now, own["log.pub"]) {
		t.Errorf("the log has another key: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// move moves a database of SQLite, with what a killed process has left beside it.
func (h *House) move(t *testing.T, from, to string) {
	t.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(h.Path(from+end), h.Path(to+end)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// says runs a command, and looks at how it ends and what it says.
func (h *House) says(t *testing.T, ok bool, want string, words ...string) {
	t.Helper()
	out, err := h.Command(t.Context(), words...)
	if (err == nil) != ok || !strings.Contains(out, want) {
		t.Fatalf("%s: %v; want %q in: %s", strings.Join(words, " "), err, want, out)
	}
}

// shut checks that the server does not open.
func (h *House) shut(t *testing.T) {
	t.Helper()
	h.says(t, false, "a restore of this database was begun and did not end", "serve", "--config", h.config)
}

// goesOn starts the server, and checks that it is the one from before.
func (h *House) goesOn(t *testing.T, locked string) {
	t.Helper()
	var n int
	if err := h.db.QueryRow("SELECT count(*) FROM lock_entry WHERE kind = 'permanent' AND key = $1", locked).Scan(&n); err != nil || n != 1 {
		t.Fatalf("the permanent lock: %d, %v", n, err)
	}
	h.start(t)
	if err := h.ByPassport(t.Context(), "ben"); err == nil {
		t.Error("the document that was locked for ever was taken")
	}
	if err := h.ByPassport(t.Context(), "hana"); err != nil {
		t.Errorf("nobody can register any more: %v; %s", err, h.Tail())
	}
	h.Kill()
}
