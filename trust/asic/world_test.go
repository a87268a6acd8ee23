package asic_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// noon is when the signatures of these tests are made.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// A world is a small authority with all that it takes for a container. Keys are
// of 2048 bits to be quick.
type world struct {
	root, issuing, signer, stamper, responder *x509.Certificate
	keys                                      map[string]*rsa.PrivateKey
}

var oneWorld = sync.OnceValues(newWorld)

func theWorld(t testing.TB) world {
	t.Helper()
	w, err := oneWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newWorld() (w world, err error) {
	w.keys = map[string]*rsa.PrivateKey{}
	make1 := func(name string, template x509.Certificate, parent *x509.Certificate, by string) (*x509.Certificate, error) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		w.keys[name] = key
		template.Subject = pkix.Name{CommonName: name, Country: []string{"XX"}}
		if template.SerialNumber, err = pki.NewSerial(); err != nil {
			return nil, err
		}
		template.NotBefore, template.NotAfter, template.BasicConstraintsValid = noon.Add(-time.Hour), noon.AddDate(3, 0, 0), true
		if parent == nil {
			parent = &template
		}
		der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), w.keys[by])
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
	ca := x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	if w.root, err = make1("Root", ca, nil, "Root"); err != nil {
		return w, err
	}
	if w.issuing, err = make1("Issuing", ca, w.root, "Root"); err != nil {
		return w, err
	}
	if w.signer, err = make1("LOVELACE,ADA", x509.Certificate{KeyUsage: x509.KeyUsageContentCommitment}, w.issuing, "Issuing"); err != nil {
		return w, err
	}
	if w.responder, err = make1("Status", x509.Certificate{
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}}, // no check
	}, w.issuing, "Issuing"); err != nil {
		return w, err
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return w, err
	}
	w.stamper, err = make1("Time", x509.Certificate{
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, w.issuing, "Issuing")
	return w, err
}

// fixed is a clock that stands.
type fixed struct{ at time.Time }

func (f fixed) Now() time.Time { return f.at }

var specimen = []asic.File{
	{Name: "application.json", Type: "application/json", Content: []byte(`{"format":"tunnus/application/v1"}`)},
	{Name: "application.txt", Type: "text/plain", Content: []byte("I apply.\n")},
}

// signed makes a signature of level B.
func (w world) signed(t testing.TB, m asic.Method) *asic.Signature {
	t.Helper()
	return w.signedBy(t, w.signer, "LOVELACE,ADA", m)
}

// signedBy makes one by any certificate, with the key of that name.
func (w world) signedBy(t testing.TB, cert *x509.Certificate, key string, m asic.Method) *asic.Signature {
	t.Helper()
	d, err := asic.Prepare(specimen, cert, noon, m)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha512.Sum512(d.Payload())
	var opts crypto.SignerOpts = crypto.SHA512
	if m == asic.PSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}
	}
	value, err := w.keys[key].Sign(rand.Reader, digest[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Sign(value, w.issuing)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stamp makes a token over a message, a minute after noon.
func (w world) stamp(t testing.TB, message []byte) []byte {
	t.Helper()
	a := stamp.Authority{Certificate: w.stamper, Chain: []*x509.Certificate{w.issuing}, Key: w.keys["Time"], Clock: fixed{noon.Add(time.Minute)}, Accuracy: time.Second}
	digest := sha512.Sum512(message)
	token, err := a.Token(crypto.SHA512, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// answer tells the status of a certificate at a time.
func (w world) answer(t testing.TB, cert *x509.Certificate, status ocsp.Status, at time.Time) []byte {
	t.Helper()
	return w.answerSince(t, cert, status, at, time.Time{})
}

// answerSince tells, besides, how far the responder's archive reaches.
func (w world) answerSince(t testing.TB, cert *x509.Certificate, status ocsp.Status, at, archive time.Time) []byte {
	t.Helper()
	question, err := ocsp.NewRequest(cert, w.issuing, crypto.SHA256, nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ocsp.ParseRequest(question)
	if err != nil {
		t.Fatal(err)
	}
	a := ocsp.Answer{ID: q.IDs[0], Status: status, ThisUpdate: at, NextUpdate: at.Add(10 * time.Minute), ArchiveCutoff: archive}
	if status == ocsp.Revoked {
		a.Revoked, a.Reason = at, pki.KeyCompromise
	}
	b, err := ocsp.Sign(ocsp.Draft{Answers: []ocsp.Answer{a}, Produced: at}, ocsp.Signer{Certificate: w.responder, Key: w.keys["Status"]})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// list is the root's revocation list.
func (w world) list(t testing.TB, revoked ...*big.Int) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.AddDate(1, 0, 0)}
	for _, n := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: noon})
	}
	b, err := x509.CreateRevocationList(rand.Reader, l, w.root, w.keys["Root"])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// evidence is all that belongs into a container.
func (w world) evidence(t testing.TB) asic.Evidence {
	t.Helper()
	at := noon.Add(2 * time.Minute)
	return asic.Evidence{
		Certificates: []*x509.Certificate{w.root, w.stamper, w.responder},
		OCSP:         [][]byte{w.answer(t, w.signer, ocsp.Good, at), w.answer(t, w.stamper, ocsp.Good, at)},
		CRLs:         [][]byte{w.list(t)},
	}
}

// long makes a container of level LT.
func (w world) long(t testing.TB) []byte {
	t.Helper()
	s := w.signed(t, asic.PKCS1)
	w.lengthen(t, s, w.stamp(t, s.Stamped()), w.evidence(t))
	return pack(t, s)
}

func (w world) lengthen(t testing.TB, s *asic.Signature, token []byte, e asic.Evidence) {
	t.Helper()
	if err := s.AddTimestamp(token); err != nil {
		t.Fatal(err)
	}
	if err := s.AddValidation(e); err != nil {
		t.Fatal(err)
	}
}

func pack(t testing.TB, s *asic.Signature) []byte {
	t.Helper()
	b, err := s.Container()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// trust is what a verifier believes in, a year later.
func (w world) trust(least asic.Level) asic.Trust {
	return asic.Trust{Roots: []*x509.Certificate{w.root}, Now: noon.AddDate(1, 0, 0), Least: least}
}

func encoded(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }
