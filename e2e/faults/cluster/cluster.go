// Package cluster runs a private server of PostgreSQL for the fault harness, which
// can die as in a power cut. It knows nothing of what is kept in it.
package cluster

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
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a private server of PostgreSQL, on a Unix socket, that syncs what it
// commits. It runs as the user postgres if the harness runs as root.
type Postgres struct {
	dir      string
	as       *syscall.Credential
	server   *exec.Cmd
	names    atomic.Int64
	settings []string
}

// Start makes a data folder and runs a server on it, with settings such as
// "shared_buffers=1GB" beside the harness's own.
func Start(ctx context.Context, settings ...string) (p *Postgres, err error) {
	return StartOn(ctx, nil, settings...)
}

// StartOn is Start with a disk of its own for the data: mount puts one under a folder
// that is empty yet. Whoever mounts it takes it away again, after [Postgres.Crash] and
// before [Postgres.Stop].
func StartOn(ctx context.Context, mount func(folder string) error, settings ...string) (p *Postgres, err error) {
	p = &Postgres{settings: settings}
	if _, err := Program("postgres"); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(p.dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if mount != nil {
		if err := p.mounted(mount); err != nil {
			return nil, err
		}
	}
	initdb, err := p.command("initdb", "-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err != nil {
		return nil, err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p, p.Run(ctx)
}

// mounted makes the data folder, with a disk under it.
func (p *Postgres) mounted(mount func(folder string) error) error {
	if err := errors.Join(os.Mkdir(p.data(), 0o700), mount(p.data())); err != nil {
		return errors.Join(err, os.RemoveAll(p.dir))
	}
	if p.as == nil {
		return nil
	}
	return os.Chown(p.data(), int(p.as.Uid), int(p.as.Gid))
}

// Data is the folder that everything is kept in.
func (p *Postgres) Data() string { return p.data() }

// Log is what the server has written to its log. It stands beside the data folder.
func (p *Postgres) Log() (string, error) {
	b, err := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(b), err
}

// Revive waits until the server answers again, and starts it anew if it does not within
// some seconds, as whoever watches over a service does. died tells that it had to.
func (p *Postgres) Revive(ctx context.Context) (died bool, err error) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = p.exec(ctx, "SELECT 1"); err == nil || ctx.Err() != nil {
			return false, err
		}
	}
	p.Crash()
	return true, p.Run(ctx)
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// Run starts the server, and waits until it answers.
func (p *Postgres) Run(ctx context.Context) (err error) {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	words := []string{"-D", p.data(), "-k", p.dir}
	for _, s := range append([]string{"listen_addresses=", "max_connections=200", "shared_buffers=64MB"}, p.settings...) {
		words = append(words, "-c", s) // of two alike the last one holds
	}
	p.server, err = p.command("postgres", words...)
	if err != nil {
		return err
	}
	p.server.Stdout, p.server.Stderr = log, log
	if err := p.server.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = p.exec(ctx, "SELECT 1"); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// PID is the process of the server; those of its connections are its children.
func (p *Postgres) PID() int { return p.server.Process.Pid }

// Crash ends the server as a power cut would ("pg_ctl stop -m immediate").
func (p *Postgres) Crash() {
	if p.server != nil {
		_ = p.server.Process.Signal(syscall.SIGQUIT)
		_ = p.server.Wait() // says only how it ended
		p.server = nil
	}
}

// Stop ends the server and removes its data.
func (p *Postgres) Stop() {
	p.Crash()
	_ = os.RemoveAll(p.dir)
}

// Database makes an empty database and returns its URL.
func (p *Postgres) Database(ctx context.Context) (string, error) {
	name := fmt.Sprintf("house%d", p.names.Add(1))
	return p.url(name), p.exec(ctx, "CREATE DATABASE "+name)
}

func (p *Postgres) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {p.dir}, "user": {"postgres"}}.Encode()
}

func (p *Postgres) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *Postgres) command(name string, args ...string) (*exec.Cmd, error) {
	path, err := Program(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Setpgid: true}
	return cmd, nil
}

// Program finds a program of the newest PostgreSQL that is installed.
func Program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return slices.Max(found), nil
}
