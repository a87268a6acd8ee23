package issue

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var (
	lintTime      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	lintAuthority = sync.OnceValues(func() (pki.Authority, error) { return pki.NewAuthority(pki.Sandbox(), lintTime) })
)

// compliant is a scheme that may claim everything and names all services.
func compliant() pki.Scheme {
	s := pki.Sandbox()
	s.IssuerURL, s.OCSPURL, s.CRLURL = "http://ca.example/issuing.cer", "http://ocsp.example/", "http://ca.example/issuing.crl"
	s.Compliance = pki.Compliance{Basis: "report 1 of an invented laboratory", DisclosureURL: "https://ca.example/pds_en.pdf"}
	return s
}

// draftFor makes a draft of one profile with a key that nobody has.
func draftFor(t testing.TB, s pki.Scheme, p pki.Profile, surname, given string) *x509.Certificate {
	t.Helper()
	ca, err := lintAuthority()
	if err != nil {
		t.Fatal(err)
	}
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	birth, _ := code.BirthDate()
	doc := "PNOXX-199002140017-7K3Q-Q"
	if p.Level == tunnus.Advanced {
		doc = "PNOXX-199002140017-7K3Q-NQ"
	}
	n := new(big.Int).SetBit(big.NewInt(1), p.KeyBits-1, 1)
	o := pki.Order{
		Subject:  pki.Subject{Code: code, Surname: surname, GivenNames: given, Birth: birth},
		Document: doc, PublicKey: &rsa.PublicKey{N: n, E: 65537}, Serial: big.NewInt(4711),
	}
	o.From, o.To = p.Validity(lintTime)
	template, err := s.Template(p, o)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, draftBits)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := draftOf(template, Issuer{Certificate: ca.Issuing}, key)
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

func TestEveryProfilePassesTheLinter(t *testing.T) {
	l, err := newLinter()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]pki.Scheme{"nothing claimed": pki.Sandbox(), "all claimed": compliant()} {
		profiles, err := s.Profiles()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range profiles {
			t.Run(name+"/"+p.Name, func(t *testing.T) {
				draft := draftFor(t, s, p, "LOVELACE", "ADA")
				if err := l.judge(draft); err != nil {
					t.Error(err)
				}
				if _, err := s.Read(draft); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestAuthoritiesAndServerPassTheLinter(t *testing.T) {
	l, err := newLinter()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := lintAuthority()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := pki.NewServer(pki.Sandbox(), []string{"localhost", "127.0.0.1"}, lintTime)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*x509.Certificate{
		"root": ca.Root, "issuing": ca.Issuing, "tls ca": srv.CA, "tls server": srv.Certificate,
	} {
		if err := l.judge(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongNamesPassTheLinter(t *testing.T) {
	l, err := newLinter()
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := pki.Sandbox().Profiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range [][2]string{
		{strings.Repeat("A", 64), strings.Repeat("B", 64)},
		{"ŽÕÄÖÜŠ-ÇĞİŁØÅ", "JÓZSEF-ŁUKASZ"},
		{"MONONYM", ""},
	} {
		if err := l.judge(draftFor(t, pki.Sandbox(), profiles[0], n[0], n[1])); err != nil {
			t.Errorf("%s: %v", n[0], err)
		}
	}
}

// The linter sees all bytes of the draft but the arc that it cannot read.
func TestOnlyTheLongArcIsShownOtherwise(t *testing.T) {
	profiles, err := compliant().Profiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		draft := draftFor(t, compliant(), p, "LOVELACE", "ADA")
		shown := readable(draft)
		long, err := draft.Policies[0].MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if len(shown) != len(draft.Raw) || bytes.Contains(shown, long) || bytes.Count(draft.Raw, long) != 1 {
			t.Fatalf("%s: the long arc stands %d times before, %d after", p.Name, bytes.Count(draft.Raw, long), bytes.Count(shown, long))
		}
		at := bytes.Index(draft.Raw, long)
		if !bytes.Equal(shown[:at], draft.Raw[:at]) || !bytes.Equal(shown[at+len(long):], draft.Raw[at+len(long):]) {
			t.Errorf("%s: bytes outside the arc differ", p.Name)
		}
	}
}

// The audit line names the linter that go.mod has.
func TestLinterNameIsTheVersionInUse(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := strings.Fields(linterName)[1]
	if !bytes.Contains(mod, []byte("github.com/zmap/zlint/v3 "+version+"\n")) {
		t.Errorf("go.mod does not require zlint %s", version)
	}
}

func BenchmarkLint(b *testing.B) {
	l, err := newLinter()
	if err != nil {
		b.Fatal(err)
	}
	profiles, err := compliant().Profiles()
	if err != nil {
		b.Fatal(err)
	}
	draft := draftFor(b, compliant(), profiles[2], "LOVELACE", "ADA")
	for b.Loop() {
		if err := l.judge(draft); err != nil {
			b.Fatal(err)
		}
	}
}
