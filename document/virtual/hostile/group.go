package hostile

import (
	"bytes"
	"maps"
	"math/big"
	"slices"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// Algorithms of keys of residues (PKCS #3 §9, RFC 3279 §2.3.3).
var (
	dhName       = []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 3, 1}
	dhPublicName = []byte{6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3E, 2, 1}
)

// groups are keys of chip authentication with groups of a chip's own, in which a
// reader would work long.
var groups = map[string]func() []byte{
	"dh-no-key-is-full": func() []byte { p, g := stubborn(); return Residue(p, g, nil, g) },
	"dh-long-order":     func() []byte { p, g := stubborn(); return Residue(p, g, new(big.Int).Lsh(big.NewInt(1), 4095), g) },
	"dh-huge-prime":     func() []byte { return Residue(ones(32_000), big.NewInt(2), nil, big.NewInt(4)) },
}

// Groups names the keys of [Group].
func Groups() []string { return slices.Sorted(maps.Keys(groups)) }

// Group is a SubjectPublicKeyInfo in whose group agreeing on a key takes long; nil for
// a name that is none.
func Group(name string) []byte {
	if f := groups[name]; f != nil {
		return f()
	}
	return nil
}

// stubborn is a modulus of 4096 bits and a number whose powers are only itself and 1,
// neither of which fills the modulus's bytes: whoever draws keys until one does so never
// ends. The number is -1 modulo one factor, itself and one, and 1 modulo the other.
func stubborn() (p, g *big.Int) {
	one := big.NewInt(1)
	g = new(big.Int).Lsh(one, 4087)
	for g.Add(g, big.NewInt(2)); ; g.Add(g, big.NewInt(2)) {
		for f := int64(257); f < 512; f += 2 {
			if new(big.Int).Mod(new(big.Int).Sub(g, one), big.NewInt(f)).Sign() == 0 {
				return new(big.Int).Mul(new(big.Int).Add(g, one), big.NewInt(f)), g
			}
		}
	}
}

// Residue is the SubjectPublicKeyInfo of y in a group of residues: by PKCS #3, or by
// X9.42 if there is an order.
func Residue(p, g, order, y *big.Int) []byte {
	name, all := dhName, append(number(p), number(g)...)
	if order != nil {
		name, all = dhPublicName, append(all, number(order)...)
	}
	return keyInfo(tlv.Append(nil, 0x30, append(bytes.Clone(name), tlv.Append(nil, 0x30, all)...)), number(y))
}
