package database

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/store/recovery"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, cfg *config.Config) *Database {
	t.Helper()
	d, err := Open(t.Context(), cfg, tunnus.SystemClock{})
	must(t, err)
	return d
}

// write leaves a row of which the second place has a copy.
func write(t *testing.T, d *Database) {
	t.Helper()
	person, err := tunnus.ParsePersonCode("XX", "199002140017")
	must(t, err)
	a, err := account.New(account.Holder{
		Person: person, Surname: "EXAMPLE", GivenNames: "ADA", Level: tunnus.Advanced, Device: rand.Text(), LoginKey: rand.Text(), SignKey: rand.Text(),
	}, tunnus.SystemClock{}.Now())
	must(t, err)
	must(t, d.Accounts().Save(t.Context(), a, []tunnus.Event{account.Created(a)}))
}

// A backup that was put back is not served from: the second place knows better.
// `tunnus restore` joins them, and then it opens.
func TestOldDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.All(), Data: filepath.Join(dir, "data"), Second: filepath.Join(dir, "second.db")}
	must(t, os.Mkdir(cfg.Data, 0o700))
	d := open(t, cfg)
	write(t, d)
	must(t, d.Flush(t.Context()))
	must(t, d.Close())
	backup, err := os.ReadFile(filepath.Join(cfg.Data, "tunnus.db"))
	must(t, err)

	d = open(t, cfg)
	write(t, d)
	must(t, d.Close())
	for _, f := range []string{"tunnus.db-wal", "tunnus.db-shm"} {
		_ = os.Remove(filepath.Join(cfg.Data, f))
	}
	must(t, os.WriteFile(filepath.Join(cfg.Data, "tunnus.db"), backup, 0o600))
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, recovery.ErrBehind) {
		t.Fatalf("Open = %v; want ErrBehind", err)
	}
	d, report, err := Restore(t.Context(), cfg, tunnus.SystemClock{}, Join)
	must(t, err)
	must(t, d.Close())
	if report.Gone != 1 {
		t.Errorf("report: %+v", report)
	}
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, recovery.ErrCutShort) {
		t.Errorf("Open before the log is joined = %v; want ErrCutShort", err)
	}
	must(t, End(cfg.Data))
	must(t, open(t, cfg).Close())
}

// A second place that is not there is made neither by a server nor in silence: the
// disk may not be mounted.
func TestSecondPlaceMustBeThere(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.All(), Data: dir, Second: filepath.Join(dir, "not-mounted", "second.db")}
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); err == nil {
		t.Error("it opened")
	}
}

// served is a server that has written, and does not run now.
func served(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.All(), Data: filepath.Join(dir, "data"), Second: filepath.Join(dir, "second.db")}
	must(t, os.Mkdir(cfg.Data, 0o700))
	d := open(t, cfg)
	write(t, d)
	must(t, d.Close())
	must(t, open(t, cfg).Close()) // it is known again
	return cfg
}

// refused checks that neither a server nor a restore goes on with a second place, that
// none is made where there is none, and that the server stays shut afterwards, though
// the right one is back.
func refused(t *testing.T, cfg *config.Config, back func()) {
	t.Helper()
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, ErrOtherPlace) {
		t.Errorf("Open = %v; want ErrOtherPlace", err)
	}
	if _, _, err := Restore(t.Context(), cfg, tunnus.SystemClock{}, Join); !errors.Is(err, ErrOtherPlace) {
		t.Errorf("Restore = %v; want ErrOtherPlace", err)
	}
	back()
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, recovery.ErrCutShort) {
		t.Errorf("Open after a restore that failed = %v; want ErrCutShort", err)
	}
	d, _, err := Restore(t.Context(), cfg, tunnus.SystemClock{}, Join)
	must(t, err)
	must(t, d.Close())
	must(t, End(cfg.Data))
	must(t, open(t, cfg).Close())
}

// A second place that is gone is not replaced by an empty one, least of all beside
// a backup that was put back: it would know of nothing that was forgotten. The copy
// of the database knows its second place, so the data folder may be lost as well.
func TestEmptySecondPlaceIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, cfg *config.Config){
		"not there": func(*testing.T, *config.Config) {},
		"empty":     func(t *testing.T, cfg *config.Config) { must(t, os.WriteFile(cfg.Second, nil, 0o600)) },
		"another one": func(t *testing.T, cfg *config.Config) {
			b, err := os.ReadFile(served(t).Second)
			must(t, err)
			must(t, os.WriteFile(cfg.Second, b, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := served(t)
			old := cfg.Data
			cfg.Data += ".new" // all that is left is the copy
			must(t, os.Mkdir(cfg.Data, 0o700))
			b, err := os.ReadFile(filepath.Join(old, "tunnus.db"))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(cfg.Data, "tunnus.db"), b, 0o600))
			must(t, os.Rename(cfg.Second, cfg.Second+".unmounted"))
			spoil(t, cfg)
			refused(t, cfg, func() {
				_, err := os.Stat(cfg.Second)
				if made := err == nil; made != (name != "not there") {
					t.Errorf("a second place was made where there was none: %v", err)
				}
				must(t, os.Rename(cfg.Second+".unmounted", cfg.Second))
			})
		})
	}
}

// A database of an earlier release does not know its second place: it gets no empty one.
func TestOlderDatabaseGetsNoEmptyPlace(t *testing.T) {
	cfg := served(t)
	d := open(t, cfg)
	w, _ := d.Database().Raw()
	_, err := w.Exec("DELETE FROM second_place")
	must(t, errors.Join(err, d.Close()))
	must(t, os.Rename(cfg.Second, cfg.Second+".unmounted"))
	refused(t, cfg, func() { must(t, os.Rename(cfg.Second+".unmounted", cfg.Second)) })
}

// A second place that is lost for good is followed by a new one, if an operator says
// so, and by none that knows of more than the database.
func TestNewSecondPlace(t *testing.T) {
	cfg := served(t)
	must(t, os.Rename(cfg.Second, cfg.Second+".lost"))
	d, report, err := Restore(t.Context(), cfg, tunnus.SystemClock{}, Anew)
	must(t, err)
	must(t, d.Close())
	must(t, End(cfg.Data))
	if report.Pushed != 1 {
		t.Errorf("%d copies in the new place; want that of the account", report.Pushed)
	}
	must(t, open(t, cfg).Close())
	must(t, os.Rename(cfg.Second+".lost", cfg.Second))
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, ErrOtherPlace) {
		t.Errorf("the place that was given up: %v", err)
	}
	cfg.Second = served(t).Second
	if _, _, err := Restore(t.Context(), cfg, tunnus.SystemClock{}, Anew); !errors.Is(err, recovery.ErrBehind) {
		t.Errorf("a place that knows more was taken for a new one: %v", err)
	}
}
