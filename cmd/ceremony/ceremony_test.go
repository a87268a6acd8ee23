package ceremony

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var testTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// room is a folder with passphrases, and a script that makes everything.
func room(t testing.TB) (string, *Script) {
	t.Helper()
	dir := t.TempDir()
	keep := func(name string) Keeping {
		must(t, os.WriteFile(filepath.Join(dir, name+".pass"), []byte("a long passphrase for "+name+"\n"), 0o600))
		return Keeping{PassphraseFile: name + ".pass"}
	}
	return dir, &Script{
		Title: "first keys of tunnus-demo", Place: "a room", Witnesses: []string{"A. Witness", "B. Witness"},
		Scheme: Scheme{Name: "tunnus-demo", Country: "XX", Organisation: "tunnus sandbox"},
		Make:   []string{Root, List, Issuing, Responder, Stamp, Log}, Daily: "authority", Offline: "medium",
		Root: keep(Root), Issuing: keep(Issuing), Responder: keep(Responder), Stamp: keep(Stamp), Log: keep(Log),
		LogOrigin: "id.example/log",
	}
}

func load(t testing.TB, dir string, s *Script) (*Script, error) {
	t.Helper()
	b, err := json.Marshal(s)
	must(t, err)
	path := filepath.Join(dir, "ceremony.json")
	must(t, os.WriteFile(path, b, 0o600))
	return Load(path)
}

