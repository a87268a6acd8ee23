package faults

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/e2e/faults/check"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// The databases.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgres"
)

// A House is one server with the world around it.
type House struct {
	build  *Build
	dir    string
	config string // file
	engine string
	world  *sandbox.World
	box    *mailbox.Box
	url    string
	roots  *x509.CertPool // of its TLS certificate
	http   *http.Client
	unkept *http.Client // of which the diary hears nothing
	diary  *check.Diary
	log    *program.Output
	db     *sql.DB
	logs   string             // folder of the transparency log
	shift  *atomic.Int64      // of the clock
	roles  string             // of its process; "": all
	ocsp   string             // its responder
	leave  context.CancelFunc // of what belongs to the house

	checker *check.Checker // while nobody serves
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has gone
}

// Open makes a house on an engine. Its server is not started yet. Change may alter
// its configuration.
func (b *Build) Open(ctx context.Context, engine string, change ...func(config map[string]any)) (h *House, err error) {
	dir, err := os.MkdirTemp(b.Dir, "h")
	if err != nil {
		return nil, err
	}
	h = &House{build: b, dir: dir, config: filepath.Join(dir, "config.json"), engine: engine, box: mailbox.New(tunnus.SystemClock{}, 200), log: &program.Output{}, shift: &atomic.Int64{}}
	h.diary = &check.Diary{Now: h.now}
	if h.world, err = program.CopyWorld(filepath.Join(b.Dir, "world"), h.Path("world")); err != nil {
		return nil, err
	}
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var work context.Context
	work, h.leave = context.WithCancel(context.WithoutCancel(ctx))
	go func(box *mailbox.Box) { _ = box.Serve(work, smtp) }(h.box) // h is nil behind a failure
	status, err := h.cards(work)
	if err == nil {
		err = h.configure(ctx, smtp.Addr().(*net.TCPAddr).Port, status, change)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := h.client(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Path is a place in the folder of the house.
func (h *House) Path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// Party is a relying party that the house knows.
const (
	PartyUUID = "00000000-0000-4000-8000-000000000000"
	PartyName = "DEMO"
)

func (h *House) configure(ctx context.Context, smtp int, status string, change []func(map[string]any)) error {
	address, err := program.Free()
	if err != nil {
		return err
	}
	h.url, h.ocsp = "https://"+address, "https://"+address+"/ocsp"
	portal, err := h.world.PortalConfig(h.dir, status)
	if err != nil {
		return err
	}
	config := map[string]any{
		"listen": address, "origin": h.url, "portal": portal, "data": "server", "keys": "keys", "scheme": "tunnus-demo", "sandbox": true, "key_pool": 8, "second": "second.db",
		"tls":       map[string]string{"certificate_file": "world/tls/server.pem", "key_file": "world/tls/server.key"},
		"authority": "world/authority", "trust_list": "world/trust", "scheme_file": "world/scheme.json", "register_file": "world/register.json", "models": h.build.Models,
		"smtp":            map[string]any{"host": "127.0.0.1", "port": smtp, "from": "tunnus <no-reply@id.example>", "tls": "none"},
		"relying_parties": []any{map[string]any{"uuid": PartyUUID, "names": []string{PartyName}, "networks": []string{"127.0.0.0/8"}}},
	}
	where := h.Path("server", "tunnus.db")
	if h.engine == PostgreSQL {
		p, err := h.build.Postgres(ctx)
		if err != nil {
			return err
		}
		if where, err = p.Database(ctx); err != nil {
			return err
		}
		config["database_file"] = "database.url"
		if err := os.WriteFile(h.Path("database.url"), []byte(where+"\n"), 0o600); err != nil {
			return err
		}
	}
	for _, c := range change {
		c(config)
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if h.db, err = open(h.engine, where); err != nil {
		return err
	}
	h.logs = logsOf(config, h.dir)
	return os.WriteFile(h.config, text, 0o600)
}

// logsOf is the folder of the transparency log.
func logsOf(config map[string]any, dir string) string {
	if l, ok := config["log"].(map[string]any); ok {
		return filepath.Join(dir, l["folder"].(string))
	}
	return filepath.Join(dir, "server", "log")
}

// open prepares connections that only look.
func open(engine, where string) (*sql.DB, error) {
	if engine == PostgreSQL {
		return sql.Open("pgx", where)
	}
	return sql.Open("sqlite", "file:"+where+"?_pragma=query_only(1)&_pragma=busy_timeout(5000)")
}

func (h *House) client() error {
	text, err := os.ReadFile(h.world.Path("tls", "ca.pem"))
	if err != nil {
		return err
	}
	h.roots = x509.NewCertPool()
	h.roots.AppendCertsFromPEM(text)
	h.unkept = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.roots}}}
	h.http = &http.Client{Transport: h.diary.Keep(h.unkept.Transport)}
	house, err := h.sight()
	if err != nil {
		return err
	}
	h.checker = check.New(house)
	return nil
}

// sight is what the checker looks at.
func (h *House) sight() (check.House, error) {
	text, err := os.ReadFile(h.world.Path("authority", "issuing.pem"))
	if err != nil {
		return check.House{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return check.House{}, errors.New("issuing.pem: no PEM")
	}
	issuing, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return check.House{}, err
	}
	people, err := sandbox.People()
	if err != nil {
		return check.House{}, err
	}
	var canaries []string
	for _, p := range people {
		canaries = append(canaries, p.Surname, p.GivenNames, p.Code.Value(), p.Number, p.Name+"@example.test")
	}
	canaries = append(canaries, pin1, pin2, phoneNumber)
	canaries = append(canaries, h.oneTime()...)
	return check.House{
		DB: h.db, Postgres: h.engine == PostgreSQL, Log: h.logs, LogKey: h.Path("server", "log.pub"),
		Client: &http.Client{Transport: h.http.Transport, Timeout: 20 * time.Second}, Issuing: issuing, Diary: h.diary, Now: h.now, Printed: h.log.String, Canaries: canaries, Used: h.used,
	}, nil
}

// Start starts the server, with a trap in it unless that is "", and waits until it
// answers.
func (h *House) Start(ctx context.Context, trap string) error {
	args := []string{"serve", "--config", h.config}
	if h.roles != "" {
		args = append(args, "--roles", h.roles)
	}
	h.cmd = exec.Command(h.build.Program, args...)
	h.cmd.Env = append(os.Environ(), "TUNNUS_FAULT="+trap, "TUNNUS_FAULT_CLOCK="+h.Path("clock"))
	h.cmd.Stderr = h.log
	if err := h.cmd.Start(); err != nil {
		return err
	}
	h.ended = make(chan struct{})
	go func(c *exec.Cmd, ended chan struct{}) { _ = c.Wait(); close(ended) }(h.cmd, h.ended)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		resp, err := h.http.Get(h.url + "/health")
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-h.ended:
			if trap != "" {
				return nil // it has met its trap already; who waits for that will see
			}
			return fmt.Errorf("the server ended: %s", h.Tail())
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
	}
	return fmt.Errorf("the server is not ready: %s", h.Tail())
}

