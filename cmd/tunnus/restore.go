package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/evidence"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/cmd/serve/logbook"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/tlog"
)

// restoreCommand joins a database that came from a backup with its second place.
type restoreCommand struct {
	process
	From     string `help:"Folder that 'tunnus backup' wrote; its database is put back first." type:"existingdir"`
	Identity string `help:"File with the age identity that opens the backup." type:"existingfile"`

	NewSecondPlace bool `help:"The second place is lost for good: begin a new one. What came after the backup stays forgotten."`
}

// Run restores and says what it did. It may be run again. What can be known to be
// wrong before anything is touched comes first; then a mark is left, and until all is
// done no server opens.
func (c *restoreCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if c.From == "" {
		if _, err := databaseOf(cfg); err != nil {
			return err
		}
	}
	if beside, err := cfg.SecondPlace(); err != nil || beside == "" {
		return cmp.Or(err, database.ErrNoPlace)
	}
	alone, err := keepOut(filepath.Join(cfg.Data, "lock"))
	if err != nil {
		return err
	}
	defer func() { _ = alone.Close() }()
	if err := database.Begin(cfg.Data); err != nil {
		return err
	}
	if err := c.restore(ctx, cfg); err != nil {
		return fmt.Errorf("%w\nThe server does not open before `tunnus restore` has come to its end", err)
	}
	if err := database.End(cfg.Data); err != nil {
		return err
	}
	fmt.Println("The server may start.")
	return nil
}

func (c *restoreCommand) restore(ctx context.Context, cfg *config.Config) error {
	if c.From != "" {
		if err := putBack(ctx, cfg, c.From, c.Identity); err != nil {
			return err
		}
	}
	db, report, err := database.Restore(ctx, cfg, tunnus.SystemClock{}, database.Way(c.NewSecondPlace))
	if err != nil {
		return err
	}
	if c.NewSecondPlace {
		fmt.Printf("A new second place has begun, with %d copies. What came after the backup is forgotten.\n", report.Pushed)
	} else {
		for _, line := range report.Lines() {
			fmt.Println(line)
		}
	}
	lost, err := adopt(ctx, cfg, db.Store)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("the database is restored, but is not joined with the log yet: %w", err)
	}
	if lost > 0 {
		fmt.Printf("The log: %d lines stand in it of which the database had no record any more; they are erased ones now.\n", lost)
	}
	return nil
}

// databaseOf is where the database is. A file that is not there is not made: it
// would be restored from nothing, and all accounts with it would be given up.
func databaseOf(cfg *config.Config) (string, error) {
	where, err := cfg.Database()
	if err != nil || strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return where, err
	}
	if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: there is no database; put the backup there first", where)
	}
	return where, nil
}

// keepOut makes sure that no server has the folder open, as the server does itself.
func keepOut(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data: there is no folder %s; mount its disk, or make it (mkdir -m 700) and put the key of the log in it (doc/restore.md)", filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("a server has this database open; stop it first"), f.Close())
	}
	return f, nil
}

// A lease of the log that stands in a backup has run out after that.
const (
	leaseOver = 40 * time.Second
	askAgain  = time.Second
)

// adopt joins the database with its log, if it has one.
func adopt(ctx context.Context, cfg *config.Config, s *store.Store) (lost int, err error) {
	if _, err := os.Stat(cfg.Log.Folder); err != nil {
		return 0, logbook.Lost(cfg, s)
	}
	book, err := logbook.Open(cfg, s, tunnus.SystemClock{})
	if err != nil {
		return 0, err
	}
	for end := time.Now().Add(leaseOver); ; {
		lost, err = book.Adopt(ctx)
		if !errors.Is(err, tlog.ErrFed) || time.Now().After(end) || ctx.Err() != nil {
			break
		}
		time.Sleep(askAgain)
	}
	return lost, errors.Join(err, book.Close())
}

// logCommand is about the transparency log.
type logCommand struct {
	Evidence evidence.Export `cmd:"" help:"Write the evidence of one registration, for 'tunnus verify evidence'."`
	Export   logExport       `cmd:"" help:"Write the records of all lines that are in the log, for 'tunnus verify log --records'."`
}

type logExport struct {
	process
	Out string `required:"" help:"File to write; it must not exist." type:"path"`
}

// Run exports. The server may be running.
func (c *logExport) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	where, err := databaseOf(cfg)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := tlog.Export(ctx, s.Log(), f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Printf("%d lines written to %s.\n", n, c.Out)
	return nil
}
