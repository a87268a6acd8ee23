package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// A site is what all houses of a run share.
type site struct {
	dir      string // temporary
	program  string
	models   string
	postgres *cluster.Postgres
}

// newSite builds the program and starts a PostgreSQL that has the memory which a
// small machine would give it.
func newSite(ctx context.Context, root string) (s *site, err error) {
	s = &site{}
	if s.dir, err = os.MkdirTemp("", "tl"); err != nil {
		return nil, err
	}
	s.program = filepath.Join(s.dir, "tunnus")
	if err = program.Build(ctx, root, "load", s.program); err == nil {
		s.models, err = program.Models(root)
	}
	if err == nil {
		s.postgres, err = cluster.Start(ctx, "shared_buffers=1GB", "max_wal_size=4GB")
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) close() error {
	if s.postgres != nil {
		s.postgres.Stop()
	}
	return os.RemoveAll(s.dir)
}

// pool is how many halves of keys a server keeps ready: enough for phones that begin
// at one moment, so that a step does not take the time in which one is made.
const pool = 2 * Phones

// A house is a server on a database of its own, with its world.
type house struct {
	site     *site
	name     string
	dir      string
	pockets  string // of the phones: in memory, for a phone's disk is not ours
	database string // URL
	url      string
	tls      *tls.Config
	box      *mailbox.Box
	codes    *codes
	people   []*visitor // who have not registered yet
	come     int        // how many have
	output   *program.Output
	server   *program.Process
	leave    context.CancelFunc
}

// open makes a house for so many people, and starts its server once, which makes the
// tables; then it is stopped again.
func (s *site) open(ctx context.Context, name string, many int) (h *house, err error) {
	h = &house{
		site: s, name: name, dir: filepath.Join(s.dir, name), box: mailbox.New(tunnus.SystemClock{}, 200),
		codes: &codes{come: map[string]string{}, wake: make(chan struct{})}, output: &program.Output{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	memory := "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		memory = s.dir
	}
	if h.pockets, err = os.MkdirTemp(memory, "phones"); err != nil {
		return nil, err
	}
	world, err := sandbox.Open(filepath.Join(h.dir, "world"), tunnus.SystemClock{})
	if err != nil {
		return nil, err
	}
	if h.people, err = visitors(world, many); err != nil {
		return nil, err
	}
	if h.database, err = s.postgres.Database(ctx); err != nil {
		return nil, err
	}
	if err := h.configure(ctx, world); err != nil {
		return nil, err
	}
	return h, errors.Join(h.start(ctx), h.stop())
}

func (h *house) configure(ctx context.Context, world *sandbox.World) error {
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, h.leave = context.WithCancel(context.WithoutCancel(ctx))
	go func() { _ = h.box.Serve(ctx, smtp) }() // whoever waits for a mail tells
	go h.codes.read(ctx, h)
	address, err := program.Free()
	if err != nil {
		return err
	}
	h.url = "https://" + address
	text, err := json.Marshal(map[string]any{
		"listen": address, "data": "server", "keys": "keys", "scheme": "tunnus-demo", "sandbox": true, "key_pool": pool, "second": "second.db",
		"tls":       map[string]string{"certificate_file": "world/tls/server.pem", "key_file": "world/tls/server.key"},
		"authority": "world/authority", "trust_list": "world/trust", "scheme_file": "world/scheme.json", "register_file": "world/register.json",
		"models": h.site.models, "database_file": "database.url",
		"smtp": map[string]any{"host": "127.0.0.1", "port": smtp.Addr().(*net.TCPAddr).Port, "from": "tunnus <no-reply@id.example>", "tls": "none"},
	})
	ca, err2 := os.ReadFile(world.Path("tls", "ca.pem"))
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	h.tls = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
	return errors.Join(
		os.WriteFile(filepath.Join(h.dir, "database.url"), []byte(h.database+"\n"), 0o600),
		os.WriteFile(filepath.Join(h.dir, "config.json"), text, 0o600),
	)
}

func (h *house) start(ctx context.Context) (err error) {
	h.server, err = program.Start(h.site.program, nil, h.output, "serve", "--config", filepath.Join(h.dir, "config.json"))
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: h.tls}}
	defer client.CloseIdleConnections()
	if err := h.server.Ready(ctx, client, h.url); err != nil {
		return fmt.Errorf("%s: %w: %s", h.name, err, h.output.Tail())
	}
	return nil
}

// settle waits until the server has done what registrations leave behind: its halves
// of keys are there again, and all applications are in their containers.
func (h *house) settle(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, h.database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // it only looks
	for {
		var halves, open int
		row := conn.QueryRow(ctx, "SELECT (SELECT count(*) FROM keyshare_pool), (SELECT count(*) FROM container WHERE due > 0)")
		if err := row.Scan(&halves, &open); err != nil || halves >= pool && open == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop lets the server end as at a stop of the service.
func (h *house) stop() error {
	if h.server == nil {
		return nil
	}
	if err := h.server.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-h.server.Ended:
	case <-time.After(20 * time.Second):
		h.server.Kill()
	}
	h.server = nil
	return nil
}

func (h *house) close() error {
	err := h.stop()
	if h.leave != nil {
		h.leave()
	}
	return errors.Join(err, os.RemoveAll(h.pockets))
}

// exec gives statements to the database, one after the other.
func (h *house) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, h.database)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err = conn.Exec(ctx, s); err != nil {
			err = fmt.Errorf("%s …: %w", strings.SplitN(strings.TrimSpace(s), "\n", 2)[0], err)
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// used is the processor time until now.
func (h *house) used() (c cpu, err error) {
	var err1, err2, err3 error
	c.server, err1 = spent(h.server.Cmd.Process.Pid)
	c.postgres, err2 = spent(h.site.postgres.PID())
	var own syscall.Rusage
	err3 = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	c.phones = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return c, errors.Join(err1, err2, err3)
}
