package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// EncodeCertificates writes certificates as PEM, in their order.
func EncodeCertificates(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})...)
	}
	return out
}

// DecodeCertificates reads PEM with one or more certificates and nothing else.
func DecodeCertificates(text []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for {
		b, rest := pem.Decode(text)
		if b == nil {
			break
		}
		if b.Type != certificateBlock {
			return nil, fmt.Errorf("pki: a PEM block that is no certificate")
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("pki: %w", err)
		}
		out, text = append(out, c), rest
	}
	if len(out) == 0 {
		return nil, errors.New("pki: no certificate found")
	}
	return out, nil
}

// EncodeKey writes a private key as PKCS #8 in PEM. It is not encrypted:
// whoever stores it seals it first.
func EncodeKey(key crypto.Signer) (tunnus.Secret, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tunnus.Secret{}, fmt.Errorf("pki: %w", err)
	}
	return tunnus.NewSecret(pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der})), nil
}

// DecodeKey is the inverse of [EncodeKey].
func DecodeKey(text tunnus.Secret) (crypto.Signer, error) {
	b, _ := pem.Decode(text.Reveal())
	if b == nil || b.Type != keyBlock {
		return nil, errors.New("pki: no private key found")
	}
	key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, errors.New("pki: the private key cannot be read") // the cause might hold parts of it
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("pki: the private key cannot sign")
	}
	return signer, nil
}
