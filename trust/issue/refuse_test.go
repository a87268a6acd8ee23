package issue_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A profile that is broken on purpose: refused by the linter or by reading the
// draft back, and then the CA's key has signed nothing and nothing is intended.
func TestBrokenProfileIsRefusedAndNothingIsSigned(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*pki.Profile)
		rule  string // what the cause must name
	}{
		{"a leaf that may sign certificates", func(p *pki.Profile) { p.KeyUsage |= x509.KeyUsageCertSign }, "linter: e_"},
		{"a policy twice", func(p *pki.Profile) { p.Policies = append(p.Policies, p.Policies[0]) }, "invalid certificate policies"},
		{"any policy", func(p *pki.Profile) { p.Policies = []string{"2.5.29.32.0"} }, "policies are not ours"},
		{"a qualified device without compliance", func(p *pki.Profile) {
			p.Statements = []pki.Statement{{ID: asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}}}
		}, "linter: e_qcstatem"},
		{"no usage", func(p *pki.Profile) { p.Usages = nil }, "extended key usage"},
		{"another usage", func(p *pki.Profile) { p.KeyUsage = x509.KeyUsageContentCommitment }, "key usage"},
		{"four years", func(p *pki.Profile) { p.Years = 4 }, "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(c *issue.Config) {
				c.Profiles = slices.Clone(c.Profiles)
				i := slices.IndexFunc(c.Profiles, func(p pki.Profile) bool { return p.Name == "login-qualified" })
				c.Profiles[i].Policies = slices.Clone(c.Profiles[i].Policies)
				tt.spoil(&c.Profiles[i])
			})
			_, err := r.Issue(t.Context(), ask(t))
			if tunnus.CodeOf(err) != tunnus.CodeCertRefused || !strings.Contains(err.Error(), tt.rule) {
				t.Errorf("got %v, want cert-refused with %q", err, tt.rule)
			}
			if r.key.signed != 0 || len(r.store.rows) != 0 {
				t.Errorf("%d signed, %d intents; want none", r.key.signed, len(r.store.rows))
			}
			if len(r.store.events) != 1 || r.store.events[0].Code != tunnus.CodeCertRefused {
				t.Errorf("events: %+v; want the refusal", r.store.events)
			}
		})
	}
}

func TestNothingIsSignedWithoutAnIntent(t *testing.T) {
	r := newRig(t, nil)
	r.store.lost["Intend"] = true
	if _, err := r.Issue(t.Context(), ask(t)); !errors.Is(err, errLost) {
		t.Errorf("got %v, want the store's error", err)
	}
	if r.key.signed != 0 {
		t.Errorf("signed %d times without an intent", r.key.signed)
	}
}

// The CA dies between intent and certificate; the same request goes on with
// the same serial number and the same bytes.
func TestRetryAfterCrashFinishesTheIntent(t *testing.T) {
	r := newRig(t, nil)
	r.store.lost["Issued"] = true
	if _, err := r.Issue(t.Context(), ask(t)); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the store's error", err)
	}
	if len(r.store.rows) != 1 || r.store.rows[0].Certificate != nil {
		t.Fatalf("rows: %d; want one intent", len(r.store.rows))
	}
	serial := r.store.rows[0].Serial
	r.store.lost["Issued"] = false
	after, err := issue.New(r.cfg) // a new process
	if err != nil {
		t.Fatal(err)
	}
	got, err := after.Issue(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	if got.Serial != serial || len(r.store.rows) != 1 {
		t.Errorf("serial %s in %d rows; want %s in one", got.Serial, len(r.store.rows), serial)
	}
	verify(t, r.ca, got.DER)
	again, err := after.Issue(t.Context(), ask(t))
	if err != nil || string(again.DER) != string(got.DER) {
		t.Errorf("the third time: %v, same certificate %v", err, string(again.DER) == string(got.DER))
	}
	if r.key.signed != 2 {
		t.Errorf("signed %d times; want once before and once after the crash", r.key.signed)
	}
}

