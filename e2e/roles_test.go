package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// A process is one running `tunnus serve --roles …`.
type process struct {
	*split
	role  string
	at    string // where other processes call it
	cmd   *exec.Cmd
	ended chan error
}

// A split is a service of three processes. The front is the server that phones
// and relying parties see.
type split struct {
	*server
	keyshare, issue *process
}

// startSplit makes a world, and the three processes in it. Change may alter the
// configuration of each, by role.
func startSplit(t testing.TB, change ...func(role string, config map[string]any)) *split {
	t.Helper()
	folder := models(t)
	s := &split{server: &server{t: t, dir: t.TempDir(), log: &program.Output{}, box: mailbox.New(tunnus.SystemClock{}, 50)}}
	s.world = copyWorld(t, filepath.Join(s.dir, "world"))
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() { _ = s.box.Serve(ctx, smtp) }()
	s.keyshare = &process{split: s, role: "keyshare", at: free(t)}
	s.issue = &process{split: s, role: "issue", at: free(t)}
	published := free(t)
	public := s.certificates("world/authority", "public")
	pins := map[string]string{}
	for _, name := range []string{"front", "keyshare", "issue", "stranger"} {
		pins[name] = s.certify(name)
	}
	serves := func(p *process) map[string]any {
		return map[string]any{
			"certificate_file": p.role + ".pem", "key_file": p.role + ".key", "listen": p.at,
			"callers": []any{map[string]any{"certificate_sha256": pins["front"]}},
		}
	}
	write := func(file, role string, config map[string]any) {
		for _, c := range change {
			c(role, config)
		}
		s.write(file, config)
	}
	write("keyshare.json", "keyshare", map[string]any{
		"data": "keyshare", "keys": "keyshare/keys", "scheme": "tunnus-demo", "sandbox": true, "key_pool": 4, "remote": serves(s.keyshare),
	})
	write("issue.json", "issue", map[string]any{
		"data": "issue", "scheme": "tunnus-demo", "sandbox": true, "authority": "world/authority", "remote": serves(s.issue),
		"public_listen": published, "public_url": "http://" + published,
	})
	address := free(t)
	s.url = "https://" + address
	write("config.json", "front", map[string]any{
		"listen": address, "data": "server", "keys": "server/keys", "scheme": "tunnus-demo", "sandbox": true,
		"tls":       map[string]string{"certificate_file": "world/tls/server.pem", "key_file": "world/tls/server.key"},
		"authority": public, "public_url": "http://" + published, "trust_list": "world/trust", "scheme_file": "world/scheme.json", "register_file": "world/register.json", "models": folder,
		"smtp":            map[string]any{"host": "127.0.0.1", "port": smtp.Addr().(*net.TCPAddr).Port, "from": "tunnus <no-reply@id.example>", "tls": "none"},
		"relying_parties": []any{map[string]any{"uuid": partyUUID, "names": []string{partyName}, "networks": []string{"127.0.0.0/8"}}},
		"remote": map[string]any{
			"certificate_file": "front.pem", "key_file": "front.key",
			"keyshare": map[string]any{"url": "https://" + s.keyshare.at, "certificate_sha256": pins["keyshare"]},
			"issue":    map[string]any{"url": "https://" + s.issue.at, "certificate_sha256": pins["issue"]},
		},
	})
	s.trustServer()
	s.keyshare.run()
	s.issue.run()
	s.runFront()
	t.Cleanup(func() {
		s.kill()
		s.keyshare.kill()
		s.issue.kill()
		if lintAll(t, s.dir) < len(ownCertificates) {
			t.Error("zlint saw fewer certificates than the authority itself has")
		}
	})
	return s
}

// free is an address that nobody listens on now.
func free(t testing.TB) string {
	t.Helper()
	address, err := program.Free()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// certificates copies the certificates of a folder, and no key.
func (s *split) certificates(from, to string) string {
	s.t.Helper()
	if err := os.Mkdir(filepath.Join(s.dir, to), 0o700); err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"root.pem", "issuing.pem"} {
		b, err := os.ReadFile(filepath.Join(s.dir, from, name))
		if err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, to, name), b, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	return to
}

