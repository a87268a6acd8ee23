package issue_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	authority = sync.OnceValues(func() (pki.Authority, error) { return pki.NewAuthority(pki.Sandbox(), noon) })
)

// A counter is the CA's key, counting what it signs.
type counter struct {
	crypto.Signer
	signed int
}

func (c *counter) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	c.signed++
	return c.Signer.Sign(r, digest, o)
}

// moduli returns leaf keys; only their public halves exist.
func moduli(t testing.TB) []*rsa.PublicKey {
	t.Helper()
	f, err := os.Open("../pki/testdata/moduli.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []*rsa.PublicKey
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(sc.Text())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &rsa.PublicKey{N: new(big.Int).SetBytes(b), E: 65537})
	}
	if len(out) < 2 {
		t.Fatal("two moduli expected")
	}
	return out
}

// A rig is a service with everything around it.
type rig struct {
	*issue.Service
	store *memory
	key   *counter
	ca    pki.Authority
	cfg   issue.Config
}

// newRig makes a service; change may spoil its configuration first.
func newRig(t testing.TB, change func(*issue.Config)) *rig {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{store: &memory{lost: map[string]bool{}}, key: &counter{Signer: ca.IssuingKey}, ca: ca}
	profiles, err := pki.Sandbox().Profiles()
	if err != nil {
		t.Fatal(err)
	}
	r.cfg = issue.Config{
		Scheme: pki.Sandbox(), Profiles: profiles, Store: r.store,
		Clock: tunnus.ClockFunc(func() time.Time { return noon }),
		Issuer: func(context.Context) (issue.Issuer, error) {
			return issue.Issuer{Certificate: ca.Issuing, Key: r.key}, nil
		},
	}
	if change != nil {
		change(&r.cfg)
	}
	if r.Service, err = issue.New(r.cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// ask is a request that is in order.
func ask(t testing.TB) issue.Request {
	t.Helper()
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	birth, _ := code.BirthDate()
	return issue.Request{
		ID: "session-1/login", Account: "acc-1", Document: "PNOXX-199002140017-7K3Q-Q",
		Subject: pki.Subject{Code: code, Surname: "LOVELACE TEST", GivenNames: "ADA", Birth: birth},
		Level:   tunnus.Qualified, Purpose: pki.Login, PublicKey: moduli(t)[0], Device: "5f0c",
	}
}

func TestIssueSignsWhatRelyingPartiesAccept(t *testing.T) {
	for _, p := range []pki.Purpose{pki.Login, pki.Signature} {
		for level, suffix := range map[tunnus.Level]string{tunnus.Qualified: "-Q", tunnus.Advanced: "-NQ"} {
			t.Run(string(p)+" "+string(level), func(t *testing.T) {
				r := newRig(t, nil)
				req := ask(t)
				req.Purpose, req.Level, req.Document = p, level, "PNOXX-199002140017-7K3Q"+suffix
				got, err := r.Issue(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				h := verify(t, r.ca, got.DER)
				if h.Purpose != p || h.Level != level || h.Document != req.Document || h.Subject != req.Subject ||
					!h.PublicKey.Equal(req.PublicKey) {
					t.Errorf("the certificate says %+v, asked was %+v", h, req)
				}
				if r.key.signed != 1 {
					t.Errorf("the CA's key signed %d times, want 1", r.key.signed)
				}
			})
		}
	}
}

func TestIssueLeavesIntentAndCertificateInTheLog(t *testing.T) {
	r := newRig(t, nil)
	got, err := r.Issue(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range r.store.events {
		kinds = append(kinds, e.Kind)
		if e.Subject != "acc-1" || e.Detail["serial"] != got.Serial {
			t.Errorf("event %s is about %q and serial %q", e.Kind, e.Subject, e.Detail["serial"])
		}
		for k, v := range e.Detail {
			if strings.Contains(v, "199002140017") || strings.Contains(v, "LOVELACE") {
				t.Errorf("event %s tells personal data in %s", e.Kind, k)
			}
		}
	}
	if s := strings.Join(kinds, " "); s != "cert.intent cert.issued" {
		t.Fatalf("events: %s", s)
	}
	if d := r.store.events[0].Detail["device"]; d != "5f0c" { // R2
		t.Errorf("the intent names device %q", d)
	}
	other := ask(t)
	other.Device = "6e1d"
	if _, err := r.Issue(t.Context(), other); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the same request for another device: %v, want state-conflict", err)
	}
}

func TestIssueRefusesContradictions(t *testing.T) {
	even := new(big.Int).Sub(moduli(t)[0].N, big.NewInt(1))
	tests := []struct {
		name  string
		spoil func(*issue.Request)
	}{
		{"no id", func(r *issue.Request) { r.ID = "" }},
		{"no account", func(r *issue.Request) { r.Account = "" }},
		{"no device", func(r *issue.Request) { r.Device = "" }},
		{"unknown level", func(r *issue.Request) { r.Level = "BEST" }},
		{"unknown purpose", func(r *issue.Request) { r.Purpose = "tls" }},
		{"document of another person", func(r *issue.Request) { r.Document = "PNOXX-199002140020-7K3Q-Q" }},
		{"document of another level", func(r *issue.Request) { r.Document = "PNOXX-199002140017-7K3Q-NQ" }},
		{"birth unlike the code", func(r *issue.Request) { r.Subject.Birth = noon }},
		{"no surname", func(r *issue.Request) { r.Subject.Surname = "" }},
		{"a line break in a name", func(r *issue.Request) { r.Subject.GivenNames = "ADA\nEVE" }},
		{"no key", func(r *issue.Request) { r.PublicKey = nil }},
		{"short key", func(r *issue.Request) { r.PublicKey = &rsa.PublicKey{N: new(big.Int).Rsh(r.PublicKey.N, 1), E: 65537} }},
		{"even key", func(r *issue.Request) { r.PublicKey = &rsa.PublicKey{N: even, E: 65537} }},
		{"other exponent", func(r *issue.Request) { r.PublicKey = &rsa.PublicKey{N: r.PublicKey.N, E: 3} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, req := newRig(t, nil), ask(t)
			tt.spoil(&req)
			if _, err := r.Issue(t.Context(), req); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
				t.Errorf("got %v, want bad-request", err)
			}
			if r.key.signed != 0 || len(r.store.rows) != 0 {
				t.Errorf("%d signed, %d intents", r.key.signed, len(r.store.rows))
			}
		})
	}
}
