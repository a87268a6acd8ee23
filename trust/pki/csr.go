package pki

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxCSR bounds a certification request, in bytes.
const maxCSR = 16 << 10

// RequestedKey takes the key, RSA, out of a certification request (PKCS #10,
// RFC 2986), for the services whose key was made elsewhere, such as inside a
// hardware module. It verifies that whoever asks has the key, and takes nothing
// else from the request: what a certificate says comes from its profile. A
// request with attributes is refused, whatever they are: it asks for extensions
// (to be a CA, say) that it will not get, and its maker should know.
func RequestedKey(der []byte) (*rsa.PublicKey, error) {
	if len(der) > maxCSR {
		return nil, fmt.Errorf("pki: a request of more than %d bytes", maxCSR)
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, errors.New("pki: the certification request cannot be read")
	}
	if err := r.CheckSignature(); err != nil {
		return nil, fmt.Errorf("pki: the certification request is not signed by its key: %w", err)
	}
	if asks, err := hasAttributes(r.RawTBSCertificateRequest); err != nil || asks {
		return nil, errors.New("pki: the certification request asks for more than a certificate for its key")
	}
	key, ok := r.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("pki: an RSA key expected in the certification request")
	}
	return key, nil
}

// hasAttributes looks at CertificationRequestInfo itself, since crypto/x509
// shows only the attributes that it knows.
func hasAttributes(info cryptobyte.String) (bool, error) {
	var body, attributes cryptobyte.String
	var there bool
	if !info.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) || !body.SkipASN1(cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.SEQUENCE) ||
		!body.ReadOptionalASN1(&attributes, &there, cbasn1.Tag(0).ContextSpecific().Constructed()) || !body.Empty() {
		return false, asn1.StructuralError{Msg: "certification request"}
	}
	return !attributes.Empty(), nil
}
