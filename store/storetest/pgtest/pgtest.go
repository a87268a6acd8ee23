// Package pgtest starts a private PostgreSQL for the tests of one package.
//
// TUNNUS_TEST_POSTGRES names a server that runs already, by the URL of a database
// whose user may make others; tests that crash the server are left out then. Else
// the server is the one that is installed (Debian's postgresql-15 or one in
// PATH). It listens on a Unix socket only, syncs what it commits, as a real one
// must, and runs as the user postgres if the tests run as root. Use it so:
//
//	var cluster pgtest.Cluster
//
//	func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }
//
//	func TestX(t *testing.T) { s, err := store.Open(t.Context(), cluster.Database(t)) … }
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tunnus-id/tunnus/need"
)

// A Cluster is one PostgreSQL server, started when the first database is asked
// for. Its zero value is ready. It is safe for use by parallel tests.
type Cluster struct {
	once   sync.Once
	err    error
	given  *url.URL // a server that runs already; nil: our own
	dir    string
	as     *syscall.Credential // whom the server runs as; nil for who runs the tests
	server *exec.Cmd

	filling sync.Once
	filled  string // URL of what Filled copies; "" if it could not be made

	mu    sync.Mutex
	names int
	free  map[string][]string // by template: copies that nobody uses
}

// Run runs the tests of a package, stops the server if one was started, and
// returns the exit code.
func (c *Cluster) Run(m *testing.M) int {
	defer c.Stop()
	return m.Run()
}

// Database returns the URL of a new, empty database, which is dropped after the
// test. Without PostgreSQL the test is skipped, or fails if TUNNUS_TEST is all.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := c.create(t, "")
	c.dropAfter(t, name)
	return c.url(name)
}

// Filled is [Cluster.Database] with the schema that fill gives a database, which it
// does once for all tests of the package; it must write no rows and leave no connection.
func (c *Cluster) Filled(t testing.TB, fill func(url string) error) string {
	t.Helper()
	c.filling.Do(func() {
		url := c.Lasting(t)
		if err := fill(url); err != nil {
			t.Fatal(err)
		}
		c.filled = url
	})
	if c.filled == "" {
		need.Missing(t, "no database of PostgreSQL; the first test that wanted one says why")
	}
	return c.Copy(t, c.filled)
}

// Lasting is [Cluster.Database] for one that stays until the server is stopped.
func (c *Cluster) Lasting(t testing.TB) string {
	t.Helper()
	return c.url(c.create(t, ""))
}

// Copy is [Cluster.Database] with the schema of the database at the URL, which
// must hold no rows but those of goose and of the jobs, and to which nobody may be connected.
// Copies are emptied after the test and used again: making one takes long.
func (c *Cluster) Copy(t testing.TB, url string) string {
	t.Helper()
	u, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	free := c.free[u.Database]
	name := ""
	if n := len(free); n > 0 {
		name, c.free[u.Database] = free[n-1], free[:n-1]
	}
	c.mu.Unlock()
	if name == "" {
		name = c.create(t, " TEMPLATE "+u.Database)
	}
	t.Cleanup(func() {
		if err := c.empty(name); err != nil {
			t.Log("a database is not used again:", err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.free == nil {
			c.free = map[string][]string{}
		}
		c.free[u.Database] = append(c.free[u.Database], name)
	})
	return c.url(name)
}

// empty deletes all rows of a database, past its triggers.
func (c *Cluster) empty(name string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url(name))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var all string
	err = conn.QueryRow(ctx, `SELECT coalesce(string_agg(format('DELETE FROM %I.%I;', schemaname, tablename), ' '), '')
		FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT IN ('goose_db_version', 'river_migration')`).Scan(&all)
	if err != nil {
		return err
	}
	return PastTriggers(ctx, conn, all)
}

// PastTriggers runs statements that no trigger sees, those included that see everything
// (ENABLE ALWAYS), and leaves the triggers as they were.
func PastTriggers(ctx context.Context, conn *pgx.Conn, statements string) error {
	var off, on string
	err := conn.QueryRow(ctx, `SELECT coalesce(string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I;', tgrelid::regclass, tgname), ' '), ''),
		coalesce(string_agg(format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I;', tgrelid::regclass, tgname), ' '), '')
		FROM pg_trigger WHERE tgenabled = 'A'`).Scan(&off, &on)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SET lock_timeout = '5s'; SET session_replication_role = replica; BEGIN; "+off+statements+on+"COMMIT")
	return err
}

func (c *Cluster) create(t testing.TB, how string) string {
	t.Helper()
	c.once.Do(func() { c.err = c.start() })
	if errors.Is(c.err, exec.ErrNotFound) {
		need.Missing(t, "PostgreSQL is not installed: "+c.err.Error())
	}
	if c.err != nil {
		t.Fatal("PostgreSQL:", c.err)
	}
	c.mu.Lock()
	defer c.mu.Unlock() // one at a time: a template must not be in use
	c.names++
	name := fmt.Sprintf("test%d", c.names)
	if c.given != nil { // beside those of other packages
		name = fmt.Sprintf("test%d_%d", os.Getpid(), c.names)
	}
	if err := c.exec(t.Context(), "CREATE DATABASE "+name+how); err != nil {
		t.Fatal(err)
	}
	return name
}

func (c *Cluster) dropAfter(t testing.TB, name string) {
	t.Cleanup(func() {
		if err := c.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Log(err)
		}
	})
}