// Tail is the end of what the server has written.
func (h *House) Tail() string { return h.log.Tail() }

// Ended is closed once the process that was started last has gone.
func (h *House) Ended() <-chan struct{} { return h.ended }

// Kill is kill -9, and waits until the process has gone.
func (h *House) Kill() {
	if h.cmd != nil && h.cmd.Process != nil {
		_ = h.cmd.Process.Kill()
		<-h.ended
	}
}

// Close ends the server and what belongs to the house.
func (h *House) Close() error {
	h.Kill()
	if h.leave != nil {
		h.leave()
	}
	if h.db == nil {
		return nil
	}
	return h.db.Close()
}

// now is the time of the server.
func (h *House) now() time.Time { return time.Now().Add(time.Duration(h.shift.Load())) }

// Shift puts the clock of the server forward or back.
func (h *House) Shift(by time.Duration) error {
	h.shift.Store(int64(by))
	next := h.Path("clock.new")
	if err := os.WriteFile(next, []byte(by.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, h.Path("clock"))
}

// Forward puts the clock of the server forward from where it stands.
func (h *House) Forward(by time.Duration) error { return h.Shift(time.Duration(h.shift.Load()) + by) }

// Earlier does something in the past, of which the diary must not tell: sessions of days
// ago are forgotten by now.
func (h *House) Earlier(by time.Duration, do func() error) error {
	kept := h.http
	h.http = h.unkept
	defer func() { h.http = kept }()
	if err := h.Shift(-by); err != nil {
		return err
	}
	return errors.Join(do(), h.Shift(0))
}

// World is the sandbox's folder.
func (h *House) World() *sandbox.World { return h.world }

// URL is where the server is.
func (h *House) URL() string { return h.url }

// Roots are those of the server's TLS certificate.
func (h *House) Roots() *x509.CertPool { return h.roots }

// Config is the file of the configuration.
func (h *House) Config() string { return h.config }

// Check looks at everything: at the answers of the responder, too, if somebody serves.
func (h *House) Check(ctx context.Context, serving bool) error {
	faults, err := h.checker.Check(ctx, h.responder(serving))
	for _, f := range faults {
		err = errors.Join(err, errors.New(f.String()))
	}
	return err
}

func (h *House) responder(serving bool) string {
	if !serving {
		return ""
	}
	return h.ocsp
}
