package client

import (
	"crypto/x509"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// The certificates that the scheme's own profiles describe are the ones that
// Verify accepts for logging in, and no others of them.
func TestVerifyFitsTheProfiles(t *testing.T) {
	w := newWorld(t)
	scheme := pki.Sandbox()
	profiles, err := scheme.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.config()
	cfg.Usage, cfg.Policies = pki.UsageLogin, map[tunnus.Level][]string{}
	for _, p := range profiles {
		if p.Purpose == pki.Login {
			cfg.Policies[p.Level] = p.Policies
		}
	}
	if w.client, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	want := map[string]Reason{
		"login-qualified": "", "login-advanced": WrongLevel, "signature-qualified": WrongPolicy, "signature-advanced": WrongPolicy,
	}
	if len(profiles) != len(want) {
		t.Fatalf("%d profiles, want %d", len(profiles), len(want))
	}
	birth, ok := ada(t).BirthDate()
	if !ok {
		t.Fatal("no date of birth")
	}
	for _, p := range profiles {
		t.Run(p.Name, func(t *testing.T) {
			p.KeyBits = 2048 // a holder's real key has 6144 bits, and takes a minute
			number := adaID + "-7K3Q-Q"
			if p.Level == tunnus.Advanced {
				number = adaID + "-7K3Q-NQ"
			}
			serial, err := pki.NewSerial()
			if err != nil {
				t.Fatal(err)
			}
			from, to := p.Validity(now)
			tpl, err := scheme.Template(p, pki.Order{
				Subject:  pki.Subject{Code: ada(t), Surname: "SPECIMEN", GivenNames: "ADA", Birth: birth},
				Document: number, PublicKey: &key(t).PublicKey, Serial: serial, From: from, To: to,
			})
			if err != nil {
				t.Fatal(err)
			}
			tpl.SignatureAlgorithm = x509.UnknownSignatureAlgorithm // that of the test's authorities, which are quick
			q := w.prepare(t, nil)
			st := w.answer(t, q, func(f *forgery) {
				f.cert = tpl
				f.status = func(st *Status) { st.Result.Number, st.Certificate.Level = number, p.Level }
			})
			if want[p.Name] != "" {
				expect(t, w, q, st, want[p.Name])
				return
			}
			if id, err := w.client.Verify(q, st); err != nil || id.Number != number || id.Surname != "SPECIMEN" {
				t.Errorf("%+v, %v", id, err)
			}
		})
	}
}
