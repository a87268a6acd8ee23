package curve

import (
	"errors"
	"math/big"
)

// ErrPoint is an encoding of no point of the curve, or of infinity.
var ErrPoint = errors.New("curve: not a point of the curve")

// A Point is on its curve, or is infinity. The zero value is no point.
type Point struct {
	curve   *Curve
	x, y, z element // homogeneous: (x/z, y/z); z is 0 at infinity
}

// uncompressed starts the encoding of a point by both coordinates.
const uncompressed = 4

// Point reads the uncompressed encoding 04 ‖ X ‖ Y (BSI TR-03111 §3.2.1). It
// refuses what is not on the curve, and infinity.
func (c *Curve) Point(b []byte) (Point, error) {
	size := c.field.size
	if len(b) != 1+2*size || b[0] != uncompressed {
		return Point{}, ErrPoint
	}
	p := Point{curve: c, z: c.field.one}
	var okX, okY bool
	p.x, okX = c.field.parse(b[1 : 1+size])
	p.y, okY = c.field.parse(b[1+size:])
	if !okX || !okY {
		return Point{}, ErrPoint
	}
	var left, right element
	c.field.mul(&left, &p.y, &p.y)
	c.right(&right, &p.x)
	if c.field.equal(&left, &right) != 1 {
		return Point{}, ErrPoint
	}
	return p, nil
}

// right sets z to x³ + ax + b, the right side of the equation.
func (c *Curve) right(z, x *element) {
	f := c.field
	var t element
	f.mul(&t, x, x)
	f.add(&t, &t, &c.a)
	f.mul(&t, &t, x)
	f.add(z, &t, &c.b)
}

// Generator returns the base point.
func (c *Curve) Generator() Point { return Point{c, c.gx, c.gy, c.field.one} }

// infinity is the neutral point.
func (c *Curve) infinity() Point { return Point{curve: c, y: c.field.one} }

// Infinite reports whether p is the neutral point.
func (p Point) Infinite() bool { return p.curve.field.zero(&p.z) == 1 }

// Equal reports whether both are the same point of the same curve.
func (p Point) Equal(q Point) bool {
	if p.curve.Name != q.curve.Name {
		return false
	}
	f := p.curve.field
	var l, r element
	f.mul(&l, &p.x, &q.z)
	f.mul(&r, &q.x, &p.z)
	same := f.equal(&l, &r)
	f.mul(&l, &p.y, &q.z)
	f.mul(&r, &q.y, &p.z)
	return same&f.equal(&l, &r) == 1 && p.Infinite() == q.Infinite()
}

// affine gives the coordinates; both are 0 at infinity.
func (p Point) affine() (x, y element) {
	f := p.curve.field
	var i element
	f.invert(&i, &p.z)
	f.mul(&x, &p.x, &i)
	f.mul(&y, &p.y, &i)
	return x, y
}

// Bytes is the uncompressed encoding. Infinity has none: the coordinates are 0.
func (p Point) Bytes() []byte {
	x, y := p.affine()
	f := p.curve.field
	return append(append([]byte{uncompressed}, f.bytes(&x)...), f.bytes(&y)...)
}

// X is the first coordinate, as long as the prime.
func (p Point) X() []byte {
	x, _ := p.affine()
	return p.curve.field.bytes(&x)
}

// Add returns p + q, for any two points of one curve.
func (p Point) Add(q Point) Point {
	c := p.curve
	f := c.field
	var t0, t1, t2, t3, t4, t5 element
	r := Point{curve: c}
	f.mul(&t0, &p.x, &q.x)
	f.mul(&t1, &p.y, &q.y)
	f.mul(&t2, &p.z, &q.z)
	f.cross(&t3, &p.x, &p.y, &q.x, &q.y, &t0, &t1)
	f.cross(&t4, &p.x, &p.z, &q.x, &q.z, &t0, &t2)
	f.cross(&t5, &p.y, &p.z, &q.y, &q.z, &t1, &t2)
	f.mul(&r.z, &c.a, &t4)
	f.mul(&r.x, &c.b3, &t2)
	f.add(&r.z, &r.x, &r.z)
	f.sub(&r.x, &t1, &r.z)
	f.add(&r.z, &t1, &r.z)
	f.mul(&r.y, &r.x, &r.z)
	f.add(&t1, &t0, &t0)
	f.add(&t1, &t1, &t0)
	f.mul(&t2, &c.a, &t2)
	f.mul(&t4, &c.b3, &t4)
	f.add(&t1, &t1, &t2)
	f.sub(&t2, &t0, &t2)
	f.mul(&t2, &c.a, &t2)
	f.add(&t4, &t4, &t2)
	f.mul(&t0, &t1, &t4)
	f.add(&r.y, &r.y, &t0)
	f.mul(&t0, &t5, &t4)
	f.mul(&r.x, &t3, &r.x)
	f.sub(&r.x, &r.x, &t0)
	f.mul(&t0, &t3, &t1)
	f.mul(&r.z, &t5, &r.z)
	f.add(&r.z, &r.z, &t0)
	return r
}

