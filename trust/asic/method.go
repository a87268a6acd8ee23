package asic

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
)

// A Method is the algorithm of a signature, by its identifier in XML (RFC 9231 §2.3).
type Method string

// The methods that [Prepare] takes. Both sign a SHA-512 digest with RSA. Few
// validators know PSS in XML.
const (
	PKCS1 Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	PSS   Method = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
)

// Methods that are understood, besides.
const (
	pkcs1SHA256 Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	pkcs1SHA384 Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	pssSHA256   Method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
	pssSHA384   Method = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
)

// Digests, by their identifiers in XML.
const (
	sha256URI = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha384URI = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	sha512URI = "http://www.w3.org/2001/04/xmlenc#sha512"
)

// Sizes of RSA keys that are taken, in bits.
const (
	minKey = 2048
	maxKey = 8192
)

// parts tells hash and padding of a method; ok is false for one that is not
// known, such as all with SHA-1.
func (m Method) parts() (h crypto.Hash, pss, ok bool) {
	switch m {
	case PKCS1:
		return crypto.SHA512, false, true
	case pkcs1SHA384:
		return crypto.SHA384, false, true
	case pkcs1SHA256:
		return crypto.SHA256, false, true
	case PSS:
		return crypto.SHA512, true, true
	case pssSHA384:
		return crypto.SHA384, true, true
	case pssSHA256:
		return crypto.SHA256, true, true
	}
	return 0, false, false
}

// Words tells the method in words.
func (m Method) Words() string {
	h, pss, ok := m.parts()
	switch {
	case !ok:
		return fmt.Sprintf("unknown method %q", string(m))
	case pss:
		return fmt.Sprintf("RSASSA-PSS with %s", h)
	}
	return fmt.Sprintf("RSASSA-PKCS1-v1_5 with %s", h)
}

// check verifies a signature over a message.
func (m Method) check(cert *x509.Certificate, message, signature []byte) error {
	h, pss, ok := m.parts()
	if !ok {
		return fmt.Errorf("asic: signature algorithm %q is weak or not known", string(m))
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKey || key.N.BitLen() > maxKey {
		return fmt.Errorf("asic: the signer's key is not RSA of %d to %d bits", minKey, maxKey)
	}
	digest := sum(h, message)
	var err error
	if pss { // RFC 9231 §2.3.9: the salt is as long as the hash
		err = rsa.VerifyPSS(key, h, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		err = rsa.VerifyPKCS1v15(key, h, digest, signature)
	}
	if err != nil {
		return errors.New("asic: the signature is not one of the signer's key over these files")
	}
	return nil
}

// digestOf finds a digest algorithm.
func digestOf(uri string) (crypto.Hash, error) {
	switch uri {
	case sha256URI:
		return crypto.SHA256, nil
	case sha384URI:
		return crypto.SHA384, nil
	case sha512URI:
		return crypto.SHA512, nil
	}
	return 0, fmt.Errorf("asic: digest algorithm %q is weak or not known", uri)
}

// sum hashes by name, so that what exists does not depend on what else is linked.
func sum(h crypto.Hash, message []byte) []byte {
	w := sha512.New()
	switch h {
	case crypto.SHA256:
		w = sha256.New()
	case crypto.SHA384:
		w = sha512.New384()
	}
	w.Write(message)
	return w.Sum(nil)
}
