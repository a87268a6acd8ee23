package virtual

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"time"
)

// The country's names: three letters in code lines, two in certificates.
const stateCode, countryCode = "UTO", "XX"

// Key sizes of the signers, in bits.
const countrySignerBits, documentSignerBits = 3072, 2048

// oidDocumentTypes is documentTypeList (Doc 9303-12 §7.1.1.5).
var oidDocumentTypes = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}

// passportsOnly is documentTypeList {0, {"P"}} in DER.
var passportsOnly = []byte{0x30, 8, 2, 1, 0, 0x31, 3, 0x13, 1, 'P'}

// A Country signs passports. Nothing changes it, so all methods may be called at
// the same time.
type Country struct {
	csca   *rsa.PrivateKey
	ds     *rsa.PrivateKey
	anchor *x509.Certificate
	signer *x509.Certificate
	now    time.Time // when it was founded: the signing time of its documents
}

// NewCountry makes the country signer (RSA-3072) and a document signer
// (RSA-2048), both valid from the day before now: the one for sixteen years,
// the other for twelve. It takes about a second.
func NewCountry(now time.Time) (*Country, error) { return found(now, nil) }

// Impostor makes another country that gives itself the same names, the same key
// identifier and the same serial numbers, but has keys of its own.
func (c *Country) Impostor() (*Country, error) { return found(c.now, c.anchor.SubjectKeyId) }

// CSCA is the country signer's certificate, DER: what goes on a trust list.
func (c *Country) CSCA() []byte { return c.anchor.Raw }

// found makes the keys and certificates; keyID is the country signer's key
// identifier, nil for one made of its key.
func found(now time.Time, keyID []byte) (*Country, error) {
	c := &Country{now: now.UTC().Truncate(time.Second)}
	var err error
	if c.csca, err = rsa.GenerateKey(rand.Reader, countrySignerBits); err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	if c.ds, err = rsa.GenerateKey(rand.Reader, documentSignerBits); err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Country: []string{countryCode}, Organization: []string{"Utopia"}, CommonName: "Country Signing CA Utopia"},
		NotBefore:             c.now.AddDate(0, 0, -1),
		NotAfter:              c.now.AddDate(16, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          keyID,
		SignatureAlgorithm:    x509.SHA256WithRSA,
	}
	if c.anchor, err = c.certify(root, root, &c.csca.PublicKey); err != nil {
		return nil, err
	}
	c.signer, err = c.certify(c.signerTemplate(), c.anchor, &c.ds.PublicKey)
	return c, err
}

// signerTemplate is the profile of a document signer (Doc 9303-12 §7.1).
func (c *Country) signerTemplate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:       big.NewInt(2),
		Subject:            pkix.Name{Country: []string{countryCode}, Organization: []string{"Utopia"}, CommonName: "Document Signer Utopia"},
		NotBefore:          c.now.AddDate(0, 0, -1),
		NotAfter:           c.now.AddDate(12, 0, 0),
		KeyUsage:           x509.KeyUsageDigitalSignature,
		SignatureAlgorithm: x509.SHA256WithRSA,
		ExtraExtensions:    []pkix.Extension{{Id: oidDocumentTypes, Value: passportsOnly}},
	}
}

// certify signs a certificate with the country's key.
func (c *Country) certify(template, parent *x509.Certificate, key *rsa.PublicKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, c.csca)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return cert, nil
}

// countryJSON is a country as it is stored. The keys are PKCS #8.
type countryJSON struct {
	Note    string    `json:"note"`
	Founded time.Time `json:"founded"`
	CSCA    []byte    `json:"csca"`
	CSCAKey []byte    `json:"csca_key"`
	DS      []byte    `json:"ds"`
	DSKey   []byte    `json:"ds_key"`
}

// note stands in each stored country and passport.
const note = "invented state UTO; these keys protect nothing"

// MarshalJSON writes the country with its private keys.
func (c *Country) MarshalJSON() ([]byte, error) {
	csca, err := x509.MarshalPKCS8PrivateKey(c.csca)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	ds, err := x509.MarshalPKCS8PrivateKey(c.ds)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return json.Marshal(countryJSON{note, c.now, c.anchor.Raw, csca, c.signer.Raw, ds})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Country) UnmarshalJSON(b []byte) error {
	var j countryJSON
	err := json.Unmarshal(b, &j)
	if err != nil {
		return err
	}
	n := Country{now: j.Founded}
	if n.csca, err = rsaKey(j.CSCAKey); err != nil {
		return err
	}
	if n.ds, err = rsaKey(j.DSKey); err != nil {
		return err
	}
	if n.anchor, err = x509.ParseCertificate(j.CSCA); err != nil {
		return fmt.Errorf("virtual: %w", err)
	}
	if n.signer, err = x509.ParseCertificate(j.DS); err != nil {
		return fmt.Errorf("virtual: %w", err)
	}
	*c = n
	return nil
}

func rsaKey(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	k, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("virtual: not an RSA key")
	}
	return k, nil
}
