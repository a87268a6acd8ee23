package client

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

const (
	adaID     = "PNOXX-199002140017"
	benID     = "PNOXX-198511230020"
	adaNumber = adaID + "-7K3Q-Q"
	loginOID  = "2.25.1.1"
)

var (
	loginUsage = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}
	now        = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
)

// holderKey is made once: RSA keys take their time.
var holderKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func key(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := holderKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// An authority is a certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// sign makes a certificate, by itself if the authority has none yet.
func (a *authority) sign(t testing.TB, tpl *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	t.Helper()
	parent := a.cert
	if parent == nil {
		parent = tpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newAuthority(t testing.TB, name string, by *authority) *authority {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: k}
	if by == nil {
		by = a
	}
	a.cert = by.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, &k.PublicKey)
	return a
}

// holderTemplate is a log-in certificate as the scheme makes it.
func holderTemplate(t testing.TB) *x509.Certificate {
	t.Helper()
	policy, err := x509.ParseOID(loginOID)
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject: pkix.Name{
			Country: []string{"XX"}, CommonName: "SPECIMEN,ADA", SerialNumber: adaID,
			ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: "SPECIMEN"},
				{Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: "ADA"},
			},
		},
		NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(3, 0, 0), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{loginUsage},
		Policies: []x509.OID{policy}, ExtraExtensions: []pkix.Extension{altName(t, adaNumber)},
	}
}

// altName is the extension that names the account.
func altName(t testing.TB, number string) pkix.Extension {
	t.Helper()
	name, err := asn1.Marshal(pkix.Name{CommonName: number}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name}})
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}
}

// A world is a client, its scheme's authorities, and a holder who answers.
type world struct {
	client        *Client
	root, issuing *authority
	now           time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: now}
	w.root = newAuthority(t, "Root", nil)
	w.issuing = newAuthority(t, "Issuing", w.root)
	c, err := New(w.config())
	if err != nil {
		t.Fatal(err)
	}
	w.client = c
	return w
}

func (w *world) config() Config {
	return Config{
		BaseURL: "http://127.0.0.1:1/v3/", UUID: "11111111-1111-4111-8111-111111111111", Name: "Bank", Scheme: "tunnus-demo",
		Roots: []*x509.Certificate{w.root.cert}, Issuing: []*x509.Certificate{w.issuing.cert},
		Policies: map[tunnus.Level][]string{tunnus.Qualified: {loginOID}, tunnus.Advanced: {"2.25.1.3"}},
		Usage:    loginUsage, Level: tunnus.Qualified, Clock: tunnus.ClockFunc(func() time.Time { return w.now }),
	}
}

func ada(t testing.TB) tunnus.PersonCode {
	t.Helper()
	code, err := tunnus.ParseSemanticsID(adaID)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (w *world) prepare(t testing.TB, change func(*Ask)) *Request {
	t.Helper()
	a := Ask{Subject: Subject{Person: ada(t)}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}}}
	if change != nil {
		change(&a)
	}
	q, err := w.client.Prepare(a)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A forgery is an answer in the making: everything an attacker may turn.
type forgery struct {
	by       *authority
	cert     *x509.Certificate // template
	fields   acsp.Fields       // what is signed
	answer   acsp.Answer
	signHash acsp.Hash // with what it is signed
	salt     int
	status   func(*Status) // what is told otherwise than signed
}

// answer lets the holder sign q, after f has turned what it wants.
func (w *world) answer(t testing.TB, q *Request, turn func(*forgery)) Status {
	t.Helper()
	f := forgery{
		by: w.issuing, cert: holderTemplate(t), fields: q.fields, signHash: q.fields.Hash, salt: rsa.PSSSaltLengthEqualsHash,
		answer: acsp.Answer{UserChallenge: acsp.UserChallenge(acsp.NewVerifier()), Interaction: q.offered[0].Type},
	}
	f.fields.ServerRandom = acsp.NewServerRandom()
	if turn != nil {
		turn(&f)
	}
	payload, err := acsp.Payload(f.fields, f.answer)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := f.signHash.Sum(payload)
	if err != nil {
		t.Fatal(err)
	}
	value, err := rsa.SignPSS(rand.Reader, key(t), f.signHash.Crypto(), digest, &rsa.PSSOptions{SaltLength: f.salt})
	if err != nil {
		t.Fatal(err)
	}
	params, err := acsp.ParametersOf(q.fields.Hash)
	if err != nil {
		t.Fatal(err)
	}
	st := Status{
		State: "COMPLETE", Result: Result{End: "OK", Number: adaNumber}, Protocol: "ACSP_V2", Interaction: f.answer.Interaction,
		Signature: Signature{
			Value: value, ServerRandom: f.fields.ServerRandom, UserChallenge: f.answer.UserChallenge,
			Flow: f.fields.Flow, Algorithm: "rsassa-pss", Parameters: params,
		},
		Certificate: Certificate{DER: f.by.sign(t, f.cert, &key(t).PublicKey).Raw, Level: tunnus.Qualified},
	}
	if f.status != nil {
		f.status(&st)
	}
	return st
}
