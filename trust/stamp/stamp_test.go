package stamp_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A world is a root, an issuing CA, and a time-stamp authority below it.
type world struct {
	root, issuing *x509.Certificate
	issuingKey    *rsa.PrivateKey
	authority     stamp.Authority
}

var theWorld = sync.OnceValues(makeWorld)

func newWorld(t testing.TB) world {
	t.Helper()
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func makeWorld() (w world, err error) {
	rootKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return w, err
	}
	if w.issuingKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return w, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return w, err
	}
	ca := func(name string, n int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(100, 0, 0), SubjectKeyId: []byte{byte(n)},
		}
	}
	if w.root, err = signed(ca("root", 1), ca("root", 1), rootKey.Public(), rootKey); err != nil {
		return w, err
	}
	if w.issuing, err = signed(ca("issuing", 2), w.root, w.issuingKey.Public(), rootKey); err != nil {
		return w, err
	}
	none := func(*x509.Certificate) error { return nil }
	cert, err := pki.NewStamper(pki.Sandbox(), w.issuing, w.issuingKey, &key.PublicKey, noon, none)
	w.authority = stamp.Authority{Certificate: cert, Chain: []*x509.Certificate{w.issuing}, Key: key, Clock: clock(noon)}
	return w, err
}

func clock(t time.Time) tunnus.Clock { return tunnus.ClockFunc(func() time.Time { return t }) }

func signed(template, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func digestOf(h crypto.Hash, text string) []byte {
	switch h {
	case crypto.SHA256:
		d := sha256.Sum256([]byte(text))
		return d[:]
	case crypto.SHA384:
		d := sha512.Sum384([]byte(text))
		return d[:]
	}
	d := sha512.Sum512([]byte(text))
	return d[:]
}

func (w world) token(t testing.TB) (token, digest []byte) {
	t.Helper()
	digest = digestOf(crypto.SHA256, "hello")
	token, err := w.authority.Token(crypto.SHA256, digest)
	if err != nil {
		t.Fatal(err)
	}
	return token, digest
}

func (w world) verify(token, digest []byte, at time.Time) (stamp.Stamp, error) {
	return stamp.Verify(token, digest, []*x509.Certificate{w.root}, at)
}

func TestTokenSaysWhatWasAsked(t *testing.T) {
	w := newWorld(t)
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		q, err := stamp.Request{Hash: h, Digest: digestOf(h, "hello"), Nonce: big.NewInt(77), Certificates: true, Policy: pki.PolicyStamp}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := w.authority.Answer(q)
		if err != nil {
			t.Fatal(err)
		}
		token, err := stamp.FromResponse(answer)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.verify(token, digestOf(h, "hello"), noon)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Time.Equal(noon) || got.Hash != h || got.Policy != pki.PolicyStamp || got.Nonce.Int64() != 77 || got.Accuracy != time.Second ||
			got.Serial.Sign() <= 0 || !got.Authority.Equal(w.authority.Certificate) || len(got.Chain) != 1 {
			t.Errorf("%s: %+v", h, got)
		}
	}
}

func TestAccuracyIsTold(t *testing.T) {
	w := newWorld(t)
	for off, want := range map[time.Duration]time.Duration{
		0: time.Second, 250 * time.Millisecond: 1250 * time.Millisecond, 100 * time.Microsecond: 1001 * time.Millisecond, 2 * time.Second: 3 * time.Second,
	} {
		a := w.authority
		a.Accuracy, a.Clock = off, clock(noon.Add(999*time.Millisecond))
		digest := digestOf(crypto.SHA512, "x")
		token, err := a.Token(crypto.SHA512, digest)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.verify(token, digest, noon); err != nil || got.Accuracy != want || !got.Time.Equal(noon) {
			t.Errorf("%s: %s at %s, %v", off, got.Accuracy, got.Time, err)
		}
	}
}

func TestSerialNumbersAreUnique(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for range 50 {
		token, digest := w.token(t)
		got, err := w.verify(token, digest, noon)
		if err != nil || seen[got.Serial.String()] {
			t.Fatalf("%v, %v", got.Serial, err)
		}
		seen[got.Serial.String()] = true
	}
}

