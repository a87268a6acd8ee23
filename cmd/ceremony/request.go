package ceremony

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

const maxRequest = 64 << 10

// readRequest reads the key out of a certificate request (RFC 2986), and nothing
// else: what the certificate says is the scheme's.
func readRequest(path string, ca bool) (crypto.PublicKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRequest+1))
	if err != nil {
		return nil, err
	}
	key, err := parseRequest(b, ca)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

var (
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
)

// parseRequest checks that whoever asks has the key, and refuses a request that
// asks for a CA, other than for the issuing CA: it was made for something else
// than it is used for, whatever the certificate would say.
func parseRequest(b []byte, ca bool) (crypto.PublicKey, error) {
	if len(b) > maxRequest {
		return nil, errors.New("too long for a request")
	}
	if block, _ := pem.Decode(b); block != nil {
		if block.Type != "CERTIFICATE REQUEST" {
			return nil, errors.New("a PEM block that is no certificate request")
		}
		b = block.Bytes
	}
	r, err := x509.ParseCertificateRequest(b)
	if err != nil {
		return nil, errors.New("no certificate request")
	}
	if err := r.CheckSignature(); err != nil {
		return nil, errors.New("the request is not signed by its key")
	}
	for _, e := range r.Extensions {
		asks, err := asksForCA(e.Id, e.Value)
		if err != nil {
			return nil, err
		}
		if asks && !ca {
			return nil, errors.New("the request asks for a CA")
		}
	}
	return r.PublicKey, nil
}

// keyCertSign is the bit of key usage that only a CA has (RFC 5280 §4.2.1.3).
const keyCertSign = 5

func asksForCA(id asn1.ObjectIdentifier, value []byte) (bool, error) {
	switch {
	case id.Equal(oidBasicConstraints):
		var c struct {
			CA      bool `asn1:"optional"`
			PathLen int  `asn1:"optional,default:-1"`
		}
		if rest, err := asn1.Unmarshal(value, &c); err != nil || len(rest) > 0 {
			return false, errors.New("the request's basic constraints cannot be read")
		}
		return c.CA, nil
	case id.Equal(oidKeyUsage):
		var bits asn1.BitString
		if rest, err := asn1.Unmarshal(value, &bits); err != nil || len(rest) > 0 {
			return false, errors.New("the request's key usage cannot be read")
		}
		return bits.At(keyCertSign) == 1, nil
	}
	return false, nil
}