func TestOneKeyOneCertificate(t *testing.T) {
	r := newRig(t, nil)
	if _, err := r.Issue(t.Context(), ask(t)); err != nil {
		t.Fatal(err)
	}
	other := ask(t)
	other.ID, other.Account, other.Document = "session-2/login", "acc-2", "PNOXX-199002140017-9ZZZ-Q"
	if _, err := r.Issue(t.Context(), other); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("got %v, want state-conflict", err)
	}
	if r.key.signed != 1 || len(r.store.rows) != 1 {
		t.Errorf("%d signed, %d rows; want one of each", r.key.signed, len(r.store.rows))
	}
}

func TestAnIDStandsForOneRequest(t *testing.T) {
	r := newRig(t, nil)
	if _, err := r.Issue(t.Context(), ask(t)); err != nil {
		t.Fatal(err)
	}
	other := ask(t)
	other.Subject.GivenNames = "EVE"
	if _, err := r.Issue(t.Context(), other); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("got %v, want state-conflict", err)
	}
}

func TestIssuerMustHaveItsOwnKey(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	for name, i := range map[string]issue.Issuer{
		"another kind of key": {Certificate: ca.Issuing, Key: stranger},
		"the root's key":      {Certificate: ca.Issuing, Key: ca.RootKey},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *issue.Config) { c.Issuer = func(context.Context) (issue.Issuer, error) { return i, nil } })
			if _, err := r.Issue(t.Context(), ask(t)); err == nil || len(r.store.rows) != 0 {
				t.Errorf("issued (%v), %d intents", err, len(r.store.rows))
			}
		})
	}
}

func TestSerialsAreRandom(t *testing.T) {
	seen := map[string]bool{}
	var union big.Int
	for range 200 {
		n, err := pki.NewSerial()
		if err != nil {
			t.Fatal(err)
		}
		if seen[n.String()] || n.Sign() <= 0 || n.BitLen() > 128 {
			t.Fatalf("serial number %x", n)
		}
		seen[n.String()] = true
		union.Or(&union, n)
	}
	if union.BitLen() != 128 || union.TrailingZeroBits() != 0 {
		t.Errorf("not all of 128 bits are used: %x", &union)
	}
}

// hooked does something when the CA's key signs.
type hooked struct {
	crypto.Signer
	do func()
}

func (h hooked) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	h.do()
	return h.Signer.Sign(r, digest, o)
}

// What was withdrawn while it was being signed is not handed out as good.
func TestRevokedWhileItIsSigned(t *testing.T) {
	r := newRig(t, nil)
	r.key.Signer = hooked{r.key.Signer, func() {
		if err := r.RevokeAccount(t.Context(), "acc-1", issue.CessationOfOperation); err != nil {
			t.Error(err)
		}
	}}
	if c, err := r.Issue(t.Context(), ask(t)); tunnus.CodeOf(err) != tunnus.CodeStateConflict || c.DER != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c := r.only(t); c.Revoked.IsZero() {
		t.Errorf("%+v", c)
	}
}

// Two issuing CAs of one name: an intent under the key of one is not signed by the other's.
func TestIntentOfAnotherKey(t *testing.T) {
	r := newRig(t, nil)
	r.store.lost["Issued"] = true
	if _, err := r.Issue(t.Context(), ask(t)); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	delete(r.store.lost, "Issued")
	other, err := pki.NewAuthority(pki.Sandbox(), noon)
	if err != nil {
		t.Fatal(err)
	}
	r.cfg.Issuer = func(context.Context) (issue.Issuer, error) {
		return issue.Issuer{Certificate: other.Issuing, Key: other.IssuingKey}, nil
	}
	if r.Service, err = issue.New(r.cfg); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Issue(t.Context(), ask(t)); err == nil {
		t.Errorf("%+v", c)
	}
}