// A second implementation asks, and reads the answer. It ends each request
// without certificates, so that is tried too.
func TestAgreesWithDigitorus(t *testing.T) {
	w := newWorld(t)
	for _, certificates := range []bool{true, false} {
		q, err := timestamp.CreateRequest(bytes.NewReader([]byte("hello")), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: certificates, Nonce: big.NewInt(5)})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := w.authority.Answer(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := timestamp.ParseResponse(answer)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.HashedMessage, digestOf(crypto.SHA256, "hello")) || !got.Time.Equal(noon) || got.Policy.String() != pki.PolicyStamp ||
			got.Nonce.Int64() != 5 || got.Accuracy != time.Second || (len(got.Certificates) == 2) != certificates {
			t.Errorf("certificates %v: %+v", certificates, got)
		}
	}
}

func TestAnswerRefuses(t *testing.T) {
	w := newWorld(t)
	good, err := stamp.Request{Hash: crypto.SHA256, Digest: digestOf(crypto.SHA256, "x")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(old, changed string) []byte {
		return bytes.Replace(bytes.Clone(good), []byte(old), []byte(changed), 1)
	}
	const sha256OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	foreign, err := stamp.Request{Hash: crypto.SHA256, Digest: digestOf(crypto.SHA256, "x"), Policy: "1.2.3"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	type imprint struct {
		A pkix.AlgorithmIdentifier
		D []byte
	}
	request := func(version, size int, id asn1.ObjectIdentifier, extension []asn1.RawValue) []byte {
		b, err := asn1.Marshal(struct {
			Version int
			Imprint imprint
			Ext     []asn1.RawValue `asn1:"optional,tag:0"`
		}{version, imprint{pkix.AlgorithmIdentifier{Algorithm: id}, make([]byte, size)}, extension})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sha1, sha2 := asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	for _, tt := range []struct {
		name  string
		query []byte
		want  stamp.Failure
	}{
		{"nothing", nil, stamp.BadDataFormat},
		{"something behind it", append(bytes.Clone(good), 0), stamp.BadDataFormat},
		{"huge", make([]byte, 1<<20), stamp.BadDataFormat},
		{"version 2", request(2, 32, sha2, nil), stamp.BadRequest},
		{"SHA-1", request(1, 20, sha1, nil), stamp.BadAlgorithm},
		{"SHA-224", exchange(sha256OID, sha256OID[:8]+"\x04"), stamp.BadAlgorithm},
		{"31 bytes", request(1, 31, sha2, nil), stamp.BadDataFormat},
		{"64 bytes as SHA-256", request(1, 64, sha2, nil), stamp.BadDataFormat},
		{"another policy", foreign, stamp.UnacceptedPolicy},
		{"an extension", request(1, 32, sha2, []asn1.RawValue{{FullBytes: []byte{0x30, 0}}}), stamp.UnacceptedExtension},
	} {
		answer, err := w.authority.Answer(tt.query)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if _, err := stamp.FromResponse(answer); !errors.Is(err, tt.want) {
			t.Errorf("%s: the answer says %v, want %v", tt.name, err, tt.want)
		}
	}
}

// dead is a key whose module does not answer, or answers wrongly.
type dead struct {
	crypto.Signer
	bytes []byte
	err   error
}

func (d dead) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return d.bytes, d.err }

func TestNothingLeavesThatIsWrong(t *testing.T) {
	w := newWorld(t)
	q, err := stamp.Request{Hash: crypto.SHA256, Digest: digestOf(crypto.SHA256, "x")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*stamp.Authority)
		want   stamp.Failure
	}{
		"the key is gone":           {func(a *stamp.Authority) { a.Key = dead{a.Key, nil, errors.New("no module")} }, stamp.SystemFailure},
		"the key signs wrongly":     {func(a *stamp.Authority) { a.Key = dead{a.Key, make([]byte, 384), nil} }, stamp.SystemFailure},
		"the certificate has ended": {func(a *stamp.Authority) { a.Clock = clock(noon.AddDate(6, 0, 0)) }, stamp.TimeNotAvailable},
		"the clock is behind":       {func(a *stamp.Authority) { a.Clock = clock(noon.AddDate(-6, 0, 0)) }, stamp.TimeNotAvailable},
	} {
		a := w.authority
		tt.change(&a)
		answer, err := a.Answer(q)
		if _, told := stamp.FromResponse(answer); !errors.Is(err, tt.want) || !errors.Is(told, tt.want) {
			t.Errorf("%s: %v, the answer says %v", name, err, told)
		}
	}
}
