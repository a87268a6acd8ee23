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
	d, report, err := Restore(t.Context(), cfg, tunnus.SystemClock{})
	must(t, err)
	must(t, d.Close())
	if report.Gone != 1 {
		t.Errorf("report: %+v", report)
	}
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

// A second place that is gone is not replaced by an empty one, least of all beside
// a backup that was put back: it would know of nothing that was forgotten.
func TestEmptySecondPlaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.All(), Data: filepath.Join(dir, "data"), Second: filepath.Join(dir, "second.db")}
	must(t, os.Mkdir(cfg.Data, 0o700))
	d := open(t, cfg)
	write(t, d)
	must(t, d.Close())
	must(t, open(t, cfg).Close()) // it is known again

	must(t, os.Rename(cfg.Second, cfg.Second+".unmounted"))
	if _, err := Open(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, ErrOtherPlace) {
		t.Errorf("Open = %v; want ErrOtherPlace", err)
	}
	if _, _, err := Restore(t.Context(), cfg, tunnus.SystemClock{}); !errors.Is(err, ErrOtherPlace) {
		t.Errorf("Restore = %v; want ErrOtherPlace", err)
	}
	must(t, os.Remove(filepath.Join(cfg.Data, PlaceFile))) // an operator who knows
	if _, _, err := Restore(t.Context(), cfg, tunnus.SystemClock{}); err == nil {
		t.Error("an empty place was restored from")
	}
	must(t, open(t, cfg).Close())
}
