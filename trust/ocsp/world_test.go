package ocsp_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A world is an issuing CA below a root, its responder, and a leaf.
type world struct {
	root, issuing, leaf *x509.Certificate
	issuingKey          *rsa.PrivateKey
	responder           ocsp.Signer
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
	var keys [3]*rsa.PrivateKey
	for i := range keys {
		if keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return w, err
		}
	}
	w.issuingKey = keys[1]
	ca := func(name string, n int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(5, 0, 0),
		}
	}
	if w.root, err = signed(ca("root", 1), nil, &keys[0].PublicKey, keys[0]); err != nil {
		return w, err
	}
	if w.issuing, err = signed(ca("issuing", 2), w.root, &keys[1].PublicKey, keys[0]); err != nil {
		return w, err
	}
	if w.leaf, err = signed(leafTemplate(4711), w.issuing, &keys[2].PublicKey, keys[1]); err != nil {
		return w, err
	}
	none := func(*x509.Certificate) error { return nil }
	cert, err := pki.NewResponder(pki.Sandbox(), w.issuing, keys[1], &keys[2].PublicKey, noon, none)
	w.responder = ocsp.Signer{Certificate: cert, Key: keys[2]}
	return w, err
}

func leafTemplate(n int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(1, 0, 0),
	}
}

func signed(template, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// ask asks about the leaf, and reads the question back.
func (w world) ask(t testing.TB, h crypto.Hash, nonce []byte) ocsp.Request {
	t.Helper()
	der, err := ocsp.NewRequest(w.leaf, w.issuing, h, nonce)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ocsp.ParseRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// good is a draft that says that the leaf is good.
func (w world) good(t testing.TB) ocsp.Draft {
	t.Helper()
	return ocsp.Draft{Produced: noon, Answers: []ocsp.Answer{{
		ID: w.ask(t, crypto.SHA1, nil).IDs[0], Status: ocsp.Good, ThisUpdate: noon, NextUpdate: noon.Add(10 * time.Minute), ArchiveCutoff: w.issuing.NotBefore,
	}}}
}

func (w world) sign(t testing.TB, d ocsp.Draft) []byte {
	t.Helper()
	der, err := ocsp.Sign(d, w.responder)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (w world) verify(response []byte, at time.Time) (ocsp.Result, error) {
	return ocsp.Verify(response, w.leaf, w.issuing, []*x509.Certificate{w.root}, at)
}
