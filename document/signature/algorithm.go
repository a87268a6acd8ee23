package signature

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"   // crypto.SHA1, for those whom the caller excepts
	_ "crypto/sha256" // SHA-224 and SHA-256 for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Scheme is a way of signing.
type Scheme string

// The schemes of signers (Doc 9303-12 §4.4).
const (
	PKCS1 Scheme = "rsa-pkcs1"
	PSS   Scheme = "rsa-pss"
	ECDSA Scheme = "ecdsa"
)

// An Algorithm is a scheme with its parameters.
type Algorithm struct {
	Scheme Scheme
	Hash   crypto.Hash
	Mask   crypto.Hash // PSS: the hash of its mask; else 0
	Salt   int         // PSS: length of the salt in bytes
}

// String is such as "rsa-pss SHA-256".
func (a Algorithm) String() string { return fmt.Sprintf("%s %v", a.Scheme, a.Hash) }

// SHA1 reports that the signature rests on SHA-1: whoever can make two contents
// with one digest could have the innocent one signed.
func (a Algorithm) SHA1() bool { return a.Hash == crypto.SHA1 || a.Mask == crypto.SHA1 }

// hashes are the digests that are known. MD5 is not.
var hashes = map[ber.OID]crypto.Hash{
	ber.NewOID("1.3.14.3.2.26"):          crypto.SHA1,
	ber.NewOID("2.16.840.1.101.3.4.2.4"): crypto.SHA224,
	ber.NewOID("2.16.840.1.101.3.4.2.1"): crypto.SHA256,
	ber.NewOID("2.16.840.1.101.3.4.2.2"): crypto.SHA384,
	ber.NewOID("2.16.840.1.101.3.4.2.3"): crypto.SHA512,
}

// algorithms are the signature algorithms that are known, but PSS. Hash 0 means
// that of the SignerInfo.
var algorithms = map[ber.OID]Algorithm{
	ber.NewOID("1.2.840.113549.1.1.1"):  {Scheme: PKCS1},
	ber.NewOID("1.2.840.113549.1.1.5"):  {Scheme: PKCS1, Hash: crypto.SHA1},
	ber.NewOID("1.2.840.113549.1.1.14"): {Scheme: PKCS1, Hash: crypto.SHA224},
	ber.NewOID("1.2.840.113549.1.1.11"): {Scheme: PKCS1, Hash: crypto.SHA256},
	ber.NewOID("1.2.840.113549.1.1.12"): {Scheme: PKCS1, Hash: crypto.SHA384},
	ber.NewOID("1.2.840.113549.1.1.13"): {Scheme: PKCS1, Hash: crypto.SHA512},
	ber.NewOID("1.2.840.10045.4.1"):     {Scheme: ECDSA, Hash: crypto.SHA1},
	ber.NewOID("1.2.840.10045.4.3.1"):   {Scheme: ECDSA, Hash: crypto.SHA224},
	ber.NewOID("1.2.840.10045.4.3.2"):   {Scheme: ECDSA, Hash: crypto.SHA256},
	ber.NewOID("1.2.840.10045.4.3.3"):   {Scheme: ECDSA, Hash: crypto.SHA384},
	ber.NewOID("1.2.840.10045.4.3.4"):   {Scheme: ECDSA, Hash: crypto.SHA512},
}

var (
	oidRSA  = ber.NewOID("1.2.840.113549.1.1.1")
	oidPSS  = ber.NewOID("1.2.840.113549.1.1.10")
	oidMGF1 = ber.NewOID("1.2.840.113549.1.1.8")
	oidEC   = ber.NewOID("1.2.840.10045.2.1")
)

// Why an algorithm is not read.
var (
	ErrForm      = errors.New("signature: algorithm is not in its form")
	ErrAlgorithm = errors.New("signature: algorithm is not accepted")
	ErrDigest    = errors.New("signature: digest is not accepted")
)

// identifier reads an AlgorithmIdentifier and returns what follows its name.
func identifier(s *ber.String) (name ber.OID, parameters ber.String, ok bool) {
	seq, ok := s.Read(ber.Sequence)
	if !ok {
		return "", nil, false
	}
	name, ok = seq.OID()
	return name, seq, ok
}

