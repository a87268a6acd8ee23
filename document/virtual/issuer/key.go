package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // key identifiers (RFC 5280 §4.2.1.2)
	"errors"
	"fmt"
	"math/big"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/curve"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Key signs.
type Key struct {
	rsa *rsa.PrivateKey // E is of no meaning if e is not nil
	e   *big.Int        // an exponent that crypto/rsa does not take

	curve *curve.Curve
	d     *big.Int
	point curve.Point

	// Explicit has the parameters of a curve written out in [Key.Public].
	Explicit bool
}

// NewRSA makes an RSA key with the exponent 65537.
func NewRSA(bits int) (*Key, error) {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return &Key{rsa: k}, nil
}

// NewRSAExponent makes an RSA key with an exponent of any length, which must be
// odd. It signs by PKCS #1 only.
func NewRSAExponent(bits int, e *big.Int) (*Key, error) {
	one := big.NewInt(1)
	for range 100 {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, fmt.Errorf("issuer: %w", err)
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, fmt.Errorf("issuer: %w", err)
		}
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil && n.BitLen() == bits {
			return &Key{rsa: &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n}, D: d}, e: e}, nil
		}
	}
	return nil, errors.New("issuer: no primes for this exponent")
}

// NewEC makes a key of a curve that package document/curve names.
func NewEC(name string) (*Key, error) {
	c, err := curve.Named(name)
	if err != nil {
		return nil, err
	}
	d, err := scalar(c)
	if err != nil {
		return nil, err
	}
	return &Key{curve: c, d: d, point: c.Generator().Times(d.Bytes())}, nil
}

// scalar draws a number from 1 to the order.
func scalar(c *curve.Curve) (*big.Int, error) {
	d, err := rand.Int(rand.Reader, new(big.Int).Sub(c.Order(), big.NewInt(1)))
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return d.Add(d, big.NewInt(1)), nil
}

// Public is the SubjectPublicKeyInfo.
func (k *Key) Public() []byte {
	if k.rsa != nil {
		e := k.e
		if e == nil {
			e = big.NewInt(int64(k.rsa.E))
		}
		return PublicKeyInfo(element(ber.Sequence, oid("1.2.840.113549.1.1.1"), null), element(ber.Sequence, Number(k.rsa.N), Number(e)))
	}
	parameters := element(ber.ObjectID, []byte(ber.NewOID(curves[k.curve.Name])))
	if k.Explicit {
		parameters = k.curve.Parameters()
	}
	return PublicKeyInfo(element(ber.Sequence, oid("1.2.840.10045.2.1"), parameters), k.point.Bytes())
}

// PublicKeyInfo is SubjectPublicKeyInfo of an algorithm and a key.
func PublicKeyInfo(algorithm, key []byte) []byte {
	return element(ber.Sequence, algorithm, bits(key))
}

// curves are the names of curves as objects.
var curves = map[string]string{
	"secp192r1": "1.2.840.10045.3.1.1", "secp224r1": "1.3.132.0.33", "secp256r1": "1.2.840.10045.3.1.7",
	"secp384r1": "1.3.132.0.34", "secp521r1": "1.3.132.0.35",
	"brainpoolP192r1": "1.3.36.3.3.2.8.1.1.3", "brainpoolP224r1": "1.3.36.3.3.2.8.1.1.5", "brainpoolP256r1": "1.3.36.3.3.2.8.1.1.7",
	"brainpoolP320r1": "1.3.36.3.3.2.8.1.1.9", "brainpoolP384r1": "1.3.36.3.3.2.8.1.1.11", "brainpoolP512r1": "1.3.36.3.3.2.8.1.1.13",
}

// ID is the usual key identifier: SHA-1 of the key's bits.
func (k *Key) ID() []byte {
	s := ber.String(k.Public())
	s, _ = s.Read(ber.Sequence)
	_, _ = s.Read(ber.Sequence)
	key, _ := s.Bits()
	id := sha1.Sum(key)
	return id[:]
}

// Usual is the algorithm that the key signs with as a rule.
func (k *Key) Usual() signature.Algorithm {
	switch {
	case k.rsa != nil:
		return signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA256}
	case k.curve.Bits() > 384:
		return signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA512}
	case k.curve.Bits() > 320:
		return signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA384}
	}
	return signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA256}
}

// Sign signs a message.
func (k *Key) Sign(a signature.Algorithm, message []byte) ([]byte, error) {
	h := a.Hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	var sig []byte
	var err error
	switch {
	case k.e != nil && a.Scheme == signature.PKCS1:
		sig, err = k.raw(a.Hash, digest)
	case k.rsa != nil && a.Scheme == signature.PKCS1:
		sig, err = rsa.SignPKCS1v15(rand.Reader, k.rsa, a.Hash, digest)
	case k.rsa != nil && k.e == nil && a.Scheme == signature.PSS && a.Mask == a.Hash:
		sig, err = rsa.SignPSS(rand.Reader, k.rsa, a.Hash, digest, &rsa.PSSOptions{SaltLength: a.Salt})
	case k.curve != nil && a.Scheme == signature.ECDSA:
		sig, err = k.ecdsa(digest)
	default:
		err = errors.New("issuer: another kind of key")
	}
	return sig, err
}

