package domain

import (
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/curve"
)

var (
	oidECKey    = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidDHKey    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1} // PKCS #3
	oidDHPublic = asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1}     // X9.42
	oidStandard = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2}   // standardizedDomainParameters
)

// ParseKey reads a SubjectPublicKeyInfo: a point of a curve of the table, whose
// parameters are named, numbered or written out, or a residue with the parameters
// of PKCS #3 or X9.42 (Doc 9303-11 §9.2.6, §9.3).
func ParseKey(spki []byte) (*Group, Element, error) {
	s, seq, algorithm := cryptobyte.String(spki), cryptobyte.String(nil), cryptobyte.String(nil)
	var bits []byte
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!seq.ReadASN1BitStringAsBytes(&bits) || !seq.Empty() {
		return nil, Element{}, errUnknown
	}
	g, err := parseAlgorithm(algorithm)
	if err != nil {
		return nil, Element{}, err
	}
	if !g.Curve {
		// The number is an INTEGER inside the bit string.
		y := new(big.Int)
		if in := cryptobyte.String(bits); !in.ReadASN1Integer(y) || !in.Empty() || y.Sign() <= 0 {
			return nil, Element{}, ErrElement
		}
		bits = y.Bytes()
	}
	e, err := g.Element(bits)
	if err != nil {
		return nil, Element{}, err
	}
	return g, e, nil
}

// parseAlgorithm reads the inside of an AlgorithmIdentifier.
func parseAlgorithm(s cryptobyte.String) (*Group, error) {
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return nil, errUnknown
	}
	switch {
	case oid.Equal(oidECKey):
		c, err := curve.Parse(s)
		if err != nil {
			return nil, err
		}
		return ofNamed(c), nil
	case oid.Equal(oidStandard):
		var id int
		if !s.ReadASN1Integer(&id) || !s.Empty() {
			return nil, errUnknown
		}
		return Standard(id)
	case oid.Equal(oidDHKey), oid.Equal(oidDHPublic):
		return parseResidues(s, oid.Equal(oidDHPublic))
	}
	return nil, errUnknown
}

// parseResidues reads DHParameter of PKCS #3 (p, g, and a length that says
// nothing) or DomainParameters of X9.42 (p, g, q, and proofs of how they came
// about). Standardised groups are known by their primes.
func parseResidues(s cryptobyte.String, withOrder bool) (*Group, error) {
	var seq cryptobyte.String
	p, g, q := new(big.Int), new(big.Int), new(big.Int)
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(p) || !seq.ReadASN1Integer(g) {
		return nil, errUnknown
	}
	if withOrder && !seq.ReadASN1Integer(q) {
		return nil, errUnknown
	}
	for id, row := range subgroups {
		if p.Cmp(number(row.p)) == 0 && g.Cmp(number(row.g)) == 0 && (!withOrder || q.Cmp(number(row.q)) == 0) {
			return row.group(id)
		}
	}
	r, err := newResidues(p, g)
	if err != nil {
		return nil, err
	}
	group := &Group{ID: Unnamed, dh: r}
	if !withOrder || safe(p, q) {
		return group, nil
	}
	if q.Sign() <= 0 || q.BitLen() < minOrder || q.BitLen() > maxOrder || !q.ProbablyPrime(0) {
		return nil, errUnknown
	}
	group.order = q
	if r.nat(r.power(r.generator, q.Bytes())).IsOne() != 1 {
		return nil, errUnknown
	}
	return group, nil
}

// Lengths of an order that are accepted, in bits: that of group 0, below which it can
// be searched; and twice that of the strongest cipher, above which a chip would make
// its readers work for nothing: all that is done here is as long as the order.
const (
	minOrder = 160
	maxOrder = 512
)

// safe reports whether the order is all that a safe prime has, (p-1)/2. It tells
// nothing that the prime does not: without it, keys are as short as in other groups.
func safe(p, q *big.Int) bool {
	twice := new(big.Int).Lsh(q, 1)
	return q.Sign() > 0 && twice.Add(twice, big.NewInt(1)).Cmp(p) == 0
}

// MarshalKey writes a public key as SubjectPublicKeyInfo: curves with their
// parameters written out, standardised groups of residues by X9.42.
func (g *Group) MarshalKey(e Element) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if g.Curve {
				b.AddASN1ObjectIdentifier(oidECKey)
				b.AddBytes(g.ec.Parameters())
				return
			}
			if g.order == nil {
				b.AddASN1ObjectIdentifier(oidDHKey)
			} else {
				b.AddASN1ObjectIdentifier(oidDHPublic)
			}
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(g.dh.prime)
				b.AddASN1BigInt(new(big.Int).SetBytes(g.dh.generator))
				if g.order != nil {
					b.AddASN1BigInt(g.order)
				}
			})
		})
		key := e.Bytes()
		if !g.Curve {
			var n cryptobyte.Builder
			n.AddASN1BigInt(new(big.Int).SetBytes(key))
			key = n.BytesOrPanic()
		}
		b.AddASN1BitString(key)
	})
	return b.BytesOrPanic()
}
