package signature

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/curve"
)

// Sizes of RSA keys that are read, in bits. The upper bounds keep what a
// stranger's key can cost small: a check takes at most some milliseconds.
const (
	minModulus  = 1024
	maxModulus  = 8192
	maxExponent = 64 // issued ones have 32 at most; each bit costs as much as one of a private key
)

// maxKey bounds a SubjectPublicKeyInfo, in bytes.
const maxKey = 4 << 10

// Why a key is not read.
var (
	ErrKey     = errors.New("signature: not a public key of RSA or of a known curve")
	ErrKeySize = errors.New("signature: key of a size that is not accepted")
)

// A Key is a public key. The zero value is none, and verifies nothing.
type Key struct {
	n, e *big.Int   // RSA
	pss  *Algorithm // RSA for PSS only; with a Hash, for these parameters only (RFC 4055 §1.2)

	curve *curve.Curve
	point curve.Point
	std   *ecdsa.PublicKey // the same point, on a curve that crypto/ecdsa knows
}

// ParseKey reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). It fails with [ErrKey],
// or [ErrKeySize] for RSA keys under 1024 or over 8192 bits or with an exponent
// that is even, under 3 or over 64 bits. A curve whose parameters are written
// out must be a known one in all of them.
func ParseKey(spki []byte) (Key, error) {
	s := ber.String(spki)
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() || len(spki) > maxKey {
		return Key{}, ErrKey
	}
	name, parameters, ok := identifier(&seq)
	bits, okBits := seq.Bits()
	if !ok || !okBits || !seq.Empty() {
		return Key{}, ErrKey
	}
	switch name {
	case oidRSA:
		if !isNull(parameters) {
			return Key{}, ErrKey
		}
		return parseRSA(bits)
	case oidPSS:
		k, err := parseRSA(bits)
		if err != nil {
			return Key{}, err
		}
		k.pss = &Algorithm{Scheme: PSS}
		if !isNull(parameters) {
			if *k.pss, err = readPSS(parameters); err != nil {
				return Key{}, err
			}
		}
		return k, nil
	case oidEC:
		return parseEC(parameters, bits)
	}
	return Key{}, ErrKey
}

func parseRSA(bits []byte) (Key, error) {
	s := ber.String(bits)
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return Key{}, ErrKey
	}
	n, okN := seq.Unsigned(maxKey)
	e, okE := seq.Unsigned(maxKey)
	if !okN || !okE || !seq.Empty() {
		return Key{}, ErrKey
	}
	if n.BitLen() < minModulus || n.BitLen() > maxModulus || n.Bit(0) == 0 ||
		e.BitLen() < 2 || e.BitLen() > maxExponent || e.Bit(0) == 0 {
		return Key{}, ErrKeySize
	}
	return Key{n: n, e: e}, nil
}

// standard is the curve as crypto/ecdsa knows it; nil if it does not.
func standard(name string) elliptic.Curve {
	switch name {
	case "secp224r1":
		return elliptic.P224()
	case "secp256r1":
		return elliptic.P256()
	case "secp384r1":
		return elliptic.P384()
	case "secp521r1":
		return elliptic.P521()
	}
	return nil
}

func parseEC(parameters, bits []byte) (Key, error) {
	c, err := curve.Parse(parameters)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	k := Key{curve: c}
	if k.point, err = c.Point(bits); err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if std := standard(c.Name); std != nil {
		if k.std, err = ecdsa.ParseUncompressedPublicKey(std, bits); err != nil {
			return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
		}
	}
	return k, nil
}

// RSA reports that the key is one of RSA; else it is one of a curve.
func (k Key) RSA() bool { return k.n != nil }

// Bits is the length of the modulus, or of the curve's prime; 0 for the zero Key.
func (k Key) Bits() int {
	switch {
	case k.n != nil:
		return k.n.BitLen()
	case k.curve != nil:
		return k.curve.Bits()
	}
	return 0
}

// The least sizes of signers' keys, in bits (Doc 9303-12 §4.4).
const (
	minRSA   = 2048
	minCurve = 224
)

// Weak reports a key that is too small for a signer.
func (k Key) Weak() bool {
	return k.RSA() && k.Bits() < minRSA || !k.RSA() && k.Bits() < minCurve
}

// String is such as "rsa-3072" or "brainpoolP384r1".
func (k Key) String() string {
	switch {
	case k.n != nil:
		return fmt.Sprintf("rsa-%d", k.n.BitLen())
	case k.curve != nil:
		return k.curve.Name
	}
	return "none"
}

// Equal reports whether both are the same key, in whatever form they came.
func (k Key) Equal(other Key) bool {
	if k.n != nil && other.n != nil {
		return k.n.Cmp(other.n) == 0 && k.e.Cmp(other.e) == 0
	}
	return k.curve != nil && other.curve != nil && k.point.Equal(other.point)
}
