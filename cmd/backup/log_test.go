package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/logbook"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// feed writes lines into the log of a process.
func feed(t *testing.T, cfg *config.Config, lines int) {
	t.Helper()
	where, err := cfg.Database()
	must(t, err)
	s, err := store.Open(t.Context(), where)
	must(t, err)
	for range lines {
		must(t, s.Certificates().Record(t.Context(), []tunnus.Event{{At: time.Now(), Kind: "test", Subject: "a"}}))
	}
	b, err := logbook.Open(cfg, s, tunnus.SystemClock{})
	must(t, err)
	must(t, b.Feed(t.Context()))
	must(t, errors.Join(b.Close(), s.Close()))
}

// A backup brings its log back where there is none, and leaves one alone that is no
// older; an older one is told, and nothing is written over it.
func TestLogOfABackup(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	must(t, err)
	for name, to := range map[string][]string{"in clear": nil, "encrypted": {id.Recipient().String()}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := &config.Config{Roles: config.All(), Scheme: "tunnus-demo", Data: dir, Log: config.LogConfig{
				Folder: filepath.Join(dir, "log"), Key: hsm.SignerRef{File: filepath.Join(dir, "log.key")},
			}}
			feed(t, cfg, 1)
			must(t, os.CopyFS(filepath.Join(dir, "older"), os.DirFS(cfg.Log.Folder)))
			feed(t, cfg, 299)
			_, err := Make(t.Context(), cfg, filepath.Join(dir, "backup"), to, tunnus.SystemClock{})
			must(t, err)
			identity := filepath.Join(dir, "identity")
			must(t, os.WriteFile(identity, []byte(id.String()), 0o600))
			b, err := Open(filepath.Join(dir, "backup"), identity)
			must(t, err)
			feed(t, cfg, 5)
			if got, err := b.Log(cfg); err != nil || got != (Log{Lines: 305}) {
				t.Errorf("beside a newer log: %+v, %v", got, err)
			}
			must(t, os.Rename(cfg.Log.Folder, cfg.Log.Folder+".lost"))
			must(t, os.Rename(filepath.Join(dir, "older"), cfg.Log.Folder))
			if _, err := b.Log(cfg); !errors.Is(err, ErrOlderLog) {
				t.Errorf("beside an older log: %v; want ErrOlderLog", err)
			}
			must(t, os.RemoveAll(cfg.Log.Folder))
			if got, err := b.Log(cfg); err != nil || got != (Log{Lines: 300, Put: true}) {
				t.Errorf("where there is none: %+v, %v", got, err)
			}
			if got, err := b.Log(cfg); err != nil || got != (Log{Lines: 300}) {
				t.Errorf("once more: %+v, %v", got, err)
			}
			must(t, os.Remove(filepath.Join(dir, "tunnus.db")))
			must(t, b.Database(t.Context(), cfg))
			feed(t, cfg, 1) // it goes on behind the last line
		})
	}
}

// A folder that is there is not written to, and is not called spoilt.
func TestBackupGoesIntoANewFolder(t *testing.T) {
	cfg := &config.Config{Data: t.TempDir()}
	dir := t.TempDir()
	_, err := Make(t.Context(), cfg, dir, nil, tunnus.SystemClock{})
	if err == nil || err.Error() != dir+" is there already; a backup is written to a new folder" {
		t.Error(err)
	}
}

// The manifest of a stranger's backup names no file outside its folder, nor one that
// would lie outside the log's.
func TestNamesInAManifestStayInside(t *testing.T) {
	for _, name := range []string{"../a", "/a", "log/../log.key", "log/../../a", "log//a", "./a"} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, "backup", "log"), 0o700))
		for _, at := range []string{"a", "backup/a", "backup/log.key", "backup/log/a"} {
			must(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(at)), nil, 0o600))
		}
		hash := sha256.Sum256(nil)
		text, err := json.Marshal(Manifest{Format: Format, Files: []File{{Name: name, SHA256: hex.EncodeToString(hash[:])}}})
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "backup", ManifestFile), text, 0o600))
		if _, err := Open(filepath.Join(dir, "backup"), ""); err == nil || !strings.Contains(err.Error(), "leaves the folder") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