func TestCeremony(t *testing.T) {
	dir, script := room(t)
	s, err := load(t, dir, script)
	must(t, err)
	said, err := s.Run(testTime)
	must(t, err)

	certs := map[string]*x509.Certificate{}
	for _, what := range []string{Root, Issuing, Responder, Stamp} {
		b, err := os.ReadFile(filepath.Join(dir, "authority", what+".pem"))
		must(t, err)
		c, err := pki.DecodeCertificates(b)
		must(t, err)
		certs[what] = c[0]
		if !strings.Contains(said.String(), digest(c[0].Raw)) || !strings.Contains(said.String(), hex.EncodeToString(c[0].SerialNumber.Bytes())) {
			t.Errorf("the transcript does not have the certificate of %s", what)
		}
	}
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(certs[Root])
	middle.AddCert(certs[Issuing])
	for what, usage := range map[string]x509.ExtKeyUsage{Responder: x509.ExtKeyUsageOCSPSigning, Stamp: x509.ExtKeyUsageTimeStamping} {
		_, err := certs[what].Verify(x509.VerifyOptions{Roots: roots, Intermediates: middle, CurrentTime: testTime, KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	written, err := os.ReadFile(said.Path())
	if err != nil || string(written) != said.String() {
		t.Errorf("the transcript is not the one that was written: %v", err)
	}
	der, err := os.ReadFile(filepath.Join(dir, "authority", "root.crl"))
	must(t, err)
	list, err := x509.ParseRevocationList(der)
	must(t, err)
	if err := list.CheckSignatureFrom(certs[Root]); err != nil || !strings.Contains(said.String(), digest(der)) {
		t.Errorf("the root's list: %v", err)
	}
	separate(t, dir)
	logKey(t, s)

	if _, err := s.Run(testTime.Add(time.Minute)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second run = %v; want ErrExist", err)
	}
}

// separate checks that the root's key is on its medium and nowhere else, and
// that no key lies in clear.
func separate(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "authority", "root.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the root's key is in the daily folder")
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*", "*.key"))
	if err != nil || len(keys) != 5 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for _, k := range keys {
		b, err := os.ReadFile(k)
		must(t, err)
		info, err := os.Stat(k)
		must(t, err)
		if !strings.HasPrefix(string(b), "-----BEGIN AGE ENCRYPTED FILE-----") || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: in clear, or readable by others", k)
		}
	}
}

// logKey checks that what the log's key signs, its public text verifies.
func logKey(t *testing.T, s *Script) {
	t.Helper()
	text, err := os.ReadFile(s.logPublic())
	must(t, err)
	if _, err := note.NewVerifier(strings.TrimSpace(string(text))); err != nil {
		t.Error(err)
	}
	k, err := hsm.OpenSigner(s.ref(Log))
	must(t, err)
	sig, err := k.Sign(rand.Reader, []byte("x"), crypto.Hash(0))
	if err != nil || len(sig) != 64 {
		t.Errorf("Sign: %d bytes, %v", len(sig), err)
	}
}

func TestLoadTellsAllFaults(t *testing.T) {
	tests := []struct {
		name, why string
		spoil     func(dir string, s *Script)
	}{
		{"no title", "title: missing", func(_ string, s *Script) { s.Title = "" }},
		{"one witness", "at least two", func(_ string, s *Script) { s.Witnesses = s.Witnesses[:1] }},
		{"nothing to make", "nothing is made", func(_ string, s *Script) { s.Make = nil }},
		{"unknown", `"tls" is unknown`, func(_ string, s *Script) { s.Make = append(s.Make, "tls") }},
		{"twice", `"root" is unknown, or stands twice`, func(_ string, s *Script) { s.Make = append(s.Make, Root) }},
		{"no medium", "offline: missing", func(_ string, s *Script) { s.Offline = "" }},
		{"one folder", "not the daily folder", func(_ string, s *Script) { s.Offline = s.Daily }},
		{"medium inside the daily folder", "nor inside it", func(_ string, s *Script) { s.Offline = s.Daily + "/inner" }},
		{"a link to the daily folder", "nor inside it", func(dir string, s *Script) {
			_ = os.Mkdir(filepath.Join(dir, "authority"), 0o700)
			_ = os.Symlink("authority", filepath.Join(dir, "medium"))
		}},
		{"one passphrase", "root: has the passphrase of issuing", func(_ string, s *Script) { s.Issuing = s.Root }},
		{"one passphrase in two files", "root: has the passphrase of log", func(dir string, s *Script) {
			_ = os.WriteFile(filepath.Join(dir, "log.pass"), []byte("a long passphrase for root\r\n"), 0o600)
		}},
		{"passphrase in the daily folder", "not in the daily folder", func(dir string, s *Script) {
			_ = os.Mkdir(filepath.Join(dir, "authority"), 0o700)
			_ = os.Rename(filepath.Join(dir, "root.pass"), filepath.Join(dir, "authority", "root.pass"))
			_ = os.Symlink("authority/root.pass", filepath.Join(dir, "root.pass"))
		}},
		{"no passphrase", "root: passphrase_file: missing", func(_ string, s *Script) { s.Root = Keeping{} }},
		{"key of what is not made", "log: neither made", func(_ string, s *Script) { s.Make, s.LogOrigin = s.Make[:5], "" }},
		{"bad origin", "neither plus sign", func(_ string, s *Script) { s.LogOrigin = "a+b" }},
		{"addresses twice", "public_url: not together", func(_ string, s *Script) { s.Scheme.PublicURL, s.Scheme.CRLURL = "http://pki.example", "http://x" }},
		{"no address", "public_url: such as", func(_ string, s *Script) { s.Scheme.PublicURL = "pki.example" }},
		{"bad scheme", "country", func(_ string, s *Script) { s.Scheme.Country = "Utopia" }},
		{"request for a root", "root.request", func(_ string, s *Script) { s.Root = Keeping{Request: "x"} }},
		{"request of a CA that signs", "signs nothing here", func(_ string, s *Script) { s.Issuing = Keeping{Request: "x"} }},
		{"already there", "is there already", func(dir string, s *Script) {
			_ = os.Mkdir(filepath.Join(dir, "medium"), 0o700)
			_ = os.WriteFile(filepath.Join(dir, "medium", "root.key"), nil, 0o600)
		}},
		{"root that is missing", "no such file", func(_ string, s *Script) { s.Make = []string{Issuing, Responder, Stamp, Log} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, s := room(t)
			tt.spoil(dir, s)
			if _, err := load(t, dir, s); err == nil || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("Load = %v; want %q", err, tt.why)
			}
		})
	}
}

