package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// readers is the number of connections of SQLite that read side by side; it lets
// one write at a time in any case.
const readers = 4

func (d *Database) openSQLite(ctx context.Context, path string, s Schema) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if d.writer, err = poolSQLite(path, 1, url.Values{"_txlock": {"immediate"}}); err != nil {
		return err
	}
	d.group = &group{database: d}
	g, err := goose.NewProvider(goose.DialectSQLite3, d.writer, s.Migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := g.Up(ctx); err != nil {
		return err
	}
	if _, err = d.writer.ExecContext(ctx, s.SQLite); err != nil {
		return err
	}
	if err := migrateQueue(ctx, riversqlite.New(d.writer)); err != nil {
		return err
	}
	if d.reader, err = poolSQLite(path, readers, url.Values{"_pragma": {"query_only(1)"}}); err != nil {
		return err
	}
	d.reader.SetConnMaxIdleTime(time.Minute) // each keeps three files open: what a rush needed goes when it is over
	return d.reader.PingContext(ctx)
}

// Scrub empties SQLite's log of writes, which holds what was deleted until it is written
// over: the file itself is overwritten (secure_delete). While somebody reads, it is left
// for another time, which is no error: all who write wait meanwhile. On PostgreSQL it does nothing.
func (d *Database) Scrub(ctx context.Context) (err error) {
	if d.group == nil {
		return nil
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	wait := func(ctx context.Context, milliseconds int) error {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", milliseconds))
		return err
	}
	if err := wait(ctx, scrubTimeout); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, wait(context.WithoutCancel(ctx), busyTimeout)) }()
	var busy, log, done int
	return conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
}

// For how many milliseconds a connection waits for another one: any, as poolSQLite says
// too, and while the log is emptied; short reads end in less.
const busyTimeout, scrubTimeout = 5000, 500

// poolSQLite opens up to n connections, each with the settings that durability
// and integrity rest on.
func poolSQLite(path string, n int, more url.Values) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", // what is erased is overwritten
	}}
	for k, v := range more {
		q[k] = append(q[k], v...)
	}
	name := "file:" + (&url.URL{Path: abs}).EscapedPath() + "?" + q.Encode()
	p, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	return p, nil
}
