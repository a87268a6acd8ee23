package main

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/backup"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
)

// backupCommand copies what a process keeps.
type backupCommand struct {
	process
	Dir       string   `arg:"" help:"Folder to write, which must not exist." type:"path"`
	Recipient []string `help:"Encrypt every file to this age recipient (age1…); may be given several times."`
}

// Run copies. The server may be running.
func (c *backupCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if _, err := databaseOf(cfg); err != nil {
		return err
	}
	m, err := backup.Make(ctx, cfg, c.Dir, c.Recipient, tunnus.SystemClock{})
	if err != nil {
		return err
	}
	var bytes int64
	for _, f := range m.Files {
		bytes += f.Bytes
	}
	fmt.Printf("%d files, %d bytes, as of %s. Keys are not in it; doc/restore.md tells what else is needed.\n", len(m.Files), bytes, m.Made.Format("2006-01-02 15:04:05Z"))
	return nil
}

// putBack puts log and database of a backup where a process expects them, the
// database last: it is what a second run finds in its way.
func putBack(ctx context.Context, cfg *config.Config, dir, identity string) error {
	b, err := backup.Open(dir, identity)
	if err != nil {
		return err
	}
	if err := b.Fits(cfg); err != nil {
		return err
	}
	log, err := b.Log(cfg)
	if err != nil {
		return err
	}
	switch {
	case log.Put:
		fmt.Printf("There was no log; that of the backup is in %s now, with %d lines. What came after them is lost: who kept a newer checkpoint will see it.\n", cfg.Log.Folder, log.Lines)
	case log.Lines > 0:
		fmt.Printf("The log in %s stays as it is, with %d lines: it is no older than that of the backup.\n", cfg.Log.Folder, log.Lines)
	}
	if err := b.Database(ctx, cfg); err != nil {
		return err
	}
	fmt.Printf("The database is as of %s.\n", b.Made.Format("2006-01-02 15:04:05Z"))
	return nil
}
