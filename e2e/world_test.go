package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/e2e/program"
	face "github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// binary is the program under test, and worldDir a sandbox that every server
// gets a copy of; TestMain makes both once, because authorities take seconds.
var binary, worldDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tunnus-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "tunnus")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/tunnus").CombinedOutput(); err != nil {
		panic(string(out))
	}
	worldDir = filepath.Join(dir, "world")
	began := time.Now().Add(-worldAge)
	if _, err := sandbox.Open(worldDir, tunnus.ClockFunc(func() time.Time { return began })); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// worldAge is how long ago the world began: some accounts have to be some days old.
const worldAge = 5 * 24 * time.Hour

// models finds the face engine's files.
func models(t testing.TB) string {
	t.Helper()
	dir, err := program.Models("..")
	if err != nil {
		need.Missing(t, err.Error())
	}
	return dir
}

// A server is a running `tunnus serve` with the world around it.
type server struct {
	t     testing.TB
	dir   string
	world *sandbox.World
	box   *mailbox.Box
	url   string
	cmd   *exec.Cmd
	ended chan error
	log   *program.Output
	http  *http.Client
	ready time.Duration // from start to the first answer
}

const (
	partyUUID = "00000000-0000-4000-8000-000000000000"
	partyName = "DEMO"
)

// start makes a world and a server in it. Change may alter its configuration.
func start(t testing.TB, change ...func(config map[string]any)) *server {
	t.Helper()
	folder := models(t)
	s := &server{t: t, dir: t.TempDir(), log: &program.Output{}, box: mailbox.New(tunnus.SystemClock{}, 50)}
	s.world = copyWorld(t, filepath.Join(s.dir, "world"))
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() { _ = s.box.Serve(ctx, smtp) }()
	address := free(t)
	s.url = "https://" + address
	config := map[string]any{
		"listen": address, "data": "server", "keys": "keys", "scheme": "tunnus-demo", "sandbox": true, "key_pool": 4,
		"tls":       map[string]string{"certificate_file": "world/tls/server.pem", "key_file": "world/tls/server.key"},
		"authority": "world/authority", "trust_list": "world/trust", "scheme_file": "world/scheme.json", "register_file": "world/register.json", "models": folder,
		"smtp":            map[string]any{"host": "127.0.0.1", "port": smtp.Addr().(*net.TCPAddr).Port, "from": "tunnus <no-reply@id.example>", "tls": "none"},
		"relying_parties": []any{map[string]any{"uuid": partyUUID, "names": []string{partyName}, "networks": []string{"127.0.0.0/8"}}},
	}
	for _, c := range change {
		c(config)
	}
	s.write("config.json", config)
	pem, err := os.ReadFile(s.world.Path("tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	s.run()
	t.Cleanup(func() {
		s.kill()
		if lintAll(t, s.dir) < len(ownCertificates) {
			t.Error("zlint saw fewer certificates than the authority itself has")
		}
	})
	return s
}

// ownCertificates are those that each world begins with.
var ownCertificates = []string{"root.pem", "issuing.pem", "stamp.pem"}

// copyWorld copies the sandbox, with keys that only their owner may read, as
// their originals are.
func copyWorld(t testing.TB, dir string) *sandbox.World {
	t.Helper()
	w, err := program.CopyWorld(worldDir, dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (s *server) write(name string, v any) {
	s.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name), b, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run starts the process and waits until it is ready.
func (s *server) run() {
	s.t.Helper()
	s.cmd = exec.Command(binary, "serve", "--config", filepath.Join(s.dir, "config.json"))
	s.cmd.Stderr = s.log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	go func(c *exec.Cmd, ended chan error) { ended <- c.Wait() }(s.cmd, s.ended)
	for range 500 {
		resp, err := s.http.Get(s.url + "/health")
		if err == nil {
			_ = resp.Body.Close()
			s.ready = time.Since(began)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("the server is not ready: %s", s.log)
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.ended <- nil
}

// A holder is a person with a phone: what they type, and what their phone senses.
type holder struct {
	person   sandbox.Person
	passport *virtual.Passport
	looks    face.Person
	typed    map[string][]string // answers by key, each used once; the last one stays
	asked    []string
	told     []string
	box      *mailbox.Box
	since    time.Time
}

var errNoAnswer = errors.New("nobody expected that question")

// newHolder is one of the cast who does everything right.
func (s *server) newHolder(name string) *holder {
	s.t.Helper()
	who, err := sandbox.Find(name)
	if err != nil {
		s.t.Fatal(err)
	}
	passport, err := s.world.Passport(name)
	if err != nil {
		s.t.Fatal(err)
	}
	looks, err := who.Looks()
	if err != nil {
		s.t.Fatal(err)
	}
	return &holder{
		person: who, passport: passport, looks: looks, box: s.box, since: time.Now(),
		typed: map[string][]string{
			"terms": {"yes"}, "consent": {"yes"}, "country": {"XX"}, "surname": {who.Surname}, "given-names": {who.GivenNames},
			"person-code": {who.Code.Value()}, "document": {who.Number}, "email": {name + "@example.test"}, "face": {"ready"},
			"pin1": {"4719"}, "pin1-again": {"4719"}, "pin2": {"83052"}, "pin2-again": {"83052"}, "answer": {"confirm"},
		},
	}
}

// phone opens the app of a holder on a state file of its own.
func (s *server) phone(h *holder, state string) *app.App {
	s.t.Helper()
	return s.speaking(h, state, phrases.English)
}

// speaking opens it in a language.
func (s *server) speaking(h *holder, state string, in phrases.Language) *app.App {
	s.t.Helper()
	vault, err := vault.Open(filepath.Join(s.dir, state), tunnus.NewSecret([]byte("passphrase")))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = vault.Close() })
	a, err := app.New(app.Config{
		Vault: vault, Server: s.url, Client: s.http, Screen: h, Body: h, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6", Model: "test phone"}, Language: in,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := a.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// Tell implements app.Screen.
func (h *holder) Tell(text string) { h.told = append(h.told, text) }

// Progress implements app.Screen.
func (h *holder) Progress(string, int, int) {}

// Ask implements app.Screen.
func (h *holder) Ask(ctx context.Context, key, _ string) (string, error) {
	h.asked = append(h.asked, key)
	list := h.typed[key]
	if key == "otp" && len(list) == 0 {
		return h.readCode(ctx)
	}
	if len(list) == 0 {
		return "", errNoAnswer
	}
	if len(list) > 1 {
		h.typed[key] = list[1:]
	}
	return list[0], nil
}

// AskSecret implements app.Screen.
func (h *holder) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := h.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

// Choose implements app.Screen.
func (h *holder) Choose(ctx context.Context, key, text string, _ []string) (string, error) {
	return h.Ask(ctx, key, text)
}

// CodeLine implements app.Body.
func (h *holder) CodeLine(context.Context) (string, error) { return h.passport.Zone().String(), nil }

// Chip implements app.Body.
func (h *holder) Chip(context.Context) (chip.Transceiver, error) {
	h.passport.Reset()
	return h.passport, nil
}

// Frames implements app.Body.
func (h *holder) Frames(_ context.Context, n int) ([][]byte, error) { return h.looks.Frames(n, 7), nil }

// codeInMail is the line of a code, in any language.
var codeInMail = regexp.MustCompile(`(?m)^[^0-9\n]*\b([0-9]{6})\r?$`)

func (h *holder) readCode(ctx context.Context) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	for {
		for _, m := range h.box.Mails() {
			if found := codeInMail.FindStringSubmatch(m.Text); found != nil && m.At.After(h.since) && slices.Contains(m.To, h.person.Name+"@example.test") {
				return found[1], nil
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
