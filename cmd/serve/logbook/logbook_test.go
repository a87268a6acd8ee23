package logbook

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin begins a log with one line in it.
func begin(t *testing.T) (*config.Config, *store.Store) {
	t.Helper()
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.All(), Scheme: "tunnus-demo", Data: dir, Log: config.LogConfig{
		Folder: filepath.Join(dir, "log"), Key: hsm.SignerRef{File: filepath.Join(dir, "log.key")},
	}}
	s, err := store.Open(t.Context(), filepath.Join(dir, "tunnus.db"))
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.Certificates().Record(t.Context(), []tunnus.Event{{At: time.Now(), Kind: "test", Subject: "a"}}))
	b, err := Open(cfg, s, tunnus.SystemClock{})
	must(t, err)
	must(t, b.Feed(t.Context()))
	must(t, b.Close())
	return cfg, s
}

// A database that has lines in a log begins no other one where that was lost: neither
// with the key that it had, nor with a new one, which is not even made.
func TestLostLogIsNotBegunAnew(t *testing.T) {
	for name, spoil := range map[string]func(cfg *config.Config) error{
		"the log":        func(cfg *config.Config) error { return os.RemoveAll(cfg.Log.Folder) },
		"the checkpoint": func(cfg *config.Config) error { return os.Remove(filepath.Join(cfg.Log.Folder, "checkpoint")) },
		"the log and its key": func(cfg *config.Config) error {
			return errors.Join(os.RemoveAll(cfg.Log.Folder), os.Remove(cfg.Log.Key.File))
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, s := begin(t)
			must(t, spoil(cfg))
			_, before := os.Stat(cfg.Log.Key.File)
			if b, err := Open(cfg, s, tunnus.SystemClock{}); !errors.Is(err, ErrLost) {
				t.Errorf("Open = %v; want ErrLost", err)
				if err == nil {
					must(t, b.Close())
				}
			}
			if _, after := os.Stat(cfg.Log.Key.File); (before == nil) != (after == nil) {
				t.Error("a new key was made")
			}
		})
	}
}

// A log goes on under its own key and its own name, or not at all: else it would
// be another one with the same lines, and its public key would be written over.
func TestLogGoesOnUnderItsOwnKey(t *testing.T) {
	for name, spoil := range map[string]func(cfg *config.Config){
		"the key is lost": func(cfg *config.Config) { cfg.Log.Key.File += ".lost" },
		"another key": func(cfg *config.Config) {
			other, _ := begin(t)
			cfg.Log.Key = other.Log.Key
		},
		"another name": func(cfg *config.Config) { cfg.Roles = config.Roles{config.Front} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg, s := begin(t)
			before, err := os.ReadFile(filepath.Join(cfg.Data, KeyFile))
			must(t, err)
			changed := *cfg
			spoil(&changed)
			if b, err := Open(&changed, s, tunnus.SystemClock{}); err == nil {
				t.Error("it went on")
				must(t, b.Close())
			}
			after, err := os.ReadFile(filepath.Join(cfg.Data, KeyFile))
			if err != nil || string(after) != string(before) {
				t.Errorf("the public key was written over: %v", err)
			}
			b, err := Open(cfg, s, tunnus.SystemClock{})
			must(t, err)
			must(t, b.Close())
		})
	}
}