// One key module for the root and the daily keys is no separation.
func TestRootHasATokenOfItsOwn(t *testing.T) {
	dir, s := room(t)
	tok := token.Config{Module: "m.so", Label: "t", PINFile: "pin"}
	s.Root, s.Issuing, s.Offline = Keeping{Label: "a", Token: tok}, Keeping{Label: "b", Token: tok}, ""
	for _, pin := range []string{"pin", "a copy of pin"} {
		s.Root.Token.PINFile = pin
		if _, err := load(t, dir, s); err == nil || !strings.Contains(err.Error(), "not in the token of issuing") {
			t.Errorf("Load = %v", err)
		}
	}
}

func TestParseRefusesUnknownKeys(t *testing.T) {
	for _, text := range []string{`{"titel": "x"}`, `{} {}`, `[]`, ``, `{"root": {"pin": "1"}}`} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

// request makes a certificate request with extensions.
func request(t testing.TB, extensions ...pkix.Extension) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{ExtraExtensions: extensions}, key)
	must(t, err)
	return der
}

func TestRequest(t *testing.T) {
	value := func(v any) []byte {
		b, err := asn1.Marshal(v)
		must(t, err)
		return b
	}
	type constraints struct {
		CA bool `asn1:"optional"`
	}
	ca := pkix.Extension{Id: oidBasicConstraints, Value: value(constraints{true})}
	leaf := pkix.Extension{Id: oidBasicConstraints, Value: value(constraints{})}
	sign := pkix.Extension{Id: oidKeyUsage, Value: value(asn1.BitString{Bytes: []byte{0x04}, BitLength: 6})}
	digital := pkix.Extension{Id: oidKeyUsage, Value: value(asn1.BitString{Bytes: []byte{0x80}, BitLength: 1})}
	odd := pkix.Extension{Id: oidBasicConstraints, Value: []byte{0x30, 0x03, 0x01}}
	turned := request(t)
	turned[len(turned)-1] ^= 1
	tests := []struct {
		name string
		der  []byte
		ca   bool
		why  string
	}{
		{"plain", request(t), false, ""},
		{"end entity", request(t, leaf, digital), false, ""},
		{"asks for a CA", request(t, ca), false, "asks for a CA"},
		{"asks to sign certificates", request(t, leaf, sign), false, "asks for a CA"},
		{"asks for a CA, for the issuing CA", request(t, ca, sign), true, ""},
		{"unreadable constraints", request(t, odd), false, "cannot be read"},
		{"another signature", turned, false, "not signed"},
		{"nothing", nil, false, "no certificate request"},
		{"a certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: request(t)}), false, "no certificate request"},
		{"too long", make([]byte, maxRequest+1), false, "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseRequest(tt.der, tt.ca)
			if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
				t.Errorf("parseRequest = %v; want %q", err, tt.why)
			}
		})
	}
}

// Whoever reads basic constraints otherwise than we do agrees on what asks for a CA.
func FuzzBasicConstraints(f *testing.F) {
	for _, b := range [][]byte{{0x30, 0}, {0x30, 3, 1, 1, 0xff}, {0x30, 3, 1, 1, 1}, {0x30, 6, 1, 1, 0xff, 2, 1, 0}, {0x30, 3, 2, 1, 0}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		asks, err := asksForCA(oidBasicConstraints, b)
		in := cryptobyte.String(b)
		var inner, flag cryptobyte.String
		var present bool
		if !in.ReadASN1(&inner, cbasn1.SEQUENCE) || !inner.ReadOptionalASN1(&flag, &present, cbasn1.BOOLEAN) {
			return
		}
		if says := present && len(flag) == 1 && flag[0] != 0; says && !asks && err == nil {
			t.Errorf("%x asks for a CA, and was taken", b)
		}
	})
}

// A serial number stands in the transcript as openssl writes it, in whole bytes.
func TestTranscriptHasWholeSerialNumbers(t *testing.T) {
	_, s := room(t)
	said := Transcript{Script: s, At: testTime, Items: []Item{{Name: Root, Certificate: &x509.Certificate{SerialNumber: big.NewInt(0xf12)}}}}
	if !strings.Contains(said.String(), " 0f12\n") {
		t.Error(said)
	}
}
