package engine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
)

// What one node may ask of a PostgreSQL server. A statement, a lock or an idle
// transaction that takes longer is given up by the server, and the caller told.
const (
	connections    = 16 // of writers, and as many of readers
	connectionLife = 30 * time.Minute
	connectTimeout = 5 * time.Second
)

// settings of each connection, unless the URL has them.
var settings = map[string]string{
	"application_name":                    "tunnus",
	"statement_timeout":                   "10s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "10s",
	"synchronous_commit":                  "on",
	// A scan of a whole table would make a serializable transaction conflict with
	// every other one that writes there (PostgreSQL 15 manual, 13.2.3).
	"enable_seqscan": "off",
}

func (d *Database) openPostgreSQL(ctx context.Context, where string, s Schema) (err error) {
	if d.writer, err = poolPostgreSQL(where, nil); err != nil {
		return err
	}
	if err := durable(ctx, d.writer); err != nil {
		return err
	}
	if err := migratePostgreSQL(ctx, where, s); err != nil {
		return err
	}
	if d.reader, err = poolPostgreSQL(where, map[string]string{"default_transaction_read_only": "on"}); err != nil {
		return err
	}
	return d.reader.PingContext(ctx)
}

// IsPostgreSQL reports whether [Open] takes where for the URL of a PostgreSQL
// database.
func IsPostgreSQL(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Dial opens one connection to a PostgreSQL database past the pools, for what
// belongs to a connection (LISTEN), with the settings that all connections have.
func Dial(ctx context.Context, where string) (*pgx.Conn, error) {
	c, err := configPostgreSQL(where, nil)
	if err != nil {
		return nil, fmt.Errorf("store: dial: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("store: dial: %w", err)
	}
	return conn, nil
}

// poolPostgreSQL prepares connections to where, with the settings over those of the URL.
func poolPostgreSQL(where string, over map[string]string) (*sql.DB, error) {
	c, err := configPostgreSQL(where, over)
	if err != nil {
		return nil, err
	}
	p := stdlib.OpenDB(*c)
	p.SetMaxOpenConns(connections)
	p.SetMaxIdleConns(connections)
	p.SetConnMaxLifetime(connectionLife)
	return p, nil
}

func configPostgreSQL(where string, over map[string]string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(where)
	if err != nil {
		return nil, err // pgx leaves the password out
	}
	if err := private(c); err != nil {
		return nil, err
	}
	for k, v := range settings {
		if c.RuntimeParams[k] == "" {
			c.RuntimeParams[k] = v
		}
	}
	for k, v := range over {
		c.RuntimeParams[k] = v
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	return c, nil
}

// errOpenLine is told of a database to which one would speak in the clear, or
// without knowing that it is the right one.
var errOpenLine = errors.New("store: a database on another machine needs sslmode=verify-full in its URL (or verify-ca)")

// private refuses lines to other machines that are not encrypted to a server
// whose certificate is verified: what pgx does unless it is told otherwise is to
// try TLS, verify nothing, and else do without.
func private(c *pgx.ConnConfig) error {
	ways := []*pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}
	for _, w := range append(ways, c.Fallbacks...) {
		if ip, err := netip.ParseAddr(w.Host); strings.HasPrefix(w.Host, "/") || w.Host == "localhost" || err == nil && ip.IsLoopback() {
			continue
		}
		if t := w.TLSConfig; t == nil || t.InsecureSkipVerify && t.VerifyPeerCertificate == nil && t.VerifyConnection == nil {
			return errOpenLine
		}
	}
	return nil
}

// durable refuses a server whose COMMIT does not mean that the disk has it, or
// that cannot keep every text.
func durable(ctx context.Context, p *sql.DB) error {
	var errs []error
	for name, good := range map[string][]string{
		"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}, "server_encoding": {"UTF8"},
	} {
		var got string
		if err := p.QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&got); err != nil {
			return err
		}
		if !slices.Contains(good, got) {
			errs = append(errs, fmt.Errorf("the server's setting %s is %q; %q is needed", name, got, good[0]))
		}
	}
	return errors.Join(errs...)
}

// dialectLock keeps two nodes from setting the triggers at the same time.
const dialectLock = 0x74756e6e7573

// migratePostgreSQL brings the schema forward, never back, and then sets the
// triggers. Of several nodes that start, one does it and the others wait.
func migratePostgreSQL(ctx context.Context, where string, s Schema) error {
	p, err := poolPostgreSQL(where, map[string]string{
		"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
	})
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	g, err := goose.NewProvider(goose.DialectPostgres, p, s.Migrations,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := g.Up(ctx); err != nil {
		return err
	}
	if err := migrateQueueAlone(ctx, p); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if err := setDialect(ctx, p, s.PostgreSQL); err == nil || n == repeats || !repeatable(err) {
			return err
		}
	}
}

// Prepare brings an empty PostgreSQL database to a version of the schema, so that a
// copy of that version can be put into it, and sets no triggers. [Open] brings it
// forward from there.
func Prepare(ctx context.Context, where string, migrations fs.FS, version int64) error {
	p, err := poolPostgreSQL(where, map[string]string{"statement_timeout": "0", "lock_timeout": "0"})
	if err != nil {
		return fmt.Errorf("store: prepare: %w", err)
	}
	defer func() { _ = p.Close() }()
	g, err := goose.NewProvider(goose.DialectPostgres, p, migrations, goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = g.UpTo(ctx, version)
	}
	if err == nil {
		err = migrateQueueAlone(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("store: the schema of version %d: %w", version, err)
	}
	return nil
}

// queueLock keeps two nodes from making the tables of jobs at the same time.
const queueLock = 0x74756e6e7574

// migrateQueueAlone brings the tables of jobs forward; of several nodes that
// start, one does it and the others wait.
func migrateQueueAlone(ctx context.Context, p *sql.DB) (err error) {
	conn, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(queueLock)); err != nil {
		return err
	}
	defer func() {
		_, failed := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(queueLock))
		err = errors.Join(err, failed)
	}()
	return migrateQueue(ctx, riverdatabasesql.New(p))
}

// standing tells in one word which triggers there are, what they do and whether they
// are on: what somebody has dropped or switched off is set again at the next start.
const standing = `SELECT COALESCE(md5(string_agg(x, ';' ORDER BY x)), '') FROM (
  SELECT tgrelid::regclass::text || ' ' || CAST(tgenabled AS text) || ' ' || pg_get_triggerdef(t.oid) AS x
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
  UNION ALL SELECT proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'tunnus%'
) AS all_of_them`

// setDialect sets the triggers, if they are not as they were left last: that
// locks tables against all who write, who may be other nodes. A comment on
// goose's table tells what was set, and how it stood then.
func setDialect(ctx context.Context, p *sql.DB, dialect string) error {
	t, err := p.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // does nothing after a commit
	if _, err := t.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(dialectLock)); err != nil {
		return err
	}
	var last, now string
	err = t.QueryRowContext(ctx, "SELECT COALESCE(obj_description('goose_db_version'::regclass, 'pg_class'), ''), ("+standing+")").Scan(&last, &now)
	mark := fmt.Sprintf("dialect %x ", sha256.Sum256([]byte(dialect)))
	if err != nil || last == mark+now {
		return err
	}
	for _, statement := range []string{"SET LOCAL lock_timeout = '2s'", dialect} {
		if _, err := t.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := t.QueryRowContext(ctx, standing).Scan(&now); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, "COMMENT ON TABLE goose_db_version IS '"+mark+now+"'"); err != nil {
		return err
	}
	return t.Commit()
}
