// Package domain holds the groups in which a terminal and a chip agree on keys:
// the standardised domain parameters (ICAO Doc 9303-11 §9.5.1), and those that a
// chip's public key brings along.
//
// A [Group] is the points of an elliptic curve, or residues modulo a prime; PACE
// and chip authentication are written once for both. What a peer sends is
// checked where it is read ([Group.Element]): a point off the curve, infinity, or
// a residue outside the subgroup is no element.
//
// Scalars are secret and live for one exchange; the arithmetic with them takes
// the same time for all of a length (packages curve and bigmod).
package domain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/tunnus-id/tunnus/document/curve"
)

var (
	// ErrElement is what a peer sent as a public key and is none of the group.
	ErrElement = errors.New("domain: not an element of the group")
	errUnknown = errors.New("domain: parameters are not among the standardised ones")
)

// Unnamed is the ID of a group that no number stands for.
const Unnamed = -1

// A Group is a group of prime order with its generator.
type Group struct {
	ID    int  // parameter number of Doc 9303-11 §9.5.1; [Unnamed] if it has none
	Curve bool // points of an elliptic curve, else residues

	ec    *curve.Curve
	dh    *residues
	order *big.Int // nil: not told (residues of a chip's own parameters)
}

// An Element is a public key or a generator. The zero value is none.
type Element struct {
	point curve.Point
	value []byte // a residue, as long as the prime; nil for a point
}

// curves are the numbers of elliptic curves.
var curves = map[int]string{
	8: "secp192r1", 9: "brainpoolP192r1", 10: "secp224r1", 11: "brainpoolP224r1", 12: "secp256r1", 13: "brainpoolP256r1",
	14: "brainpoolP320r1", 15: "secp384r1", 16: "brainpoolP384r1", 17: "brainpoolP512r1", 18: "secp521r1",
}

// Standard returns the standardised group of a number, 0 to 2 or 8 to 18.
func Standard(id int) (*Group, error) {
	if name, ok := curves[id]; ok {
		c, err := curve.Named(name)
		if err != nil {
			return nil, err
		}
		return ofCurve(c, id), nil
	}
	if id >= 0 && id < len(subgroups) {
		return subgroups[id].group(id)
	}
	return nil, errUnknown
}

func ofCurve(c *curve.Curve, id int) *Group {
	return &Group{ID: id, Curve: true, ec: c, order: c.Order()}
}

// ofNamed is the group of a curve that parameters named.
func ofNamed(c *curve.Curve) *Group {
	for id, name := range curves {
		if name == c.Name {
			return ofCurve(c, id)
		}
	}
	return ofCurve(c, Unnamed)
}

// Bits is the length of the prime: how strong the group is.
func (g *Group) Bits() int {
	if g.Curve {
		return g.ec.Bits()
	}
	return g.dh.prime.BitLen()
}

// Generator returns the base point, or the generator of the subgroup.
func (g *Group) Generator() Element {
	if g.Curve {
		return Element{point: g.ec.Generator()}
	}
	return Element{value: g.dh.generator}
}

// Element reads a public key: an uncompressed point, or an unsigned number. It
// refuses whatever is not in the group, and the neutral element.
func (g *Group) Element(b []byte) (Element, error) {
	if g.Curve {
		p, err := g.ec.Point(b)
		if err != nil {
			return Element{}, ErrElement
		}
		return Element{point: p}, nil
	}
	return g.dh.element(b, g.order)
}

// Scalar draws a private key, 1 to order-1, from random.
func (g *Group) Scalar(random io.Reader) ([]byte, error) {
	limit := g.order
	if limit == nil {
		limit = new(big.Int).Lsh(big.NewInt(1), freeScalar)
	}
	size := (limit.BitLen() + 7) / 8
	k := make([]byte, size)
	spare := byte(0xFF) >> (8*size - limit.BitLen())
	for range maxDraws {
		if _, err := io.ReadFull(random, k); err != nil {
			return nil, fmt.Errorf("domain: %w", err)
		}
		k[0] &= spare
		if n := new(big.Int).SetBytes(k); n.Sign() > 0 && n.Cmp(limit) < 0 {
			return k, nil
		}
	}
	return nil, errors.New("domain: no randomness")
}

const (
	maxDraws   = 200      // each hits with one half at least
	maxUnnamed = 2        // of residues that a chip chose
	maxKeys    = 8        // of residues; a prime that fills its bytes needs a second one of 256
	freeScalar = maxOrder // bits of a private key where the order is not told
)

// Key draws a key pair over a generator. A residue is drawn until it fills all
// its bytes: some write leading zeros of a public key and some do not. In a group that
// a hostile chip made up it may never do so; then the last one is as good as any.
func (g *Group) Key(generator Element, random io.Reader) (scalar []byte, public Element, err error) {
	tries := maxKeys
	if g.ID == Unnamed {
		tries = maxUnnamed
	}
	for range tries {
		if scalar, err = g.Scalar(random); err != nil {
			return nil, Element{}, err
		}
		if public = g.Times(generator, scalar); g.Curve || public.value[0] != 0 {
			break
		}
	}
	return scalar, public, nil
}

// Times applies e to itself as often as the scalar says.
func (g *Group) Times(e Element, scalar []byte) Element {
	if g.Curve {
		return Element{point: e.point.Times(scalar)}
	}
	return Element{value: g.dh.power(e.value, scalar)}
}

// Combine adds points, or multiplies residues.
func (g *Group) Combine(a, b Element) Element {
	if g.Curve {
		return Element{point: a.point.Add(b.point)}
	}
	return Element{value: g.dh.multiply(a.value, b.value)}
}

// Encode maps a pseudo-random number, big-endian and at least 64 bits longer
// than the prime, to an element: the integrated mapping (Doc 9303-11 §4.4.3.5.2).
func (g *Group) Encode(number []byte) (Element, error) {
	if g.Curve {
		p, err := g.ec.Encode(number)
		return Element{point: p}, err
	}
	return g.dh.encode(number, g.order)
}

// Neutral reports whether e is infinity, or 1: no key and no generator.
func (g *Group) Neutral(e Element) bool {
	if g.Curve {
		return e.point.Infinite()
	}
	return new(big.Int).SetBytes(e.value).Cmp(big.NewInt(1)) <= 0
}

// Bytes is the form in which public keys are sent: an uncompressed point, or an
// unsigned number as long as the prime.
func (e Element) Bytes() []byte {
	if e.value != nil {
		return bytes.Clone(e.value)
	}
	return e.point.Bytes()
}

// Secret is the form in which a shared secret goes into key derivation: the
// first coordinate, or the number, each as long as the prime (Doc 9303-11 §9.6).
func (e Element) Secret() []byte {
	if e.value != nil {
		return bytes.Clone(e.value)
	}
	return e.point.X()
}

// Equal reports whether both are the same element of one group.
func (e Element) Equal(o Element) bool {
	if e.value != nil || o.value != nil {
		return bytes.Equal(e.value, o.value)
	}
	return e.point.Equal(o.point)
}

// Order is the number of elements; nil if a chip's own parameters do not tell.
func (g *Group) Order() *big.Int {
	if g.order == nil {
		return nil
	}
	return new(big.Int).Set(g.order)
}
