// Package backup copies a database that is in use, whole and as of one moment, and
// puts such a copy into an empty one.
//
// An SQLite file is copied by VACUUM INTO, which reads in one transaction and lets
// others write. Of a PostgreSQL database each table is copied by COPY in one
// transaction of isolation REPEATABLE READ, so that no other program is needed and
// versions of the server may differ.
//
// Who may read a copy, where it lies and whether it is whole is the matter of who
// calls. What a copy is worth against a newer second place is told in
// doc/restore.md.
package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tunnus-id/tunnus/store/engine"
)

// SQLite copies the database in a file to another one, which must not exist.
func SQLite(ctx context.Context, from, to string) error {
	if _, err := os.Stat(from); err != nil { // SQLite would make one
		return fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // nobody else may ever read it
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written through it
	abs, err := filepath.Abs(from)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	name := "file:" + (&url.URL{Path: abs}).EscapedPath() + "?" + url.Values{"_pragma": {"busy_timeout(5000)"}}.Encode()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return f.Sync()
}

// A Table is one table of a copy.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
}

// A Sequence is one of PostgreSQL's counters.
type Sequence struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Used  bool   `json:"used"` // the value was given out
}

// Tables is what a copy of a PostgreSQL database holds.
type Tables struct {
	Version   int64      `json:"version"` // of the schema: the newest migration
	Tables    []Table    `json:"tables"`
	Sequences []Sequence `json:"sequences,omitempty"`
}

// versions is goose's own table.
const versions = "goose_db_version"

// left are tables that are not copied: the rows of those of goose and River are
// made by the migrations, and whoever led or worked then does not any more.
func left() []string {
	return []string{versions, "river_migration", "river_leader", "river_client", "river_client_queue"}
}

// PostgreSQL copies the database at a URL: create is asked for a place for each
// table, which is closed before the next one.
func PostgreSQL(ctx context.Context, where string, create func(table string) (io.WriteCloser, error)) (t Tables, err error) {
	conn, err := dial(ctx, where)
	if err != nil {
		return t, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has only read
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return t, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := tx.QueryRow(ctx, "SELECT max(version_id) FROM "+versions+" WHERE is_applied").Scan(&t.Version); err != nil {
		return t, fmt.Errorf("backup: no database of tunnus: %w", err)
	}
	if t.Tables, err = tables(ctx, tx); err != nil {
		return t, err
	}
	if t.Sequences, err = sequences(ctx, tx); err != nil {
		return t, err
	}
	for i := range t.Tables {
		to, err := create(t.Tables[i].Name)
		if err != nil {
			return t, err
		}
		tag, err := tx.Conn().PgConn().CopyTo(ctx, to, "COPY "+t.Tables[i].quoted()+" TO STDOUT")
		if err = errors.Join(err, to.Close()); err != nil {
			return t, fmt.Errorf("backup: %s: %w", t.Tables[i].Name, err)
		}
		t.Tables[i].Rows = tag.RowsAffected()
	}
	return t, nil
}

// dial connects for as long as a copy may take.
func dial(ctx context.Context, where string) (*pgx.Conn, error) {
	conn, err := engine.Dial(ctx, where)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func (t Table) quoted() string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pgx.Identifier{c}.Sanitize()
	}
	return pgx.Identifier{t.Name}.Sanitize() + " (" + strings.Join(columns, ", ") + ")"
}

// tables lists the tables, each behind those that it refers to.
func tables(ctx context.Context, tx pgx.Tx) ([]Table, error) {
	rows, err := tx.Query(ctx, `SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> ALL ($1)
		GROUP BY c.relname ORDER BY c.relname`, left())
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t Table, err error) { return t, r.Scan(&t.Name, &t.Columns) })
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	rows, err = tx.Query(ctx, `SELECT a.relname::text, b.relname::text FROM pg_constraint k
		JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
		WHERE k.contype = 'f' AND a.relnamespace = current_schema()::regnamespace`)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	needs := map[string][]string{}
	var from, to string
	if _, err := pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		if from != to {
			needs[from] = append(needs[from], to)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return sorted(all, needs), nil
}

// sorted puts each table behind what it needs.
func sorted(all []Table, needs map[string][]string) []Table {
	byName, done := map[string]Table{}, map[string]bool{}
	for _, t := range all {
		byName[t.Name] = t
	}
	var out []Table
	var put func(name string)
	put = func(name string) {
		if done[name] {
			return
		}
		done[name] = true
		for _, n := range needs[name] {
			put(n)
		}
		if t, ok := byName[name]; ok {
			out = append(out, t)
		}
	}
	for _, t := range all {
		put(t.Name)
	}
	return out
}

func sequences(ctx context.Context, tx pgx.Tx) ([]Sequence, error) {
	rows, err := tx.Query(ctx, "SELECT relname::text FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace ORDER BY relname")
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	var all []Sequence
	for _, n := range names {
		s := Sequence{Name: n}
		if err := tx.QueryRow(ctx, "SELECT last_value, is_called FROM "+pgx.Identifier{n}.Sanitize()).Scan(&s.Value, &s.Used); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		all = append(all, s)
	}
	return all, nil
}

// ErrNotEmpty says that a copy would be mixed with what is there.
var ErrNotEmpty = errors.New("backup: the database has tables in it; make a new one and name it in database_file")

// Load puts a copy into an empty PostgreSQL database: it brings the schema to the
// copy's version, and writes all rows in one transaction. What opens it next
// brings it forward from there, and sets the triggers.
func Load(ctx context.Context, where string, migrations fs.FS, t Tables, open func(table string) (io.ReadCloser, error)) error {
	conn, err := dial(ctx, where)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what counts was committed
	var n int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace").Scan(&n)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if n > 0 {
		return ErrNotEmpty
	}
	if err := engine.Prepare(ctx, where, migrations, t.Version); err != nil {
		return err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	if err := fill(ctx, tx, t, open); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func fill(ctx context.Context, tx pgx.Tx, t Tables, open func(string) (io.ReadCloser, error)) error {
	for _, table := range slices.Backward(t.Tables) { // rows that migrations have made are in the copy, too
		if _, err := tx.Exec(ctx, "DELETE FROM "+pgx.Identifier{table.Name}.Sanitize()); err != nil {
			return fmt.Errorf("backup: %s: %w", table.Name, err)
		}
	}
	for _, table := range t.Tables {
		from, err := open(table.Name)
		if err != nil {
			return err
		}
		tag, err := tx.Conn().PgConn().CopyFrom(ctx, from, "COPY "+table.quoted()+" FROM STDIN")
		if err = errors.Join(err, from.Close()); err != nil {
			return fmt.Errorf("backup: %s: %w", table.Name, err)
		}
		if tag.RowsAffected() != table.Rows {
			return fmt.Errorf("backup: %s: %d rows; the copy was made of %d", table.Name, tag.RowsAffected(), table.Rows)
		}
	}
	for _, s := range t.Sequences {
		if _, err := tx.Exec(ctx, "SELECT setval($1::text::regclass, $2, $3)", pgx.Identifier{s.Name}.Sanitize(), s.Value, s.Used); err != nil {
			return fmt.Errorf("backup: %s: %w", s.Name, err)
		}
	}
	return nil
}
