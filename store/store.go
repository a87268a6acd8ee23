package store

import (
	"context"
	"embed"
	"io/fs"

	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/keys"
	"github.com/tunnus-id/tunnus/store/life"
	"github.com/tunnus-id/tunnus/store/trust"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed dialect/sqlite.sql
var sqlite string

//go:embed dialect/postgres.sql
var postgres string

// A Store is one open database. It is safe for use by many goroutines.
type Store struct{ d *engine.Database }

// Schema is what [Open] brings a database to.
func Schema() (engine.Schema, error) {
	dir, err := fs.Sub(migrations, "migrations")
	return engine.Schema{Migrations: dir, SQLite: sqlite, PostgreSQL: postgres}, err
}

// Open opens a database and brings its schema up to date: the SQLite file at a
// path, made if there is none (readable by its owner only), or one of
// PostgreSQL at a URL that begins with postgres:// (a database encoded as
// UTF-8, on a server that syncs what it commits). Close it after use.
func Open(ctx context.Context, where string, options ...engine.Option) (*Store, error) {
	schema, err := Schema()
	if err != nil {
		return nil, err
	}
	d, err := engine.Open(ctx, where, schema, options...)
	if err != nil {
		return nil, err
	}
	return &Store{d}, nil
}

// Close closes the database. A second call does nothing.
func (s *Store) Close() error { return s.d.Close() }

// Database returns what the ports of one more subject are made over.
func (s *Store) Database() *engine.Database { return s.d }

// Keyshare returns all that package keyshare keeps its state in.
func (s *Store) Keyshare() keyshare.Store { return keys.New(s.d) }

// Certificates returns the certificates that were made or intended.
func (s *Store) Certificates() *trust.Certificates { return trust.NewCertificates(s.d) }

// Statuses returns what is known of certificates, and the revocation lists.
func (s *Store) Statuses() *trust.Statuses { return trust.NewStatuses(s.d) }

// Life returns what happens to accounts.
func (s *Store) Life() *life.Life { return life.New(s.d) }

// Contacts returns where people are reached.
func (s *Store) Contacts() *life.Contacts { return life.NewContacts(s.d) }

// History returns what was done with accounts.
func (s *Store) History() *life.History { return life.NewHistory(s.d) }

// Audit returns the audit log.
func (s *Store) Audit() *trust.Audit { return trust.NewAudit(s.d) }

// Log returns the audit log as the transparency log sees it.
func (s *Store) Log() *trust.Log { return trust.NewLog(s.d) }
