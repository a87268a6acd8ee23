package curve

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A Curve is one row of the table. Curves are alike if their names are.
type Curve struct {
	Name string // such as "brainpoolP256r1"

	field        *field
	a, b, b3     element
	gx, gy       element
	order        *big.Int
	oid          string
	coefficients row
}

// Named returns a curve of the table: secp192r1, secp224r1, secp256r1, secp384r1,
// secp521r1, and brainpoolP192r1, P224r1, P256r1, P320r1, P384r1, P512r1.
func Named(name string) (*Curve, error) {
	for _, r := range rows {
		if r.name == name {
			return r.curve(), nil
		}
	}
	return nil, errUnknown
}

var errUnknown = errors.New("curve: none of the table")

func (r row) curve() *Curve {
	f := newField(number(r.p))
	c := &Curve{Name: r.name, field: f, order: number(r.n), oid: r.oid, coefficients: r}
	for _, v := range []struct {
		to  *element
		hex string
	}{{&c.a, r.a}, {&c.b, r.b}, {&c.gx, r.x}, {&c.gy, r.y}} {
		*v.to, _ = f.parse(bytesOf(v.hex)) // the table is right: TestTable
	}
	f.add(&c.b3, &c.b, &c.b)
	f.add(&c.b3, &c.b3, &c.b)
	return c
}

func bytesOf(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}

func number(s string) *big.Int { return new(big.Int).SetBytes(bytesOf(s)) }

// Order is the number of points.
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.order) }

// Prime is the prime of the field.
func (c *Curve) Prime() *big.Int { return new(big.Int).Set(c.field.big) }

// Size is the length of a coordinate in bytes.
func (c *Curve) Size() int { return c.field.size }

// Bits is the length of the prime.
func (c *Curve) Bits() int { return c.field.big.BitLen() }

// Parse reads the parameters of an algorithm identifier (RFC 5480 §2.1.1): the
// name of a curve, or its parameters written out, which must be those of the
// table in all (Doc 9303-12 §4.4 has signers write them out).
func Parse(parameters []byte) (*Curve, error) {
	s := cryptobyte.String(parameters)
	if s.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var oid asn1.ObjectIdentifier
		if !s.ReadASN1ObjectIdentifier(&oid) || !s.Empty() {
			return nil, errUnknown
		}
		for _, r := range rows {
			if r.oid == oid.String() {
				return r.curve(), nil
			}
		}
		return nil, errUnknown
	}
	return parseExplicit(s)
}

// maxNumber bounds a number of explicit parameters, in bytes.
const maxNumber = 67

// parseExplicit reads ECParameters (BSI TR-03111 §5.1.1).
func parseExplicit(s cryptobyte.String) (*Curve, error) {
	var seq, fieldID, coefficients, a, b, g cryptobyte.String
	var version int
	var kind asn1.ObjectIdentifier
	p, n, h := new(big.Int), new(big.Int), new(big.Int)
	ok := len(s) <= 16*maxNumber && s.ReadASN1(&seq, cbasn1.SEQUENCE) && s.Empty() &&
		seq.ReadASN1Integer(&version) && version >= 1 && version <= 3 &&
		seq.ReadASN1(&fieldID, cbasn1.SEQUENCE) && fieldID.ReadASN1ObjectIdentifier(&kind) &&
		kind.Equal(asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}) && fieldID.ReadASN1Integer(p) && fieldID.Empty() &&
		seq.ReadASN1(&coefficients, cbasn1.SEQUENCE) &&
		coefficients.ReadASN1(&a, cbasn1.OCTET_STRING) && coefficients.ReadASN1(&b, cbasn1.OCTET_STRING)
	if ok && !coefficients.Empty() { // the seed says nothing that is needed, and some write it with bits to spare
		ok = coefficients.SkipASN1(cbasn1.BIT_STRING) && coefficients.Empty()
	}
	ok = ok && seq.ReadASN1(&g, cbasn1.OCTET_STRING) && seq.ReadASN1Integer(n)
	if ok && !seq.Empty() { // the cofactor may be left out
		ok = seq.ReadASN1Integer(h) && seq.Empty() && h.Cmp(big.NewInt(1)) == 0
	}
	if !ok {
		return nil, errUnknown
	}
	for _, r := range rows {
		if p.Cmp(number(r.p)) == 0 && n.Cmp(number(r.n)) == 0 && same(a, r.a) && same(b, r.b) && r.generates(g) {
			return r.curve(), nil
		}
	}
	return nil, errUnknown
}

// same compares numbers: some signers leave leading zeros out, or write more.
func same(b cryptobyte.String, want string) bool {
	return len(b) <= maxNumber && new(big.Int).SetBytes(b).Cmp(number(want)) == 0
}

// generates reports whether g is the generator, whole or compressed.
func (r row) generates(g []byte) bool {
	x, y := bytesOf(r.x), bytesOf(r.y)
	whole := append(append([]byte{uncompressed}, x...), y...)
	half := append([]byte{2 | y[len(y)-1]&1}, x...)
	return string(g) == string(whole) || string(g) == string(half)
}

// Parameters writes the parameters in full, the form in which documents have them.
func (c *Curve) Parameters() []byte {
	r := c.coefficients
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1})
			b.AddASN1BigInt(c.field.big)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(bytesOf(r.a))
			b.AddASN1OctetString(bytesOf(r.b))
		})
		b.AddASN1OctetString(c.Generator().Bytes())
		b.AddASN1BigInt(c.order)
		b.AddASN1Int64(1)
	})
	return b.BytesOrPanic()
}
