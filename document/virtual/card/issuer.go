package card

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// Country is the invented state, in two letters.
const Country = "XX"

// The policies of the cards: 2.25 with a UUID as one number (ITU-T X.667 §7).
const (
	PolicyLogin     = policyArc + ".1"
	PolicySignature = policyArc + ".2"

	policyArc = "2.25.333359676565395789470095883976366869840"
)

// responderBits is the size of the responder's RSA key.
const responderBits = 2048

// An Issuer makes cards and answers for them. Its methods may be called at the
// same time.
type Issuer struct {
	founded   time.Time
	url       string
	key       *ecdsa.PrivateKey
	anchor    *x509.Certificate
	responder ocsp.Signer

	mu     sync.Mutex
	issued map[string]time.Time // by serial number, when it was revoked; zero while it is good
	mood   Mood
}

// NewIssuer makes the issuing CA (P-384), valid for sixteen years from the day
// before now, and its responder (RSA-2048, ten years). Cards will say that url,
// http or https, is where their status is answered.
func NewIssuer(now time.Time, url string) (*Issuer, error) { return found(now, url, nil) }

// impostor makes another issuer that gives itself the same names and the same
// key identifier, but has keys of its own.
func (i *Issuer) impostor() (*Issuer, error) { return found(i.founded, i.url, i.anchor.SubjectKeyId) }

// found makes the keys and certificates; keyID is the CA's key identifier, nil
// for one made of its key.
func found(now time.Time, url string, keyID []byte) (*Issuer, error) {
	i := &Issuer{founded: now.UTC().Truncate(time.Second), url: url, issued: map[string]time.Time{}}
	var err error
	if i.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               name("Utopian Identity Cards"),
		NotBefore:             i.founded.AddDate(0, 0, -1),
		NotAfter:              i.founded.AddDate(16, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          keyID,
	}
	if i.anchor, err = certify(root, root, i.key.Public(), i.key); err != nil {
		return nil, err
	}
	i.responder, err = i.newResponder(x509.ExtKeyUsageOCSPSigning)
	return i, err
}

// newResponder makes a key for answers, with one right.
func (i *Issuer) newResponder(right x509.ExtKeyUsage) (ocsp.Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, responderBits)
	if err != nil {
		return ocsp.Signer{}, fmt.Errorf("card: %w", err)
	}
	c, err := certify(&x509.Certificate{
		SerialNumber: serial(),
		Subject:      name("Utopian Identity Cards OCSP"),
		NotBefore:    i.founded.AddDate(0, 0, -1),
		NotAfter:     i.founded.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{right},
	}, i.anchor, key.Public(), i.key)
	return ocsp.Signer{Certificate: c, Key: key}, err
}

// CA is the certificate to trust.
func (i *Issuer) CA() *x509.Certificate { return i.anchor }

// URL is where the status of its cards is answered.
func (i *Issuer) URL() string { return i.url }

func name(common string) pkix.Name {
	return pkix.Name{Country: []string{Country}, Organization: []string{"Utopia"}, CommonName: common}
}

// serial draws 128 random bits, never zero.
func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[0] |= 1
	return new(big.Int).SetBytes(b)
}

func certify(template, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	return c, nil
}

// issuerJSON is an issuer as it is stored. The keys are PKCS #8.
type issuerJSON struct {
	Note         string               `json:"note"`
	Founded      time.Time            `json:"founded"`
	URL          string               `json:"url"`
	CA           []byte               `json:"ca"`
	CAKey        []byte               `json:"ca_key"`
	Responder    []byte               `json:"responder"`
	ResponderKey []byte               `json:"responder_key"`
	Issued       map[string]time.Time `json:"issued"`
	Mood         Mood                 `json:"mood,omitempty"`
}

// note stands in each stored issuer and card.
const note = "invented state UTO; these keys protect nothing"

// MarshalJSON writes the issuer with its private keys and what it has issued.
func (i *Issuer) MarshalJSON() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	ca, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	responder, err := x509.MarshalPKCS8PrivateKey(i.responder.Key)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	return json.Marshal(issuerJSON{note, i.founded, i.url, i.anchor.Raw, ca, i.responder.Certificate.Raw, responder, i.issued, i.mood})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Issuer) UnmarshalJSON(b []byte) error {
	var j issuerJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	ca, anchor, err := keyAndCertificate(j.CAKey, j.CA)
	if err != nil {
		return err
	}
	key, ok := ca.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("card: the CA's key is not one of an elliptic curve")
	}
	responderKey, responder, err := keyAndCertificate(j.ResponderKey, j.Responder)
	if err != nil {
		return err
	}
	if j.Issued == nil {
		j.Issued = map[string]time.Time{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.founded, i.url, i.key, i.anchor = j.Founded, j.URL, key, anchor
	i.responder, i.issued, i.mood = ocsp.Signer{Certificate: responder, Key: responderKey}, j.Issued, j.Mood
	return nil
}

// keyAndCertificate reads a pair and sees that it is one.
func keyAndCertificate(pkcs8, der []byte) (crypto.Signer, *x509.Certificate, error) {
	k, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, nil, fmt.Errorf("card: a key: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("card: a certificate: %w", err)
	}
	key, ok := k.(crypto.Signer)
	public, known := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !known || !public.Equal(key.Public()) {
		return nil, nil, errors.New("card: a certificate of another key")
	}
	return key, c, nil
}
