package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/tunnus-id/tunnus/store/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed dialect/sqlite.sql
var dialect string

// readers is the number of connections that read side by side; SQLite lets one
// write at a time in any case.
const readers = 4

// A Store is one open database. It is safe for use by many goroutines.
type Store struct {
	writer, reader *sql.DB
	read           *db.Queries
	order          order // of audit lines
}

// Open opens the SQLite database at path, makes it if there is none (readable
// by its owner only), and brings its schema up to date. Close it after use.
func Open(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), s.Close())
	}
	s.read = db.New(s.reader)
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	if s.writer, err = pool(path, 1, url.Values{"_txlock": {"immediate"}}); err != nil {
		return err
	}
	if err = migrate(ctx, s.writer); err != nil {
		return err
	}
	if s.reader, err = pool(path, readers, url.Values{"_pragma": {"query_only(1)"}}); err != nil {
		return err
	}
	return s.reader.PingContext(ctx)
}

// Close closes the database. A second call does nothing.
func (s *Store) Close() error {
	var errs []error
	for _, p := range []*sql.DB{s.reader, s.writer} { // the last writer tidies the log away
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// pool opens up to n connections, each with the settings that durability and
// integrity rest on.
func pool(path string, n int, more url.Values) (*sql.DB, error) {
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

// migrate brings the schema forward, never back, and then sets the triggers.
func migrate(ctx context.Context, p *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	g, err := goose.NewProvider(goose.DialectSQLite3, p, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := g.Up(ctx); err != nil {
		return err
	}
	_, err = p.ExecContext(ctx, dialect)
	return err
}
