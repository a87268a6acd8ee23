package application

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/trust/asic"
)

// holder is the signature key of these tests, with a certificate by nobody in particular.
var holder = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func record(t testing.TB) Record {
	t.Helper()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: body().Time, NotAfter: body().Time.AddDate(3, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, holder().Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	print, err := Thumbprint(&holder().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	b := body()
	b.Keys[1] = Key{"signature", print, fmt.Sprintf("%032x", 2)}
	return Record{Application: b, Certificate: der}
}

func written(t testing.TB, r Record) []byte {
	t.Helper()
	b, err := r.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sign(t testing.TB, payload []byte) []byte {
	t.Helper()
	sig, err := rsa.SignPKCS1v15(rand.Reader, holder(), Hash.Crypto(), Hash.Sum(payload))
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// Phone and server work out the same bytes at any time, and they name the
// application, its text and the certificate by their digests.
func TestPayloadNamesWhatIsShown(t *testing.T) {
	r := record(t)
	first, err := Format{}.Payload(written(t, r), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Format{}.Payload(written(t, r), []byte("{}"))
	if err != nil || !bytes.Equal(first, again) || !bytes.HasPrefix(first, []byte("<ds:SignedInfo ")) {
		t.Errorf("%s\n%s, %v", first, again, err)
	}
	for name, change := range map[string]func(*Record){
		"a name":      func(r *Record) { r.Application.GivenNames = "Eve" },
		"another key": func(r *Record) { r.Application.Keys[0].Thumbprint = "cc" },
		"the time":    func(r *Record) { r.Application.Time = r.Application.Time.AddDate(0, 0, 1) },
	} {
		other := record(t)
		other.Certificate = r.Certificate
		change(&other)
		if p, err := (Format{}).Payload(written(t, other), nil); err != nil || bytes.Equal(p, first) {
			t.Errorf("%s does not change what is signed: %v", name, err)
		}
	}
}

func TestFormatTakesNoAnswer(t *testing.T) {
	b := written(t, record(t))
	for answer, ok := range map[string]bool{"": true, "{}": true, "null": true, `{"text":"other"}`: false, "0": false} {
		if _, err := (Format{}).Payload(b, []byte(answer)); (err == nil) != ok {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
}

// The phone approves the text that it has shown, and signs it too.
func TestFormatTellsWhatIsShown(t *testing.T) {
	r := record(t)
	text, service, code, err := Format{}.Shown(written(t, r), nil)
	if err != nil || text != r.Application.Text() || service != "tunnus" || code != "" || !strings.Contains(text, "Ada\n") {
		t.Errorf("Shown = %q, %q, %q, %v", text, service, code, err)
	}
	if _, _, _, err := (Format{}).Shown(written(t, r)[1:], nil); err == nil {
		t.Error("what is no application is shown")
	}
}

func TestParseRecordRefuses(t *testing.T) {
	r := record(t)
	s := string(written(t, r))
	other := record(t)
	other.Application.Keys[1].Certificate = fmt.Sprintf("%032x", 3)
	wrongSerial, err := canonical(other)
	if err != nil {
		t.Fatal(err)
	}
	other = record(t)
	other.Application.Keys[1].Thumbprint = other.Application.Keys[0].Thumbprint
	wrongKey, err := canonical(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty": "", "an application alone": string(specimen(t)), "a space": s + " ", "more": strings.Replace(s, `{"application"`, `{"more":1,"application"`, 1),
		"no certificate": strings.Split(s, `"certificate":"MII`)[0] + `"certificate":null}`, "another serial": string(wrongSerial), "another key": string(wrongKey),
	} {
		if _, err := ParseRecord([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := (Format{}).Payload([]byte(bad), nil); err == nil {
			t.Errorf("%s: would be signed", name)
		}
	}
}

func TestSign(t *testing.T) {
	r := record(t)
	b := written(t, r)
	payload, err := Format{}.Payload(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	sig := sign(t, payload)
	broken := bytes.Clone(sig)
	broken[0] ^= 1
	pss, err := rsa.SignPSS(rand.Reader, holder(), Hash.Crypto(), Hash.Sum(payload), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(b, []byte("Ada"), []byte("Eve"), 1)
	for _, tt := range []struct {
		name                 string
		record, payload, sig []byte
		ok                   bool
	}{
		{"right", b, payload, sig, true},
		{"other application", other, payload, sig, false},
		{"other payload", b, bytes.Replace(payload, []byte("S0-p"), []byte("S1-p"), 1), sig, false},
		{"other signature", b, payload, broken, false},
		{"other padding", b, payload, pss, false},
		{"nothing", nil, nil, nil, false},
	} {
		s, err := Sign(tt.record, tt.payload, tt.sig)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil && s.Level() != asic.B {
			t.Errorf("%s: level %s", tt.name, s.Level())
		}
	}
}

// What is taken for a record prints back unchanged, and can be signed.
func FuzzParseRecord(f *testing.F) {
	f.Add(written(f, record(f)))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ParseRecord(in)
		if err != nil {
			return
		}
		if out, err := r.Canonical(); err != nil || !bytes.Equal(out, in) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
		if _, err := (Format{}).Payload(in, nil); err != nil {
			t.Errorf("a record that cannot be signed: %v", err)
		}
	})
}
