package pki

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"time"
)

// NewRoot makes the certificate of a root CA for a key of RSA-4096 that is in a
// file or a key module. The same bytes are judged before they are signed.
func NewRoot(s Scheme, key crypto.Signer, now time.Time, judge Judge) (*x509.Certificate, error) {
	public, err := authorityKey(key.Public())
	if err != nil {
		return nil, err
	}
	t, err := s.tier("Root CA", rootYears, now, public)
	if err != nil {
		return nil, err
	}
	t.MaxPathLen = 1
	t.AuthorityKeyId = t.SubjectKeyId // RFC 5280 §4.2.1.1 leaves it to the root
	return certify(t, t, key, judge)
}

// NewIssuing makes the certificate of an issuing CA, signed by a root. It may sign
// certificates and revocation lists, and no further CA (path length 0).
func NewIssuing(s Scheme, root *x509.Certificate, by crypto.Signer, key crypto.PublicKey, now time.Time, judge Judge) (*x509.Certificate, error) {
	public, err := authorityKey(key)
	if err != nil {
		return nil, err
	}
	if err := root.CheckSignatureFrom(root); err != nil || !bytes.Equal(root.RawSubject, root.RawIssuer) {
		return nil, errors.Join(errors.New("pki: an issuing CA is signed by a root only"), err)
	}
	t, err := s.tier("Issuing CA", issuingYears, now, public)
	if err != nil {
		return nil, err
	}
	anyPolicy, err := policyOID(policyAny)
	if err != nil {
		return nil, err
	}
	t.MaxPathLenZero = true
	t.Policies = []x509.OID{anyPolicy}
	Scheme{IssuerURL: s.RootURL, CRLURL: s.RootCRLURL}.addURLs(t)
	return certify(t, root, by, judge)
}

func (s Scheme) tier(role string, years int, now time.Time, key *rsa.PublicKey) (*x509.Certificate, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	t, err := s.authorityTemplate(role, years, now, key)
	if err != nil {
		return nil, err
	}
	t.PublicKey, t.PublicKeyAlgorithm = key, x509.RSA
	return t, nil
}

func authorityKey(key crypto.PublicKey) (*rsa.PublicKey, error) {
	k, ok := key.(*rsa.PublicKey)
	if !ok || k.N.BitLen() != authorityBits || k.E != 65537 {
		return nil, errors.New("pki: the key of a CA is RSA-4096")
	}
	return k, nil
}
