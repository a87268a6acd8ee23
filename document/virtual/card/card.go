package card

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Flaw is something wrong with a card's certificates.
type Flaw string

// The flaws.
const (
	ForeignIssuer Flaw = "foreign-issuer" // signed by another CA of the same name
	MobilePolicy  Flaw = "mobile-policy"  // a policy of Estonian Mobile-ID on the log-in certificate
	OtherSigner   Flaw = "other-signer"   // the signing certificate is another person's
)

// mobilePolicy is one of Estonian Mobile-ID.
const mobilePolicy = "1.3.6.1.4.1.10015.1.3.1"

// An Order asks for a card. Code and a name are needed.
type Order struct {
	Code           tunnus.PersonCode
	Given, Surname string
	// PIN1 is 4 to 12 digits, PIN2 5 to 12. Those that are empty are drawn.
	PIN1, PIN2 string
	// Algorithm is how both keys sign: ES256, ES384, ES512, RS256 or PS256 (with
	// RSA-2048). Empty: ES384.
	Algorithm string
	// Flaws of the certificates.
	Flaws []Flaw
	// Edit, if there is one, changes the templates of both certificates before
	// they are signed; login tells which one it is.
	Edit func(template *x509.Certificate, login bool)
}

// tries is how often a PIN may be wrong.
const tries = 3

// A Card is an ID-card. Its methods may be called at the same time.
type Card struct {
	algorithm        string
	login, signature pair

	mu         sync.Mutex
	pin1, pin2 counter
	manners    []Manner
	last       *Token // for Replay
}

type pair struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

// A counter guards a key.
type counter struct {
	PIN  string `json:"pin"`
	Left int    `json:"left"`
}

// Issue makes a card: certificates for five years from now, which say where
// their status is answered. RSA keys take up to a second.
func (i *Issuer) Issue(o Order, now time.Time) (*Card, error) {
	if o.Algorithm == "" {
		o.Algorithm = "ES384"
	}
	c := &Card{algorithm: o.Algorithm, pin1: newCounter(o.PIN1, 4), pin2: newCounter(o.PIN2, 5)}
	if !c.pin1.fits(4) || !c.pin2.fits(5) {
		return nil, fmt.Errorf("card: PIN1 has 4 to 12 digits, PIN2 5 to 12")
	}
	by := i
	if slices.Contains(o.Flaws, ForeignIssuer) {
		var err error
		if by, err = i.impostor(); err != nil {
			return nil, err
		}
	}
	var err error
	if c.login, err = by.pair(o, now, true); err != nil {
		return nil, err
	}
	if c.signature, err = by.pair(o, now, false); err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, k := range []pair{c.login, c.signature} {
		i.issued[k.certificate.SerialNumber.Text(16)] = time.Time{}
	}
	return c, nil
}

// pair makes a key and its certificate.
func (i *Issuer) pair(o Order, now time.Time, login bool) (pair, error) {
	key, err := newKey(o.Algorithm)
	if err != nil {
		return pair{}, err
	}
	usage, rights, policy := x509.KeyUsageContentCommitment, []x509.ExtKeyUsage(nil), PolicySignature
	if login {
		usage, rights, policy = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, PolicyLogin
	} else if slices.Contains(o.Flaws, OtherSigner) {
		o.Code, o.Given, o.Surname = somebodyElse(o.Code), "TEINE", "INIMENE"
	}
	if login && slices.Contains(o.Flaws, MobilePolicy) {
		policy = mobilePolicy
	}
	oid, err := x509.ParseOID(policy)
	if err != nil {
		return pair{}, fmt.Errorf("card: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      subject(o),
		NotBefore:    now.UTC().Truncate(time.Second).AddDate(0, 0, -1),
		NotAfter:     now.UTC().Truncate(time.Second).AddDate(5, 0, 0),
		KeyUsage:     usage,
		ExtKeyUsage:  rights,
		Policies:     []x509.OID{oid},
		OCSPServer:   []string{i.url},
	}
	if o.Edit != nil {
		o.Edit(template, login)
	}
	cert, err := certify(template, i.anchor, key.Public(), i.key)
	return pair{key, cert}, err
}

// somebodyElse finds another code of the invented state.
func somebodyElse(than tunnus.PersonCode) tunnus.PersonCode {
	for n := range 20 { // ten have one right check digit
		p, err := tunnus.ParsePersonCode(Country, fmt.Sprintf("1990021400%02d", n))
		if err == nil && p != than {
			return p
		}
	}
	return tunnus.PersonCode{}
}

// subject names the holder (ETSI EN 319 412-2 §4.2.4).
func subject(o Order) pkix.Name {
	n := pkix.Name{Country: []string{Country}, SerialNumber: o.Code.SemanticsID()}
	n.CommonName = strings.Trim(o.Surname+","+o.Given, ",") + "," + o.Code.Value()
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value string
	}{{asn1.ObjectIdentifier{2, 5, 4, 4}, o.Surname}, {asn1.ObjectIdentifier{2, 5, 4, 42}, o.Given}} {
		if a.value != "" {
			n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: a.oid, Value: a.value})
		}
	}
	return n
}

