package pki

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
)

// Limits of a certificate from outside. A signature by an RSA key of a million
// bits, which fits into a file or an answer, would keep whoever checks it busy
// for minutes.
const (
	maxForeign    = 32 << 10 // bytes
	maxForeignKey = 8192     // bits
)

// ParseForeign reads a certificate that came with something that is to be
// checked, and refuses one that would make checking take long. Nothing else of
// it is judged.
func ParseForeign(der []byte) (*x509.Certificate, error) {
	if len(der) > maxForeign {
		return nil, errors.New("pki: a certificate that is too large")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("pki: a certificate that cannot be read") // the cause might repeat what it says
	}
	return c, CheckForeign(c)
}

// CheckForeign does the part of [ParseForeign] that can be done when the
// certificate was read by somebody else.
func CheckForeign(c *x509.Certificate) error {
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxForeignKey {
		return errors.New("pki: a certificate with a key that is too large")
	}
	return nil
}
