package curve_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/curve"
)

var names = []string{
	"secp192r1", "secp224r1", "secp256r1", "secp384r1", "secp521r1",
	"brainpoolP192r1", "brainpoolP224r1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1", "brainpoolP512r1",
}

func named(t testing.TB, name string) *curve.Curve {
	t.Helper()
	c, err := curve.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func scalar(t testing.TB, c *curve.Curve) *big.Int {
	t.Helper()
	k, err := rand.Int(rand.Reader, c.Order())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A mistyped number of the table shows here: the primes are prime, the generator
// is on the curve, and has the order.
func TestTable(t *testing.T) {
	for _, name := range names {
		c := named(t, name)
		g := c.Generator()
		if !c.Prime().ProbablyPrime(10) || !c.Order().ProbablyPrime(10) || c.Bits() > 8*c.Size() {
			t.Errorf("%s: prime or order is not prime", name)
		}
		if back, err := c.Point(g.Bytes()); err != nil || !back.Equal(g) {
			t.Errorf("%s: generator: %v", name, err)
		}
		if !g.Times(c.Order().Bytes()).Infinite() {
			t.Errorf("%s: the generator has another order", name)
		}
	}
	if _, err := curve.Named("secp256k1"); err == nil {
		t.Error("a curve outside the table was found")
	}
}

// Products of the curves that crypto/ecdh knows are what it says.
func TestTimesAgreesWithStandardLibrary(t *testing.T) {
	for name, std := range map[string]ecdh.Curve{"secp256r1": ecdh.P256(), "secp384r1": ecdh.P384(), "secp521r1": ecdh.P521()} {
		c := named(t, name)
		for range 10 {
			own, err := std.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			other, err := std.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.Point(other.PublicKey().Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want, err := own.ECDH(other.PublicKey())
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Times(own.Bytes()).X(); !bytes.Equal(got, want) {
				t.Errorf("%s: %X; want %X", name, got, want)
			}
			if got := c.Generator().Times(own.Bytes()).Bytes(); !bytes.Equal(got, own.PublicKey().Bytes()) {
				t.Errorf("%s: public key %X", name, got)
			}
		}
	}
}

// The laws of the group, with the points at which other formulas fail.
func TestLawsOfTheGroup(t *testing.T) {
	for _, name := range names {
		c := named(t, name)
		g, n := c.Generator(), c.Order()
		k := scalar(t, c)
		rest := new(big.Int).Sub(n, k)
		p, minus := g.Times(k.Bytes()), g.Times(rest.Bytes())
		zero := g.Times(nil)
		for what, ok := range map[string]bool{
			"P - P is infinity":  p.Add(minus).Infinite(),
			"P + 0 is P":         p.Add(zero).Equal(p) && zero.Add(p).Equal(p),
			"0 + 0 is 0":         zero.Add(zero).Infinite(),
			"P + P is 2P":        p.Add(p).Equal(p.Times([]byte{2})),
			"(k+1)G is kG + G":   g.Times(new(big.Int).Add(k, big.NewInt(1)).Bytes()).Equal(p.Add(g)),
			"a long scalar":      g.Times(append(make([]byte, 9), k.Bytes()...)).Equal(p),
			"k + n is k":         g.Times(new(big.Int).Add(k, n).Bytes()).Equal(p),
			"P is not -P":        !p.Equal(minus) && !p.Equal(zero),
			"-P mirrors P":       bytes.Equal(p.X(), minus.X()) && !bytes.Equal(p.Bytes(), minus.Bytes()),
			"infinity is zeros":  bytes.Equal(zero.X(), make([]byte, c.Size())),
			"it reads back as P": must(c.Point(p.Bytes())).Equal(p),
		} {
			if !ok {
				t.Errorf("%s: %s: no (k = %X)", name, what, k)
			}
		}
	}
}

func must(p curve.Point, err error) curve.Point {
	if err != nil {
		panic(err)
	}
	return p
}

func TestWhatIsNoPoint(t *testing.T) {
	for _, name := range names {
		c := named(t, name)
		g := c.Generator().Bytes()
		size := c.Size()
		off := bytes.Clone(g)
		off[len(off)-1] ^= 1
		form := bytes.Clone(g)
		form[0] = 3
		over := append([]byte{4}, new(big.Int).Add(c.Prime(), big.NewInt(1)).FillBytes(make([]byte, size))...)
		tests := map[string][]byte{
			"off the curve": off, "another form": form, "infinity": {0}, "zeros": append([]byte{4}, make([]byte, 2*size)...),
			"nothing": nil, "one byte short": g[:len(g)-1], "one byte long": append(bytes.Clone(g), 0),
			"a coordinate over the prime": append(over, g[1+size:]...),
			"ones":                        append([]byte{4}, bytes.Repeat([]byte{0xFF}, 2*size)...),
		}
		for what, b := range tests {
			if p, err := c.Point(b); err == nil {
				t.Errorf("%s: %s was read as %X", name, what, p.Bytes())
			}
		}
	}
}

// Every number that is encoded gives a point of the curve.
func TestEncodeGivesPoints(t *testing.T) {
	for _, name := range names {
		c := named(t, name)
		for n := range 12 {
			p, err := c.Encode(append(scalar(t, c).Bytes(), byte(n)))
			if (err != nil) != (name == "secp224r1") {
				t.Fatalf("%s: %v", name, err)
			}
			if err != nil {
				break
			}
			if back, err := c.Point(p.Bytes()); err != nil || !back.Equal(p) {
				t.Errorf("%s: %X: %v", name, p.Bytes(), err)
			}
		}
		for _, bad := range [][]byte{nil, {0}, {1}, c.Prime().Bytes()} {
			if _, err := c.Encode(bad); err == nil {
				t.Errorf("%s: %X has no image", name, bad)
			}
		}
	}
}

// Whatever is read as a point satisfies the equation, computed another way.
func FuzzPoint(f *testing.F) {
	for i, name := range names {
		f.Add(i, named(f, name).Generator().Bytes())
	}
	f.Fuzz(func(t *testing.T, which int, in []byte) {
		c := named(t, names[uint(which)%uint(len(names))])
		p, err := c.Point(in)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Bytes(), in) || !p.Times(c.Order().Bytes()).Infinite() {
			t.Errorf("%X was read as %X", in, p.Bytes())
		}
	})
}

func BenchmarkTimes(b *testing.B) {
	for _, name := range []string{"secp256r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "secp521r1"} {
		b.Run(name, func(b *testing.B) {
			c := named(b, name)
			k := scalar(b, c).FillBytes(make([]byte, c.Size()))
			for b.Loop() {
				c.Generator().Times(k)
			}
		})
	}
}
