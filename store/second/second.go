package second

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"
)

// A Copy is one thing that a restore must not forget.
type Copy struct {
	Kind string // of what
	ID   string // which one
	Rev  int64  // the higher one wins; at least 1
	Body []byte // JSON
}

// A Place is the second place. It is safe for use by many goroutines.
type Place struct {
	db *sql.DB
}

// schema is the same text on both engines.
const schema = `CREATE TABLE IF NOT EXISTS copy (
  kind text   NOT NULL,
  id   text   NOT NULL,
  rev  bigint NOT NULL CHECK (rev > 0),
  at   bigint NOT NULL, -- Unix milliseconds: when this copy was written
  body %s NOT NULL,
  PRIMARY KEY (kind, id)
)`

// named keeps the one name of a place.
const named = `CREATE TABLE IF NOT EXISTS place (one bigint PRIMARY KEY CHECK (one = 1), name text NOT NULL)`

const newestIndex = `CREATE INDEX IF NOT EXISTS copy_newest ON copy (kind, at)`

// ErrNone is returned by [Existing] where there is no second place.
var ErrNone = errors.New("second: there is no second place here; is its disk mounted?")

// Existing opens a second place that has a name already, and makes none.
func Existing(ctx context.Context, where string) (*Place, error) {
	if !isPostgreSQL(where) {
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w (%s)", ErrNone, where)
		}
	}
	p, err := Open(ctx, where)
	if err != nil {
		return nil, err
	}
	name, err := p.Name(ctx)
	if err == nil && name == "" {
		err = ErrNone
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func isPostgreSQL(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Open opens a second place, and makes it if it is new: a URL that begins with
// postgres:// or postgresql:// names a database of PostgreSQL, anything else is
// the path of an SQLite file (readable by its owner only). Close it after use.
func Open(ctx context.Context, where string) (*Place, error) {
	open, blob := openSQLite, "blob"
	if isPostgreSQL(where) {
		open, blob = openPostgreSQL, "bytea"
	}
	db, err := open(where)
	if err != nil {
		return nil, fmt.Errorf("second: open: %w", err)
	}
	for _, statement := range []string{fmt.Sprintf(schema, blob), newestIndex, named} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("second: open: %w", err), db.Close())
		}
	}
	return &Place{db}, nil
}

func openSQLite(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"secure_delete(1)", // a sealed key that another one replaces is overwritten
	}}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: abs}).EscapedPath()+"?"+q.Encode())
}

func openPostgreSQL(where string) (*sql.DB, error) {
	db, err := sql.Open("pgx", where)
	if err == nil {
		db.SetMaxOpenConns(8)
	}
	return db, err
}

// Close closes the second place.
func (p *Place) Close() error { return p.db.Close() }

// Name returns the name that a place was given, or "" if it is new. By it a server
// knows that the place is the one it has written to, and not an empty one where a
// disk should be.
func (p *Place) Name(ctx context.Context) (name string, err error) {
	err = p.db.QueryRowContext(ctx, "SELECT name FROM place").Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("second: name: %w", err)
	}
	return name, nil
}

// Begin gives a new place its name, once and for ever, and returns it.
func (p *Place) Begin(ctx context.Context) (string, error) {
	if _, err := p.db.ExecContext(ctx, "INSERT INTO place (one, name) VALUES (1, $1) ON CONFLICT (one) DO NOTHING", rand.Text()); err != nil {
		return "", fmt.Errorf("second: name: %w", err)
	}
	return p.Name(ctx)
}

// rows is how many copies go into one statement.
const rows = 50

// put writes copies, of which no two are of one thing, sorted by kind and id so
// that two nodes do not wait for each other.
func (p *Place) put(ctx context.Context, copies []Copy) error {
	t, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("second: begin: %w", err)
	}
	defer func() { _ = t.Rollback() }() // does nothing after a commit
	now := time.Now().UnixMilli()
	for len(copies) > 0 {
		n := min(rows, len(copies))
		var text strings.Builder
		text.WriteString("INSERT INTO copy (kind, id, rev, at, body) VALUES ")
		args := make([]any, 0, 5*n)
		for i, c := range copies[:n] {
			if i > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5)
			args = append(args, c.Kind, c.ID, c.Rev, now, c.Body)
		}
		text.WriteString(" ON CONFLICT (kind, id) DO UPDATE SET rev = excluded.rev, at = excluded.at, body = excluded.body WHERE excluded.rev > copy.rev")
		if _, err := t.ExecContext(ctx, text.String(), args...); err != nil {
			return fmt.Errorf("second: copies: %w", err)
		}
		copies = copies[n:]
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("second: commit: %w", err)
	}
	return nil
}

// Newest returns at most limit copies of some kinds, the ones written last first,
// and when the newest was written; zero if there is none.
func (p *Place) Newest(ctx context.Context, kinds []string, limit int) ([]Copy, time.Time, error) {
	which, args := "", []any{}
	for i, k := range kinds {
		which += fmt.Sprintf(", $%d", i+1)
		args = append(args, k)
	}
	which = " FROM copy WHERE kind IN (" + strings.TrimPrefix(which, ", ") + ")"
	var newest sql.NullInt64
	if err := p.db.QueryRowContext(ctx, "SELECT MAX(at)"+which, args...).Scan(&newest); err != nil {
		return nil, time.Time{}, fmt.Errorf("second: newest: %w", err)
	}
	if !newest.Valid {
		return nil, time.Time{}, nil
	}
	out, err := p.list(ctx, fmt.Sprintf("SELECT kind, id, rev, body%s ORDER BY at DESC, kind, id LIMIT %d", which, limit), args...)
	return out, time.UnixMilli(newest.Int64).UTC(), err
}

// Get returns one copy; its Rev is 0 if there is none.
func (p *Place) Get(ctx context.Context, kind, id string) (Copy, error) {
	list, err := p.list(ctx, "SELECT kind, id, rev, body FROM copy WHERE kind = $1 AND id = $2", kind, id)
	if err != nil || len(list) == 0 {
		return Copy{}, err
	}
	return list[0], nil
}

// After returns at most limit copies of a kind, ordered by id, behind the id given.
func (p *Place) After(ctx context.Context, kind, id string, limit int) ([]Copy, error) {
	return p.list(ctx, "SELECT kind, id, rev, body FROM copy WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3", kind, id, limit)
}

func (p *Place) list(ctx context.Context, query string, args ...any) ([]Copy, error) {
	r, err := p.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("second: reading: %w", err)
	}
	defer func() { _ = r.Close() }()
	var out []Copy
	for r.Next() {
		var c Copy
		if err := r.Scan(&c.Kind, &c.ID, &c.Rev, &c.Body); err != nil {
			return nil, fmt.Errorf("second: reading: %w", err)
		}
		out = append(out, c)
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("second: reading: %w", err)
	}
	return out, nil
}