// raw signs by RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1) without crypto/rsa, which
// refuses the exponent.
func (k *Key) raw(h crypto.Hash, digest []byte) ([]byte, error) {
	info := element(ber.Sequence, element(ber.Sequence, oid(digests[h]), null), element(ber.OctetString, digest))
	size := (k.rsa.N.BitLen() + 7) / 8
	block := make([]byte, size)
	for i := range block {
		block[i] = 0xFF
	}
	block[0], block[1], block[size-len(info)-1] = 0, 1, 0
	copy(block[size-len(info):], info)
	s := new(big.Int).SetBytes(block)
	return s.Exp(s, k.rsa.D, k.rsa.N).FillBytes(make([]byte, size)), nil
}

// ecdsa signs a digest (BSI TR-03111 §4.2.1.1).
func (k *Key) ecdsa(digest []byte) ([]byte, error) {
	n := k.curve.Order()
	for {
		t, err := scalar(k.curve)
		if err != nil {
			return nil, err
		}
		r := new(big.Int).SetBytes(k.curve.Generator().Times(t.Bytes()).X())
		r.Mod(r, n)
		e := new(big.Int).SetBytes(digest)
		if over := 8*len(digest) - n.BitLen(); over > 0 {
			e.Rsh(e, uint(over))
		}
		s := new(big.Int).Mul(r, k.d)
		s.Add(s, e).Mul(s, t.ModInverse(t, n)).Mod(s, n)
		if r.Sign() != 0 && s.Sign() != 0 {
			return element(ber.Sequence, Number(r), Number(s)), nil
		}
	}
}

// digests and signatures are the names of algorithms.
var (
	digests = map[crypto.Hash]string{
		crypto.MD5: "1.2.840.113549.2.5", crypto.SHA1: "1.3.14.3.2.26", crypto.SHA224: "2.16.840.1.101.3.4.2.4",
		crypto.SHA256: "2.16.840.1.101.3.4.2.1", crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
	}
	signatures = map[signature.Scheme]map[crypto.Hash]string{
		signature.PKCS1: {
			crypto.MD5: "1.2.840.113549.1.1.4", crypto.SHA1: "1.2.840.113549.1.1.5", crypto.SHA224: "1.2.840.113549.1.1.14",
			crypto.SHA256: "1.2.840.113549.1.1.11", crypto.SHA384: "1.2.840.113549.1.1.12", crypto.SHA512: "1.2.840.113549.1.1.13",
		},
		signature.ECDSA: {
			crypto.SHA1: "1.2.840.10045.4.1", crypto.SHA224: "1.2.840.10045.4.3.1", crypto.SHA256: "1.2.840.10045.4.3.2",
			crypto.SHA384: "1.2.840.10045.4.3.3", crypto.SHA512: "1.2.840.10045.4.3.4",
		},
	}
)

// Digest is the AlgorithmIdentifier of a hash.
func Digest(h crypto.Hash) []byte { return element(ber.Sequence, oid(digests[h])) }

// Identifier is the AlgorithmIdentifier of a signature.
func Identifier(a signature.Algorithm) []byte {
	switch a.Scheme {
	case signature.PSS:
		mask := element(ber.Sequence, oid("1.2.840.113549.1.1.8"), Digest(a.Mask))
		return element(ber.Sequence, oid("1.2.840.113549.1.1.10"), element(ber.Sequence,
			element(ber.FieldOfOthers, Digest(a.Hash)), element(ber.FieldOfOthers+1, mask),
			element(ber.FieldOfOthers+2, Number(big.NewInt(int64(a.Salt))))))
	case signature.PKCS1:
		return element(ber.Sequence, oid(signatures[a.Scheme][a.Hash]), null)
	}
	return element(ber.Sequence, oid(signatures[a.Scheme][a.Hash]))
}

var null = []byte{5, 0}

// element writes one element around others.
func element(tag tlv.Tag, parts ...[]byte) []byte {
	var value []byte
	for _, p := range parts {
		value = append(value, p...)
	}
	return tlv.Append(nil, tag, value)
}

func oid(dotted string) []byte { return element(ber.ObjectID, []byte(ber.NewOID(dotted))) }

func bits(b []byte) []byte { return element(ber.BitString, []byte{0}, b) }

// Number is an INTEGER that is not negative.
func Number(n *big.Int) []byte {
	return element(ber.Integer, n.FillBytes(make([]byte, n.BitLen()/8+1)))
}
