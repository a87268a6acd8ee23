package e2e

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/sandbox/demo"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// The demonstration itself, and what it leaves, judged by openssl and xmlsec1.
func TestDemoOnceLeavesWhatOpensslVerifies(t *testing.T) {
	folder := models(t)
	keep := t.TempDir()
	if err := os.Symlink(folder, filepath.Join(filepath.Dir(binary), "models")); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "demo", "--once", "--json", "--keep", keep)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("demo --once: %v: %s%s", err, out, &failed)
	}
	var r demo.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Steps {
		if !s.OK {
			t.Errorf("step %s failed", s.Name)
		}
	}
	if len(r.Steps) < 12 || r.Account == nil || r.Account.State != "active" || r.Account.Level != "QUALIFIED" {
		t.Errorf("report: %s", out)
	}
	if r.Login == nil || r.Login.EndResult != "OK" || !r.Login.Verified {
		t.Errorf("login: %s", out)
	}
	signedApplication(t, keep)
	lintKept(t, keep)
	openssl(t, keep, "verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "login.pem")
	openssl(t, keep, "x509", "-in", "login.pem", "-pubkey", "-noout", "-out", "login.pub")
	check := []string{
		"dgst", "-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64",
		"-verify", "login.pub", "-signature", "signature.bin", "payload.bin",
	}
	openssl(t, keep, check...)
	payload, err := os.ReadFile(filepath.Join(keep, "payload.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(payload, []byte("tunnus-demo|ACSP_V2|")) {
		t.Errorf("payload: %q", payload)
	}
	payload[len(payload)-1] ^= 1
	if err := os.WriteFile(filepath.Join(keep, "payload.bin"), payload, 0o600); err != nil {
		t.Fatal(err)
	}
	bad := exec.Command("openssl", check...)
	bad.Dir = keep
	if bad.Run() == nil {
		t.Error("openssl accepts a changed payload")
	}
}

func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		need.Missing(t, "openssl is not installed")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl %s: %v: %s", args[0], err, out)
	}
}

// party is the relying party of the tests.
func (s *server) party(change ...func(*client.Config)) *client.Client {
	s.t.Helper()
	read := func(parts ...string) []*x509.Certificate {
		b, err := os.ReadFile(s.world.Path(parts...))
		if err != nil {
			s.t.Fatal(err)
		}
		certs, err := pki.DecodeCertificates(b)
		if err != nil {
			s.t.Fatal(err)
		}
		return certs
	}
	profiles, err := pki.Sandbox().Profiles()
	if err != nil {
		s.t.Fatal(err)
	}
	policies := map[tunnus.Level][]string{}
	for _, l := range []tunnus.Level{tunnus.Advanced, tunnus.Qualified} {
		p, err := pki.Pick(profiles, pki.Login, l)
		if err != nil {
			s.t.Fatal(err)
		}
		policies[l] = p.Policies
	}
	config := client.Config{
		BaseURL: s.url + "/v3", UUID: partyUUID, Name: partyName, Scheme: "tunnus-demo", TLSRoots: read("tls", "ca.pem"),
		Roots: read("authority", "root.pem"), Issuing: read("authority", "issuing.pem"), Policies: policies, Usage: pki.UsageLogin, Level: tunnus.Qualified,
	}
	for _, f := range change {
		f(&config)
	}
	c, err := client.New(config)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// ask logs a person in: by person, or by account if a number is given.
func (s *server) ask(ctx context.Context, who client.Subject) (client.Identity, error) {
	return s.party().Authenticate(ctx, client.Ask{
		Subject: who, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in to the test"}},
	}, func(string) {})
}

// answer lets the app answer one request in the background.
func answer(ctx context.Context, a *app.App) <-chan error {
	done := make(chan error, 1)
	go func() { _, err := a.Next(ctx); done <- err }()
	return done
}

// One person goes the whole way, and logs in by person and by account.
func TestRegisterAndLogIn(t *testing.T) {
	s := start(t)
	h := s.newHolder("ben")
	a := s.phone(h, "ben.phone")
	account, err := a.Register(t.Context())
	if err != nil {
		t.Fatalf("%s; asked %v; server: %s", app.Explain(err), h.asked, s.log)
	}
	if account.State != "active" || account.Level != "QUALIFIED" || len(account.Keys) != 2 {
		t.Errorf("account %+v", account)
	}
	for _, who := range []client.Subject{{Person: h.person.Code}, {Number: account.Document}} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		done := answer(ctx, a)
		got, err := s.ask(ctx, who)
		if err != nil {
			t.Fatalf("log-in: %v; server: %s", err, s.log)
		}
		if err := <-done; err != nil {
			t.Errorf("app: %v", err)
		}
		if got.Person != h.person.Code || got.Surname != "EXAMPLE" || got.Number != account.Document {
			t.Errorf("logged in as %v", got.Number)
		}
		stop()
	}
	until(t, "the contact is told of the new account", func() bool {
		return slices.ContainsFunc(s.box.Mails(), func(m mailbox.Mail) bool {
			return strings.Contains(strings.ToLower(m.Subject), "your account is active")
		})
	})
	s.checkLog(h, account.Document)
}

// checkLog looks for what must never stand in a log (canaries).
func (s *server) checkLog(h *holder, document string) {
	s.t.Helper()
	log := s.log.String()
	if !strings.Contains(log, `"ready"`) {
		s.t.Error("the log does not hold what it should, so this test proves nothing")
	}
	for what, canary := range map[string]string{
		"a personal code": h.person.Code.Value(), "a surname": h.person.Surname, "a passport number": h.person.Number,
		"an address": h.person.Name + "@example.test", "a document number": document, "PIN2": "83052",
	} {
		if strings.Contains(log, canary) {
			s.t.Errorf("the log holds %s", what)
		}
	}
}