// certify makes a certificate that a process proves itself by, and its pin.
func (s *split) certify(name string) (pin string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(s.dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func (s *split) trustServer() {
	s.t.Helper()
	text, err := os.ReadFile(s.world.Path("tls", "ca.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	s.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

// spawn starts a process with some roles.
func (s *split) spawn(config, role string) (*exec.Cmd, chan error) {
	s.t.Helper()
	cmd := exec.Command(binary, "serve", "--roles", role, "--config", filepath.Join(s.dir, config))
	cmd.Stderr = s.log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd, ended
}

// run starts a process and waits until it listens.
func (p *process) run() {
	p.t.Helper()
	p.cmd, p.ended = p.spawn(p.role+".json", p.role)
	for range 500 {
		if c, err := net.Dial("tcp", p.at); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("%s is not ready: %s", p.role, p.log)
}

func (s *split) runFront() {
	s.t.Helper()
	began := time.Now()
	s.cmd, s.ended = s.spawn("config.json", "front")
	for range 500 {
		if resp, err := s.http.Get(s.url + "/health"); err == nil {
			_ = resp.Body.Close()
			s.ready = time.Since(began)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("the front is not ready: %s", s.log)
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.ended <- nil
}

// rows reads one number from the database of a process, beside it.
func (s *split) rows(folder, query string) int {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, folder, "tunnus.db")+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// register makes an account for ben.
func (s *split) register() (*holder, *app.App, client.Subject) {
	s.t.Helper()
	h := s.newHolder("ben")
	a := s.phone(h, "ben.phone")
	account, err := a.Register(s.t.Context())
	if err != nil {
		s.t.Fatalf("%s; asked %v; server: %s", app.Explain(err), h.asked, s.log)
	}
	return h, a, client.Subject{Number: account.Document}
}

// logIn is one log-in with everything right.
func (s *split) logIn(a *app.App, who client.Subject) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	done := answer(ctx, a)
	if _, err := s.ask(ctx, who); err != nil {
		s.t.Fatalf("log-in: %v; server: %s", err, s.log)
	}
	if err := <-done; err != nil {
		s.t.Errorf("app: %v", err)
	}
}

// The whole way through three processes; each has only the rows that are its own,
// and the front knows no file of another's secrets.
func TestRolesRegisterAndLogIn(t *testing.T) {
	s := startSplit(t)
	h, a, who := s.register()
	s.logIn(a, who)
	for _, tt := range []struct {
		folder, table string
		want          bool
	}{
		{"server", "keyshare_key", false},
		{"server", "keyshare_evaluation", false},
		{"server", "keyshare_transaction", false},
		{"server", "keyshare_pool", false},
		{"server", "keyshare_modulus", false},
		{"server", "certificate", false},
		{"server", "account", true},
		{"keyshare", "keyshare_key", true},
		{"keyshare", "keyshare_evaluation", true},
		{"keyshare", "account", false},
		{"keyshare", "enrol_session", false},
		{"keyshare", "certificate", false},
		{"keyshare", "audit_line", true},
		{"issue", "certificate", true},
		{"issue", "account", false},
		{"issue", "keyshare_key", false},
		{"issue", "audit_line", true},
	} {
		if n := s.rows(tt.folder, "SELECT count(*) FROM "+tt.table); (n > 0) != tt.want {
			t.Errorf("%s has %d rows of %s; wanted: %v", tt.folder, n, tt.table, tt.want)
		}
	}
	for _, secret := range []string{"server/keys/voprf.key", "server/keys/modulus.key", "public/issuing.key", "keyshare/keys/session.key", "keyshare/keys/ledger.secret"} {
		if _, err := os.Stat(filepath.Join(s.dir, secret)); err == nil {
			t.Errorf("%s is there", secret)
		}
	}
	config, err := os.ReadFile(filepath.Join(s.dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"world/authority", "keyshare/keys", "keyshare.key", "issue.key"} {
		if bytes.Contains(config, []byte(secret)) {
			t.Errorf("the front's configuration names %s", secret)
		}
	}
	s.checkLog(h, who.Number)
}

// A front that is given the CA's key does not start.
func TestRolesFrontRefusesTheAuthoritysKey(t *testing.T) {
	s := startSplit(t)
	s.kill()
	b, err := os.ReadFile(s.world.Path("authority", "issuing.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "public", "issuing.key"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "serve", "--roles", "front", "--config", filepath.Join(s.dir, "config.json")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "issuing.key lies in a folder of a process that has not the role issue") {
		t.Errorf("%v: %s", err, out)
	}
}

// call is one remote call by hand, with the certificate of whoever, or none.
func (s *split) call(as, at, method, body string) (status int, answer string, err error) {
	s.t.Helper()
	config := &tls.Config{InsecureSkipVerify: true} // whom it calls is not the question here
	if as != "" {
		cert, err := tls.LoadX509KeyPair(filepath.Join(s.dir, as+".pem"), filepath.Join(s.dir, as+".key"))
		if err != nil {
			s.t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer c.CloseIdleConnections()
	resp, err := c.Post("https://"+at+"/remote/v1/"+method, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// Nobody but the front is served, and the front only what there is; what it hands
// over is judged as if a stranger had.
func TestRolesStrangersAreRefused(t *testing.T) {
	s := startSplit(t)
	for _, at := range []string{s.keyshare.at, s.issue.at} {
		for _, as := range []string{"", "stranger", "keyshare", "issue"} {
			if status, body, err := s.call(as, at, "keyshare/settle", `{}`); err == nil {
				t.Errorf("%q was answered %d: %s", as, status, body)
			}
		}
	}
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := device.Sign(key, device.Request{Method: "POST", Path: "/app/v1/keys", Body: []byte(`{"type":"key-status","key":"k","generation":1,"one_time":"AAAA"}`)})
	if err != nil {
		t.Fatal(err)
	}
	signed.Request.Body = []byte(`{"type":"key-status","key":"j","generation":1,"one_time":"AAAA"}`)
	forged, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at, method, body string
		status           int
		code             string
	}{
		{s.keyshare.at, "keyshare/settle", `{}`, 200, ""},
		{s.keyshare.at, "keyshare/sign", `{}`, 404, "not-found"},
		{s.keyshare.at, "issue/issue", `{}`, 404, "not-found"},
		{s.issue.at, "keyshare/settle", `{}`, 404, "not-found"},
		{s.keyshare.at, "keyshare/outcome", `{"transaction":"t","em":"AAAA"}`, 400, "unknown-field"},
		{s.keyshare.at, "keyshare/offer", `{"ID":"1","KeyID":"k","Kind":"acsp","Record":"e30=","Hash":"SHA-512","ExpiresAt":"2030-01-01T00:00:00Z","Allowed":true}`, 400, "unknown-field"},
		{s.keyshare.at, "keyshare/message", string(forged), 401, "bad-signature"},
		{s.keyshare.at, "keyshare/key", `{"key":"` + strings.Repeat("x", 600<<10) + `"}`, 413, "too-large"},
	} {
		status, body, err := s.call("front", tt.at, tt.method, tt.body)
		if err != nil || status != tt.status || !strings.Contains(body, tt.code) {
			t.Errorf("%s %.60s: %d %s, %v; want %d %s", tt.method, tt.body, status, body, err, tt.status, tt.code)
		}
	}
}
