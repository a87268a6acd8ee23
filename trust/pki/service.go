package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"
)

// Validity and sizes of the certificates of the CA's own services.
const (
	responderDays = 90 // it cannot be revoked (no-check), so it is short
	responderBits = 2048
	stamperYears  = 5
	stamperBits   = 3072
)

var (
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidNoCheck      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5} // RFC 6960 §4.2.2.2.1
)

// A Judge sees a draft, signed by a throwaway key, whose to-be-signed bytes are
// going to be signed if it returns nil. Package trust/issue's Lint is one.
type Judge func(draft *x509.Certificate) error

// NewResponder certifies the key of an OCSP responder (RFC 6960 §4.2.2.2) by
// the issuing CA that it answers for: RSA of at least 2048 bits (answers are
// many, and short-lived), for 90 days, and without pointers to its own status.
func NewResponder(s Scheme, ca *x509.Certificate, by crypto.Signer, key *rsa.PublicKey, now time.Time, judge Judge) (*x509.Certificate, error) {
	t, err := s.serviceTemplate("OCSP", key, responderBits, now)
	if err != nil {
		return nil, err
	}
	t.NotAfter = t.NotBefore.AddDate(0, 0, responderDays).Add(-time.Second)
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	t.ExtraExtensions = []pkix.Extension{{Id: oidNoCheck, Value: asn1.NullBytes}}
	if s.IssuerURL != "" {
		t.IssuingCertificateURL = []string{s.IssuerURL}
	}
	return certify(t, ca, by, judge)
}

// NewStamper certifies the key of a time-stamp authority (RFC 3161 §2.3): RSA
// of at least 3072 bits, for time-stamps only (critical), for five years or as
// long as the CA lives. The issuing CA signs it, not the root, so that its
// status is answered by the same OCSP responder and stands in the same list.
func NewStamper(s Scheme, ca *x509.Certificate, by crypto.Signer, key *rsa.PublicKey, now time.Time, judge Judge) (*x509.Certificate, error) {
	t, err := s.serviceTemplate("TSA", key, stamperBits, now)
	if err != nil {
		return nil, err
	}
	t.NotAfter = t.NotBefore.AddDate(stamperYears, 0, 0).Add(-time.Second)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeStamping})
	if err != nil {
		return nil, err
	}
	t.ExtraExtensions = []pkix.Extension{{Id: oidExtKeyUsage, Critical: true, Value: usage}} // crypto/x509 would not mark it
	s.addURLs(t)
	return certify(t, ca, by, judge)
}

// serviceTemplate is what both services have in common. The name tells the
// year and month, so that two of them are told apart.
func (s Scheme) serviceTemplate(role string, key *rsa.PublicKey, bits int, now time.Time) (*x509.Certificate, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if key == nil || key.N == nil || key.N.BitLen() < bits || key.E < 65537 {
		return nil, fmt.Errorf("pki: an RSA key of at least %d bits expected", bits)
	}
	serial, err := NewSerial()
	if err != nil {
		return nil, err
	}
	from := now.UTC().Truncate(time.Second).Add(-backdate)
	return &x509.Certificate{
		PublicKey:    key,
		SerialNumber: serial,
		Subject: nameOf([]attribute{
			{oidCountry, s.Country},
			{oidOrganisation, s.Organisation},
			{oidCommonName, fmt.Sprintf("%s %s %s", s.Name, role, from.Format("2006-01"))},
		}),
		NotBefore:             from,
		SignatureAlgorithm:    Signing,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		SubjectKeyId:          KeyID(x509.MarshalPKCS1PublicKey(key)),
	}, nil
}

// certify has the draft judged, and then signs the same bytes. A certificate
// never outlives its CA.
func certify(t, ca *x509.Certificate, by crypto.Signer, judge Judge) (*x509.Certificate, error) {
	if judge == nil {
		return nil, errors.New("pki: nothing is signed that was not judged")
	}
	if t.NotAfter.After(ca.NotAfter) {
		t.NotAfter = ca.NotAfter
	}
	if !t.NotAfter.After(t.NotBefore) {
		return nil, errors.New("pki: the CA has ended")
	}
	throwaway, err := rsa.GenerateKey(rand.Reader, responderBits)
	if err != nil {
		return nil, err
	}
	parent := *ca
	parent.PublicKey = &throwaway.PublicKey
	draft, err := createAndRead(t, &parent, t.PublicKey, throwaway)
	if err != nil {
		return nil, err
	}
	if err := judge(draft); err != nil {
		return nil, err
	}
	cert, err := createAndRead(t, ca, t.PublicKey, by)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(cert.RawTBSCertificate, draft.RawTBSCertificate) {
		return nil, errors.New("pki: what was signed is not what was judged")
	}
	return cert, cert.CheckSignatureFrom(ca)
}
