package application

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

func specimen(t testing.TB) []byte {
	t.Helper()
	b, err := Body{
		Format: Version, Person: "PNOXX-199002140017", Surname: "Åsk & <Søn>", GivenNames: "Ada", Document: "PNOXX-199002140017-ABCD-Q",
		Level: "QUALIFIED", Device: "d1", Keys: []Key{{"login", "aa", "01"}, {"signature", "bb", "02"}},
		Terms: "2026-11", Consent: "2026-11", Time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCanonical(t *testing.T) {
	b := specimen(t)
	if !bytes.HasPrefix(b, []byte(`{"format":"tunnus/application/v1","person":"PNOXX-`)) || !bytes.Contains(b, []byte(`Åsk & <Søn>`)) {
		t.Errorf("canonical bytes: %s", b)
	}
	a, err := Parse(b)
	if err != nil || a.Keys[1].Certificate != "02" {
		t.Errorf("Parse = %+v, %v", a, err)
	}
}

func TestParseRefuses(t *testing.T) {
	s := string(specimen(t))
	for name, bad := range map[string]string{
		"empty":         "",
		"null":          "null",
		"a space":       strings.Replace(s, ",", ", ", 1),
		"a line end":    s + "\n",
		"something on":  s + "{}",
		"unknown field": strings.Replace(s, `{"format"`, `{"more":1,"format"`, 1),
		"twice a field": strings.Replace(s, `"level"`, `"level":"ADVANCED","level"`, 1),
		"other format":  strings.Replace(s, "application/v1", "application/v2", 1),
		"escaped":       strings.Replace(s, "Ada", "\\u0041da", 1),
		"other case":    strings.Replace(s, `"level"`, `"Level"`, 1),
		"other zone":    strings.Replace(s, "09:00:00Z", "10:00:00+01:00x", 1),
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "19900214") {
			t.Errorf("%s: the error names the person", name)
		}
		if _, err := (Format{}).Payload([]byte(bad), nil); err == nil {
			t.Errorf("%s: would be signed", name)
		}
	}
}

func TestFormatTakesNoAnswer(t *testing.T) {
	b := specimen(t)
	for answer, ok := range map[string]bool{"": true, "{}": true, "null": true, `{"text":"other"}`: false, "0": false} {
		got, err := Format{}.Payload(b, []byte(answer))
		if (err == nil) != ok || ok && !bytes.Equal(got, b) {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
}

// The phone approves the bytes that it has shown and signs.
func TestFormatTellsWhatIsShown(t *testing.T) {
	b := specimen(t)
	text, service, code, err := Format{}.Shown(b, nil)
	if err != nil || text != string(b) || service != "tunnus" || code != "" {
		t.Errorf("Shown = %q, %q, %q, %v", text, service, code, err)
	}
	if _, _, _, err := (Format{}).Shown(b[1:], nil); err == nil {
		t.Error("what is no application is shown")
	}
}

func TestVerify(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	b := specimen(t)
	sig, err := rsa.SignPSS(rand.Reader, key, splitkey.SHA512.Crypto(), splitkey.SHA512.Sum(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(b, []byte("Ada"), []byte("Eve"), 1)
	broken := bytes.Clone(sig)
	broken[0] ^= 1
	for _, tt := range []struct {
		name                   string
		app, cert, payload, sg []byte
		hash                   splitkey.Hash
		ok                     bool
	}{
		{"right", b, der, b, sig, splitkey.SHA512, true},
		{"other payload", b, der, other, sig, splitkey.SHA512, false},
		{"other application", other, der, other, sig, splitkey.SHA512, false},
		{"other signature", b, der, b, broken, splitkey.SHA512, false},
		{"other hash", b, der, b, sig, splitkey.SHA256, false},
		{"no hash", b, der, b, sig, "", false},
		{"no certificate", b, nil, b, sig, splitkey.SHA512, false},
		{"nothing", nil, der, nil, sig, splitkey.SHA512, false},
	} {
		if err := Verify(tt.app, tt.cert, tt.payload, tt.sg, tt.hash); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// There is one way to write an application: what is read prints back unchanged.
func FuzzParse(f *testing.F) {
	f.Add(specimen(f))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := Parse(in)
		if err != nil {
			return
		}
		if out, err := a.Canonical(); err != nil || !bytes.Equal(out, in) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	})
}