// isNull reports whether parameters are absent or NULL: both are written.
func isNull(parameters ber.String) bool {
	if parameters.Empty() {
		return true
	}
	null, ok := parameters.Read(ber.Null)
	return ok && null.Empty() && parameters.Empty()
}

// ParseHash reads the AlgorithmIdentifier of a digest. It fails with [ErrForm] or
// [ErrDigest].
func ParseHash(der []byte) (crypto.Hash, error) {
	s := ber.String(der)
	h, err := readHash(&s)
	if err == nil && !s.Empty() {
		err = ErrForm
	}
	return h, err
}

func readHash(s *ber.String) (crypto.Hash, error) {
	name, parameters, ok := identifier(s)
	if !ok || !isNull(parameters) {
		return 0, ErrForm
	}
	h, ok := hashes[name]
	if !ok {
		return 0, ErrDigest
	}
	return h, nil
}

// ParseAlgorithm reads the AlgorithmIdentifier of a signature. digest is that of
// the SignerInfo in which it stands, and must be its own; 0 in certificates,
// where rsaEncryption, which names none, is refused. It fails with [ErrForm],
// [ErrAlgorithm] or [ErrDigest].
func ParseAlgorithm(der []byte, digest crypto.Hash) (Algorithm, error) {
	s := ber.String(der)
	name, parameters, ok := identifier(&s)
	if !ok || !s.Empty() {
		return Algorithm{}, ErrForm
	}
	a, ok := algorithms[name]
	switch {
	case name == oidPSS:
		var err error
		if a, err = readPSS(parameters); err != nil {
			return Algorithm{}, err
		}
	case !ok:
		return Algorithm{}, ErrAlgorithm
	case !isNull(parameters):
		return Algorithm{}, ErrForm
	}
	if a.Hash == 0 {
		a.Hash = digest
	}
	if a.Hash == 0 || digest != 0 && a.Hash != digest {
		return Algorithm{}, fmt.Errorf("%w: two digests in one signature, or none", ErrAlgorithm)
	}
	return a, nil
}

// Same compares the two places of a certificate where its algorithm is written
// (RFC 5280 §4.1.1.2): the same bytes, or the same algorithm with NULL left out
// in one.
func Same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, err := ParseAlgorithm(a, 0)
	other, errOther := ParseAlgorithm(b, 0)
	return err == nil && errOther == nil && one == other
}

// maxSalt bounds the salt of PSS, in bytes: the longest digest.
const maxSalt = 64

// readPSS reads RSASSA-PSS-params (RFC 4055 §3.1). What is left out is SHA-1.
func readPSS(s ber.String) (Algorithm, error) {
	a := Algorithm{Scheme: PSS, Hash: crypto.SHA1, Mask: crypto.SHA1, Salt: 20}
	if isNull(s) {
		return a, nil
	}
	seq, ok := s.Read(ber.Sequence)
	hash, hasHash, okHash := seq.Optional(ber.FieldOfOthers)
	mask, hasMask, okMask := seq.Optional(ber.FieldOfOthers + 1)
	if !ok || !s.Empty() || !okHash || !okMask {
		return Algorithm{}, ErrForm
	}
	var err error
	if hasHash {
		if a.Hash, err = ParseHash(hash); err != nil {
			return Algorithm{}, err
		}
	}
	if hasMask {
		name, parameters, ok := identifier(&mask)
		if !ok || name != oidMGF1 || !mask.Empty() {
			return Algorithm{}, ErrAlgorithm
		}
		if a.Mask, err = ParseHash(parameters); err != nil {
			return Algorithm{}, err
		}
	}
	trailer := 1
	if !optionalInt(&seq, 2, &a.Salt) || !optionalInt(&seq, 3, &trailer) || !seq.Empty() {
		return Algorithm{}, ErrForm
	}
	if a.Salt > maxSalt || trailer != 1 {
		return Algorithm{}, ErrAlgorithm
	}
	return a, nil
}

// optionalInt reads an integer in its field over its default, if it is there.
func optionalInt(s *ber.String, field tlv.Tag, value *int) bool {
	inner, has, ok := s.Optional(ber.FieldOfOthers + field)
	if !has || !ok {
		return ok
	}
	*value, ok = inner.Int()
	return ok && inner.Empty()
}