func (c *Cluster) url(database string) string {
	if c.given != nil {
		if database == own {
			return c.given.String()
		}
		u := *c.given
		u.Path = "/" + database
		return u.String()
	}
	return "postgres:///" + database + "?" + url.Values{"host": {c.dir}, "user": {"postgres"}}.Encode()
}

// own is the server's own database: of one that is given, the one that its URL names.
const own = "postgres"

// exec runs a statement in the server's own database.
func (c *Cluster) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.url(own))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Restart kills the server as a power cut would, without a word to anybody, and
// starts it again on the same data.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	c.ours(t)
	if err := c.stop("immediate"); err != nil {
		t.Fatal(err)
	}
	if err := c.run(); err != nil {
		t.Fatal(err)
	}
}

// KillBackends kills, with SIGKILL, the processes that serve the database at the
// URL; the server then takes down all others and recovers by itself.
func (c *Cluster) KillBackends(t testing.TB, url string) {
	t.Helper()
	c.ours(t)
	u, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), c.url(own))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = $1", u.Database)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(pids) == 0 {
		t.Fatalf("%d backends, %v", len(pids), err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// ours leaves out a test that would crash somebody else's server.
func (c *Cluster) ours(t testing.TB) {
	t.Helper()
	if c.given != nil {
		need.Missing(t, "the server of TUNNUS_TEST_POSTGRES is not ours to crash")
	}
}

// start makes a data folder and runs the server on it.
func (c *Cluster) start() (err error) {
	if given := os.Getenv("TUNNUS_TEST_POSTGRES"); given != "" {
		c.given, err = url.Parse(given)
		return err
	}
	if _, err := program("postgres"); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "pg"); err != nil { // short: a socket's path has 107 bytes
		return err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(c.dir, int(uid), int(gid))); err != nil {
			return err
		}
		c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	initdb, err := c.command("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c.run()
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// run starts the server and waits until it answers.
func (c *Cluster) run() (err error) {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	c.server, err = c.command("postgres", "-D", c.data(), "-k", c.dir, "-c", "listen_addresses=",
		"-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "wal_recycle=on")
	if err != nil {
		return err
	}
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; {
		err := c.exec(context.Background(), "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return errors.Join(err, c.stop("immediate"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop stops the server and deletes its data. It does nothing if none was started.
func (c *Cluster) Stop() {
	if c.dir == "" {
		return
	}
	_ = c.stop("fast")
	_ = os.RemoveAll(c.dir)
}

// stop ends the server: "fast" in order, "immediate" as a crash.
func (c *Cluster) stop(how string) error {
	if c.server == nil {
		return nil
	}
	signal := map[string]syscall.Signal{"fast": syscall.SIGINT, "immediate": syscall.SIGQUIT}[how]
	err := c.server.Process.Signal(signal)
	_ = c.server.Wait() // says only how it ended
	c.server = nil
	return err
}

// command prepares a program of PostgreSQL, as the user it is to run as.
func (c *Cluster) command(name string, args ...string) (*exec.Cmd, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = attributes(c.as)
	return cmd, nil
}

// program finds a program of the newest PostgreSQL that is installed.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // 0 if it is no number
	return n
}
