package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/e2e/program"
)

// certify makes a certificate by which a process proves itself to another, and
// returns its pin.
func (h *House) certify(t *testing.T, name string) (pin string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(h.Path(name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// apart is a house whose certificates are made by a process of its own. Both are on
// one database, as no operator would have it, so that the checker sees all of it.
func apart(t *testing.T) (front, issue *House) {
	t.Helper()
	front = built(t).opened(t, PostgreSQL, Shared)
	text, err := os.ReadFile(front.config)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	at, err1 := program.Free()
	public, err2 := program.Free()
	if err := errors.Join(err1, err2, os.Mkdir(front.Path("public"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"root.pem", "issuing.pem"} {
		b, err := os.ReadFile(front.world.Path("authority", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(front.Path("public", name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config["log"].(map[string]any)["origin"] = "tunnus-demo/log" // one log, too
	pins := map[string]string{"front": front.certify(t, "front"), "issue": front.certify(t, "issue")}
	write := func(path string, config map[string]any) {
		text, err := json.Marshal(config)
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	n := *front
	issue = &n
	issue.config, issue.roles, issue.cmd, issue.leave, issue.log = front.Path("issue.json"), "issue", nil, nil, &program.Output{}
	issue.url, issue.http = "http://"+public, issue.unkept
	write(issue.config, map[string]any{
		"data": "issue", "scheme": "tunnus-demo", "sandbox": true, "authority": "world/authority", "database_file": "database.url", "log": config["log"], "second": "second.db",
		"public_listen": public, "public_url": "http://" + public,
		"remote": map[string]any{
			"certificate_file": "issue.pem", "key_file": "issue.key", "listen": at, "callers": []any{map[string]any{"certificate_sha256": pins["front"]}},
		},
	})
	config["authority"], config["public_url"] = "public", "http://"+public
	config["remote"] = map[string]any{
		"certificate_file": "front.pem", "key_file": "front.key", "issue": map[string]any{"url": "https://" + at, "certificate_sha256": pins["issue"]},
	}
	write(front.config, config)
	front.roles, front.ocsp = "front,keyshare", "http://"+public+"/ocsp"
	return front, issue
}

// F17: the process that makes certificates is down when they are wanted: the app is
// told that a part of the service does not answer, asks again, and gives up after
// some time; nothing was made, and once it is there, the registration goes on to the
// same account. The process is killed in the middle, too, and stopped for a while.
func TestIssueFails(t *testing.T) {
	front, issue := apart(t)
	start := func(h *House) {
		t.Helper()
		if err := h.Start(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	start(issue)
	start(front)
	t.Cleanup(issue.Kill)
	t.Run("down", func(t *testing.T) {
		issue.Kill()
		p := front.person(t, "ben")
		done := make(chan error, 1)
		go func() { done <- p.Register(t.Context()) }()
		front.soon(t, "key.modulus", 2, done)
		time.Sleep(12 * time.Second) // longer than the app asks by itself
		if err := front.Check(t.Context(), false); err != nil {
			t.Error("while it is down:", err)
		}
		start(issue)
		err := <-done
		for range Patience {
			if !errors.Is(err, line.ErrBroken) {
				break
			}
			err = p.Register(t.Context())
		}
		if err != nil {
			t.Fatalf("%v; %s", err, front.Tail())
		}
		front.wellEnded(t)
	})
	t.Run("killed in the middle", func(t *testing.T) {
		done := front.register(t, "hana")
		front.soon(t, "cert.intent", 2+1, done)
		issue.Kill()
		start(issue)
		if err := <-done; err != nil {
			t.Fatalf("%v; %s", err, front.Tail())
		}
		front.wellEnded(t)
	})
	t.Run("slow", func(t *testing.T) {
		done := front.register(t, "ada")
		front.soon(t, "key.bind", 2*2+1, done)
		if err := issue.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Second)
		if err := issue.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatalf("%v; %s", err, front.Tail())
		}
		front.wellEnded(t)
	})
}
