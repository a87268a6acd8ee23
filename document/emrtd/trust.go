package emrtd

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// Sizes of keys that are accepted, in bits. The upper bounds keep what a
// stranger's certificate can cost small.
const (
	minRSA      = 2048
	maxRSA      = 8192
	maxExponent = 1 << 31
	maxCertSize = 16 << 10
)

// A TrustList holds the country signers (CSCA) that are trusted. It does not
// change and may be used from many goroutines.
type TrustList struct {
	byKeyID   map[string][]*x509.Certificate
	bySubject map[string][]*x509.Certificate
}

// NewTrustList makes a list of certificates in DER. Each is trusted as it is;
// one that could not sign document signers is an error.
func NewTrustList(certs ...[]byte) (*TrustList, error) {
	l := &TrustList{byKeyID: map[string][]*x509.Certificate{}, bySubject: map[string][]*x509.Certificate{}}
	for i, der := range certs {
		if err := l.add(der); err != nil {
			return nil, fmt.Errorf("emrtd: trust list: certificate %d: %w", i, err)
		}
	}
	return l, nil
}

func (l *TrustList) add(der []byte) error {
	if len(der) > maxCertSize {
		return errors.New("too large")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	if !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return errors.New("not a certificate authority")
	}
	if len(c.UnhandledCriticalExtensions) != 0 {
		return errors.New("unknown critical extension")
	}
	if err := strong(c.PublicKey); err != nil {
		return err
	}
	if len(c.SubjectKeyId) != 0 {
		l.byKeyID[string(c.SubjectKeyId)] = append(l.byKeyID[string(c.SubjectKeyId)], c)
	}
	l.bySubject[string(c.RawSubject)] = append(l.bySubject[string(c.RawSubject)], c)
	return nil
}

var (
	errNoAnchor = errors.New("no trusted country signer of this name and key identifier")
	errIssuer   = errors.New("the country signer named did not sign the document signer")
)

// issuer returns the anchor that signed the document signer's certificate. All
// that bear the name are tried: two generations may share a key identifier, and
// an impostor may give himself one.
func (l *TrustList) issuer(ds *x509.Certificate) (*x509.Certificate, error) {
	candidates := l.bySubject[string(ds.RawIssuer)]
	if len(ds.AuthorityKeyId) != 0 {
		candidates = l.byKeyID[string(ds.AuthorityKeyId)]
	}
	err := errNoAnchor
	for _, c := range candidates {
		if !bytes.Equal(c.RawSubject, ds.RawIssuer) {
			continue
		}
		if ds.CheckSignatureFrom(c) == nil {
			return c, nil
		}
		err = errIssuer
	}
	return nil, err
}

var errWeak = errors.New("key is of a size or kind that is not accepted")

// strong refuses keys that are too small, and those that are so large that
// using them would be an attack.
func strong(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA || k.E < 3 || k.E&1 == 0 || int64(k.E) > maxExponent {
			return errWeak
		}
		return nil
	case *ecdsa.PublicKey:
		return nil // crypto/x509 reads named curves only, P-224 to P-521
	}
	return errWeak
}
