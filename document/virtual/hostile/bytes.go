package hostile

import (
	"bytes"
	"maps"
	"math/big"
	"slices"

	"github.com/tunnus-id/tunnus/document/curve"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// encodings are contents that cost too much to whoever reads them without limits.
var encodings = map[string]func() []byte{
	"four-gigabytes":          func() []byte { return []byte{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF} },
	"deep":                    func() []byte { return nested(0x30, 10_000) },
	"deep-indefinite":         func() []byte { return bytes.Repeat([]byte{0x30, 0x80}, 10_000) },
	"indefinite-in-definite":  func() []byte { return tlv.Append(nil, 0x30, []byte{0x30, 0x80, 2, 1, 1}) },
	"many-empty":              func() []byte { return tlv.Append(nil, 0x30, bytes.Repeat([]byte{0x30, 0}, 15_000)) },
	"longer-than-needed":      func() []byte { return []byte{0x30, 0x84, 0, 0, 0, 3, 2, 1, 1} },
	"huge-object-identifier":  func() []byte { return tlv.Append(nil, 0x30, tlv.Append(nil, 6, bytes.Repeat([]byte{0xFF}, 20_000))) },
	"huge-number":             func() []byte { return tlv.Append(nil, 0x30, tlv.Append(nil, 2, bytes.Repeat([]byte{0x7F}, 20_000))) },
	"nothing":                 func() []byte { return nil },
	"length-of-128-bytes":     func() []byte { return append([]byte{0x30, 0xFF}, bytes.Repeat([]byte{0xFF}, 127)...) },
	"tag-that-does-not-end":   func() []byte { return append([]byte{0x3F}, bytes.Repeat([]byte{0xFF}, 1000)...) },
	"strings-inside-of-parts": func() []byte { return tlv.Append(nil, 0x24, nested(0x24, 5_000)) },
}

// nested is an element in an element, and so on, of at most 30,000 bytes.
func nested(tag tlv.Tag, depth int) []byte {
	// Written from the inside out, by one header each: appending would copy it all
	// at each level.
	b := make([]byte, 0, 5*depth)
	size := 0
	for range depth {
		head := tlv.Append(nil, tag, make([]byte, size))
		head = head[:len(head)-size]
		slices.Reverse(head)
		if size += len(head); size > 30_000 {
			break
		}
		b = append(b, head...)
	}
	slices.Reverse(b)
	return b
}

// Encodings names the contents of [Encoding].
func Encodings() []string { return slices.Sorted(maps.Keys(encodings)) }

// Encoding is a content that costs much to who reads it without limits; nil for a
// name that is none.
func Encoding(name string) []byte {
	if f := encodings[name]; f != nil {
		return f()
	}
	return nil
}

// Algorithms and fields of keys (RFC 5280 §4.1.2.7, RFC 5480 §2.1.1).
var (
	rsaAlgorithm = []byte{0x30, 13, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0}
	ecName       = []byte{6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1}
	p256Name     = []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7}
	primeField   = []byte{6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 1, 1}
)

// keys are public keys that nobody should calculate with.
var keys = map[string]func() []byte{
	"rsa-huge-exponent": func() []byte { return rsaKey(ones(2048), ones(2048)) },
	"rsa-huge-modulus":  func() []byte { return rsaKey(ones(32_000), big.NewInt(65537)) },
	"rsa-even-modulus":  func() []byte { return rsaKey(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(65537)) },
	"rsa-exponent-one":  func() []byte { return rsaKey(ones(2048), big.NewInt(1)) },
	"rsa-zero":          func() []byte { return rsaKey(new(big.Int), new(big.Int)) },
	"rsa-small":         func() []byte { return rsaKey(big.NewInt(3233), big.NewInt(17)) },
	"ec-off-curve":      func() []byte { return pointKey(p256Name, append([]byte{4}, bytes.Repeat([]byte{5}, 64)...)) },
	"ec-infinity":       func() []byte { return pointKey(p256Name, []byte{0}) },
	"ec-zeros":          func() []byte { return pointKey(p256Name, append([]byte{4}, make([]byte, 64)...)) },
	"ec-over-the-prime": func() []byte { return pointKey(p256Name, append([]byte{4}, bytes.Repeat([]byte{0xFF}, 64)...)) },
	"ec-order-one":      func() []byte { return ownCurve(func(c *parameters) { c.n = big.NewInt(1) }) },
	"ec-composite":      func() []byte { return ownCurve(func(c *parameters) { c.p.Sub(c.p, big.NewInt(1)) }) },
	"ec-own-generator": func() []byte {
		return ownCurve(func(c *parameters) { c.g[len(c.g)-1] ^= 1 })
	},
	"ec-huge-prime": func() []byte { return ownCurve(func(c *parameters) { c.p = ones(16_000) }) },
}

// Keys names the keys of [Key].
func Keys() []string { return slices.Sorted(maps.Keys(keys)) }

// Key is a SubjectPublicKeyInfo that nobody should calculate with; nil for a name
// that is none.
func Key(name string) []byte {
	if f := keys[name]; f != nil {
		return f()
	}
	return nil
}

func ones(bits uint) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), bits)
	return n.Sub(n, big.NewInt(1))
}

func number(n *big.Int) []byte {
	return tlv.Append(nil, 2, n.FillBytes(make([]byte, n.BitLen()/8+1)))
}

func rsaKey(n, e *big.Int) []byte {
	return keyInfo(rsaAlgorithm, tlv.Append(nil, 0x30, append(number(n), number(e)...)))
}

func pointKey(parameters, point []byte) []byte {
	return keyInfo(tlv.Append(nil, 0x30, append(bytes.Clone(ecName), parameters...)), point)
}

func keyInfo(algorithm, key []byte) []byte {
	return tlv.Append(nil, 0x30, append(bytes.Clone(algorithm), tlv.Append(nil, 3, append([]byte{0}, key...))...))
}

// parameters are those of a curve that is written out.
type parameters struct {
	p, n *big.Int
	g    []byte
}

// ownCurve is the generator of a curve that is P-256 but for a change.
func ownCurve(change func(*parameters)) []byte {
	c, err := curve.Named("secp256r1")
	if err != nil {
		return nil
	}
	q := parameters{c.Prime(), c.Order(), c.Generator().Bytes()}
	change(&q)
	field := tlv.Append(nil, 0x30, append(bytes.Clone(primeField), number(q.p)...))
	three := make([]byte, 32)
	three[31] = 3
	a := new(big.Int).Sub(c.Prime(), big.NewInt(3)).FillBytes(make([]byte, 32))
	coefficients := tlv.Append(nil, 0x30, append(tlv.Append(nil, 4, a), tlv.Append(nil, 4, three)...))
	all := slices.Concat([]byte{2, 1, 1}, field, coefficients, tlv.Append(nil, 4, q.g), number(q.n), []byte{2, 1, 1})
	return pointKey(tlv.Append(nil, 0x30, all), c.Generator().Bytes())
}