func newKey(algorithm string) (key crypto.Signer, err error) {
	switch algorithm {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "RS256", "PS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return nil, fmt.Errorf("card: no keys of %q", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	return key, nil
}

// newCounter draws a PIN if none is given.
func newCounter(pin string, digits int) counter {
	for given := pin != ""; !given && len(pin) < digits; {
		d, _ := rand.Int(rand.Reader, big.NewInt(10)) // never fails
		pin += d.String()
	}
	return counter{pin, tries}
}

func (c counter) fits(least int) bool {
	return len(c.PIN) >= least && len(c.PIN) <= 12 && strings.Trim(c.PIN, "0123456789") == ""
}

// PINs are what the letter says that comes with the card.
func (c *Card) PINs() (pin1, pin2 string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pin1.PIN, c.pin2.PIN
}

// Left is how often each PIN may still be wrong; 0 means that it is blocked.
func (c *Card) Left() (pin1, pin2 int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pin1.Left, c.pin2.Left
}

// Certificates are those of the card.
func (c *Card) Certificates() (login, signature *x509.Certificate) {
	return c.login.certificate, c.signature.certificate
}

// cardJSON is a card as it is stored. The keys are PKCS #8.
type cardJSON struct {
	Note         string   `json:"note"`
	Algorithm    string   `json:"algorithm"`
	Login        []byte   `json:"login"`
	LoginKey     []byte   `json:"login_key"`
	Signature    []byte   `json:"signature"`
	SignatureKey []byte   `json:"signature_key"`
	PIN1         counter  `json:"pin1"`
	PIN2         counter  `json:"pin2"`
	Manners      []Manner `json:"manners,omitempty"`
}

// MarshalJSON writes the card with its private keys, PINs and their counters.
func (c *Card) MarshalJSON() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	login, err := x509.MarshalPKCS8PrivateKey(c.login.key)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	signature, err := x509.MarshalPKCS8PrivateKey(c.signature.key)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	return json.Marshal(cardJSON{
		note, c.algorithm, c.login.certificate.Raw, login,
		c.signature.certificate.Raw, signature, c.pin1, c.pin2, c.manners,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Card) UnmarshalJSON(b []byte) error {
	var j cardJSON
	err := json.Unmarshal(b, &j)
	if err != nil {
		return err
	}
	var login, signature pair
	if login.key, login.certificate, err = keyAndCertificate(j.LoginKey, j.Login); err != nil {
		return err
	}
	if signature.key, signature.certificate, err = keyAndCertificate(j.SignatureKey, j.Signature); err != nil {
		return err
	}
	if !j.PIN1.fits(4) || !j.PIN2.fits(5) {
		return fmt.Errorf("card: a stored PIN is none")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.algorithm, c.login, c.signature = j.Algorithm, login, signature
	c.pin1, c.pin2, c.manners, c.last = j.PIN1, j.PIN2, j.Manners, nil
	return nil
}
