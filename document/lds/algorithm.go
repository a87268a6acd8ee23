package lds

import (
	"crypto"
	_ "crypto/sha256" // SHA-224 and SHA-256 for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A Scheme is a way of signing.
type Scheme string

// The schemes of document signers (Doc 9303-12 §4.1.6).
const (
	PKCS1 Scheme = "rsa-pkcs1"
	PSS   Scheme = "rsa-pss"
	ECDSA Scheme = "ecdsa"
)

// An Algorithm is a scheme with its parameters.
type Algorithm struct {
	Scheme Scheme
	Hash   crypto.Hash
	Salt   int // PSS: length of the salt in bytes; the mask uses Hash too
}

// hashes are the digests that are accepted. MD5 and SHA-1 are not: whoever can
// make two contents with one digest could have the innocent one signed.
var hashes = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// algorithms are the signature algorithms that are accepted. Hash 0 means that
// of the SignerInfo.
var algorithms = map[string]Algorithm{
	"1.2.840.113549.1.1.1":  {Scheme: PKCS1},
	"1.2.840.113549.1.1.14": {Scheme: PKCS1, Hash: crypto.SHA224},
	"1.2.840.113549.1.1.11": {Scheme: PKCS1, Hash: crypto.SHA256},
	"1.2.840.113549.1.1.12": {Scheme: PKCS1, Hash: crypto.SHA384},
	"1.2.840.113549.1.1.13": {Scheme: PKCS1, Hash: crypto.SHA512},
	"1.2.840.10045.4.3.1":   {Scheme: ECDSA, Hash: crypto.SHA224},
	"1.2.840.10045.4.3.2":   {Scheme: ECDSA, Hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":   {Scheme: ECDSA, Hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":   {Scheme: ECDSA, Hash: crypto.SHA512},
}

const (
	oidPSS  = "1.2.840.113549.1.1.10"
	oidMGF1 = "1.2.840.113549.1.1.8"
)

var (
	errAlgorithm = errors.New("lds: SOD: algorithm is not accepted")
	errDigest    = errors.New("lds: SOD: digest is not accepted")
)

// readIdentifier reads an AlgorithmIdentifier and returns what follows its name.
func readIdentifier(s *cryptobyte.String) (name string, parameters cryptobyte.String, ok bool) {
	var seq cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) {
		return "", nil, false
	}
	return oid.String(), seq, true
}

// isNull reports whether parameters are absent or NULL: both are written.
func isNull(parameters cryptobyte.String) bool {
	var null cryptobyte.String
	return parameters.Empty() || parameters.ReadASN1(&null, cbasn1.NULL) && null.Empty() && parameters.Empty()
}

func readHash(s *cryptobyte.String) (crypto.Hash, error) {
	name, parameters, ok := readIdentifier(s)
	if !ok || !isNull(parameters) {
		return 0, errSOD
	}
	h, ok := hashes[name]
	if !ok {
		return 0, errDigest
	}
	return h, nil
}

// readAlgorithm reads a signature algorithm, which must use the digest of the
// SignerInfo.
func readAlgorithm(s *cryptobyte.String, digest crypto.Hash) (Algorithm, error) {
	name, parameters, ok := readIdentifier(s)
	if !ok {
		return Algorithm{}, errSOD
	}
	a, ok := algorithms[name]
	switch {
	case name == oidPSS:
		var err error
		if a, err = readPSS(parameters); err != nil {
			return Algorithm{}, err
		}
	case !ok:
		return Algorithm{}, errAlgorithm
	case !isNull(parameters):
		return Algorithm{}, errSOD
	}
	if a.Hash == 0 {
		a.Hash = digest
	}
	if a.Hash != digest {
		return Algorithm{}, errors.New("lds: SOD: two digests in one signature")
	}
	return a, nil
}

// readPSS reads RSASSA-PSS-params (RFC 4055 §3.1). The defaults mean SHA-1, so
// digest and mask must be there; the mask must use the same digest.
func readPSS(s cryptobyte.String) (Algorithm, error) {
	var seq, hash, mask cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() ||
		!seq.ReadASN1(&hash, tag0) || !seq.ReadASN1(&mask, tag1) {
		return Algorithm{}, errAlgorithm
	}
	h, err := readHash(&hash)
	if err != nil || !hash.Empty() {
		return Algorithm{}, errAlgorithm
	}
	name, parameters, ok := readIdentifier(&mask)
	if !ok || name != oidMGF1 || !mask.Empty() {
		return Algorithm{}, errAlgorithm
	}
	m, err := readHash(&parameters)
	if err != nil || m != h || !parameters.Empty() {
		return Algorithm{}, errAlgorithm
	}
	salt, trailer := 20, 1
	if !readOptionalInt(&seq, 2, &salt) || !readOptionalInt(&seq, 3, &trailer) || !seq.Empty() ||
		salt < 0 || salt > 64 || trailer != 1 {
		return Algorithm{}, errAlgorithm
	}
	return Algorithm{PSS, h, salt}, nil
}

// readOptionalInt reads an explicitly tagged integer over its default, if it is there.
func readOptionalInt(s *cryptobyte.String, tag uint8, value *int) bool {
	var inner cryptobyte.String
	var has bool
	if !s.ReadOptionalASN1(&inner, &has, cbasn1.Tag(tag).ContextSpecific().Constructed()) {
		return false
	}
	return !has || inner.ReadASN1Integer(value) && inner.Empty()
}