// cross sets z to (a+b)(c+d) - ac - bd, the products being given.
func (f *field) cross(z, a, b, c, d, ac, bd *element) {
	var l, r element
	f.add(&l, a, b)
	f.add(&r, c, d)
	f.mul(&l, &l, &r)
	f.add(&r, ac, bd)
	f.sub(z, &l, &r)
}

// double returns 2p.
func (p Point) double() Point {
	c := p.curve
	f := c.field
	var t0, t1, t2, t3 element
	r := Point{curve: c}
	f.mul(&t0, &p.x, &p.x)
	f.mul(&t1, &p.y, &p.y)
	f.mul(&t2, &p.z, &p.z)
	f.mul(&t3, &p.x, &p.y)
	f.add(&t3, &t3, &t3)
	f.mul(&r.z, &p.x, &p.z)
	f.add(&r.z, &r.z, &r.z)
	f.mul(&r.x, &c.a, &r.z)
	f.mul(&r.y, &c.b3, &t2)
	f.add(&r.y, &r.x, &r.y)
	f.sub(&r.x, &t1, &r.y)
	f.add(&r.y, &t1, &r.y)
	f.mul(&r.y, &r.x, &r.y)
	f.mul(&r.x, &t3, &r.x)
	f.mul(&r.z, &c.b3, &r.z)
	f.mul(&t2, &c.a, &t2)
	f.sub(&t3, &t0, &t2)
	f.mul(&t3, &c.a, &t3)
	f.add(&t3, &t3, &r.z)
	f.add(&r.z, &t0, &t0)
	f.add(&t0, &r.z, &t0)
	f.add(&t0, &t0, &t2)
	f.mul(&t0, &t0, &t3)
	f.add(&r.y, &r.y, &t0)
	f.mul(&t2, &p.y, &p.z)
	f.add(&t2, &t2, &t2)
	f.mul(&t0, &t2, &t3)
	f.sub(&r.x, &r.x, &t0)
	f.mul(&r.z, &t2, &t1)
	f.add(&r.z, &r.z, &r.z)
	f.add(&r.z, &r.z, &r.z)
	return r
}

// window is how many bits of a scalar one step takes.
const window = 4

// Times returns k·p. k is a number, big-endian, of any length; the time depends
// on its length only.
func (p Point) Times(k []byte) Point {
	var table [1 << window]Point
	table[0] = p.curve.infinity()
	for i := 1; i < len(table); i++ {
		table[i] = table[i-1].Add(p)
	}
	r := p.curve.infinity()
	for _, b := range k {
		for _, digit := range [...]byte{b >> window, b & (1<<window - 1)} {
			for range window {
				r = r.double()
			}
			r = r.Add(choose(&table, digit))
		}
	}
	return r
}

// choose takes an entry of the table and looks at all of them.
func choose(table *[1 << window]Point, digit byte) Point {
	r := Point{curve: table[0].curve}
	for i := range table {
		d := uint64(i) ^ uint64(digit)
		hit := 1 ^ (d|-d)>>63
		pick(&r.x, &table[i].x, &r.x, hit)
		pick(&r.y, &table[i].y, &r.y, hit)
		pick(&r.z, &table[i].z, &r.z, hit)
	}
	return r
}

// Encode maps a number, big-endian, to a point: the encoding of the integrated
// mapping (Doc 9303-11 appendix B.2). It fails for the few numbers that have no
// image, and on curves whose prime is not 3 modulo 4.
func (c *Curve) Encode(number []byte) (Point, error) {
	f := c.field
	if f.p[0]&3 != 3 {
		return Point{}, errors.New("curve: no encoding on " + c.Name)
	}
	n := new(big.Int).SetBytes(number)
	t, _ := f.parse(n.Mod(n, f.big).FillBytes(make([]byte, f.size)))
	var zero, alpha, x2, x3, h, u, a, s element
	f.mul(&alpha, &t, &t)
	f.sub(&alpha, &zero, &alpha) // α = -t²
	f.mul(&s, &alpha, &alpha)
	f.add(&s, &s, &alpha)
	if f.zero(&s) == 1 {
		return Point{}, ErrPoint
	}
	f.invert(&s, &s)
	f.add(&s, &s, &f.one)
	f.invert(&x2, &c.a)
	f.mul(&x2, &x2, &c.b)
	f.mul(&x2, &x2, &s)
	f.sub(&x2, &zero, &x2) // X₂ = -b/a·(1 + 1/(α+α²))
	f.mul(&x3, &alpha, &x2)
	c.right(&h, &x2)
	f.mul(&u, &t, &t)
	f.mul(&u, &u, &t)
	f.mul(&u, &u, &h) // U = t³h
	e := new(big.Int).Add(f.big, big.NewInt(1))
	e.Rsh(e, 2)
	e.Sub(new(big.Int).Sub(f.big, big.NewInt(1)), e)
	f.power(&a, &h, e) // A = h^(p-1-(p+1)/4), a root of 1/h if h is a square
	f.mul(&s, &a, &a)
	f.mul(&s, &s, &h)
	square := f.equal(&s, &f.one)
	r := Point{curve: c, z: f.one}
	f.mul(&h, &a, &h)
	f.mul(&u, &a, &u)
	pick(&r.x, &x2, &x3, square)
	pick(&r.y, &h, &u, square)
	return r, nil
}
