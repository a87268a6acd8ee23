package domain_test

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/domain"
)

// numbers are all standardised groups.
var numbers = []int{0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}

func standard(t testing.TB, id int) *domain.Group {
	t.Helper()
	g, err := domain.Standard(id)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func key(t testing.TB, g *domain.Group) ([]byte, domain.Element) {
	t.Helper()
	k, e, err := g.Key(g.Generator(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, e
}

// A mistyped number of the table shows here: the order is prime and the
// generator has it.
func TestStandardGroups(t *testing.T) {
	bits := map[int]int{0: 1024, 1: 2048, 2: 2048, 8: 192, 9: 192, 10: 224, 11: 224, 12: 256, 13: 256, 14: 320, 15: 384, 16: 384, 17: 512, 18: 521}
	for _, id := range numbers {
		g := standard(t, id)
		if !g.Order().ProbablyPrime(10) || !g.Neutral(g.Times(g.Generator(), g.Order().Bytes())) || g.Bits() != bits[id] || g.Curve != (id >= 8) {
			t.Errorf("group %d: wrong order or size", id)
		}
	}
	for _, id := range []int{-1, 3, 7, 19, 31, 32} {
		if _, err := domain.Standard(id); err == nil {
			t.Errorf("group %d was found", id)
		}
	}
}

func TestBothSidesAgree(t *testing.T) {
	for _, id := range numbers {
		g := standard(t, id)
		a, pubA := key(t, g)
		b, pubB := key(t, g)
		atA, errA := g.Element(pubB.Bytes())
		atB, errB := g.Element(pubA.Bytes())
		if errA != nil || errB != nil {
			t.Fatalf("group %d: %v, %v", id, errA, errB)
		}
		one, two := g.Times(atA, a), g.Times(atB, b)
		if !one.Equal(two) || !bytes.Equal(one.Secret(), two.Secret()) || one.Equal(pubA) {
			t.Errorf("group %d: %X and %X", id, one.Secret(), two.Secret())
		}
		if size := (g.Bits() + 7) / 8; len(one.Secret()) != size {
			t.Errorf("group %d: secret of %d bytes", id, len(one.Secret()))
		}
		sum := new(big.Int).Add(new(big.Int).SetBytes(a), new(big.Int).SetBytes(b))
		if !g.Combine(pubA, pubB).Equal(g.Times(g.Generator(), sum.Bytes())) {
			t.Errorf("group %d: combining is not adding", id)
		}
	}
}

// What a hostile peer may send instead of a key.
func TestWhatIsNoElement(t *testing.T) {
	one := big.NewInt(1)
	for _, id := range numbers {
		g := standard(t, id)
		_, pub := key(t, g)
		bad := map[string][]byte{
			"nothing": nil, "infinity": {0}, "one": {1}, "a byte too many": append(pub.Bytes(), 0),
			"zeros": make([]byte, len(pub.Bytes())), "ones": bytes.Repeat([]byte{0xFF}, len(pub.Bytes())),
		}
		if g.Curve {
			off := pub.Bytes()
			off[len(off)-1] ^= 1
			bad["off the curve"] = off
			bad["compressed"] = append([]byte{2}, pub.Secret()...)
		} else {
			p := domain.PrimeOf(g)
			bad["minus one, of order two"] = new(big.Int).Sub(p, one).Bytes()
			bad["the prime"] = p.Bytes()
			bad["one, written long"] = one.FillBytes(make([]byte, g.Bits()/8))
			bad["over the prime"] = new(big.Int).Add(p, big.NewInt(4)).Bytes()
			// A generator of all residues has a factor that the subgroup lacks.
			bad["outside the subgroup"] = outside(g, p).Bytes()
		}
		for what, b := range bad {
			if _, err := g.Element(b); err == nil {
				t.Errorf("group %d: %s was taken", id, what)
			}
		}
	}
}

// outside finds a small number that is not of the group's order.
func outside(g *domain.Group, p *big.Int) *big.Int {
	for n := int64(2); ; n++ {
		if x := big.NewInt(n); new(big.Int).Exp(x, g.Order(), p).Cmp(big.NewInt(1)) != 0 {
			return x
		}
	}
}

func TestScalarsStayInRange(t *testing.T) {
	for _, id := range numbers {
		g := standard(t, id)
		size := (g.Order().BitLen() + 7) / 8
		if _, err := g.Scalar(bytes.NewReader(make([]byte, size))); err == nil {
			t.Errorf("group %d: zero was drawn", id)
		}
		over := append(g.Order().Bytes(), append(make([]byte, size-1), 5)...)
		k, err := g.Scalar(bytes.NewReader(over))
		if err != nil || new(big.Int).SetBytes(k).Cmp(big.NewInt(5)) != 0 {
			t.Errorf("group %d: %X, %v; want the draw after the order itself", id, k, err)
		}
	}
}

func TestKeysReadBack(t *testing.T) {
	for _, id := range numbers {
		g := standard(t, id)
		_, pub := key(t, g)
		back, e, err := domain.ParseKey(g.MarshalKey(pub))
		if err != nil || back.ID != id || !e.Equal(pub) {
			t.Errorf("group %d: %v", id, err)
		}
	}
}

// What is read as a key is one, and writes back to what reads the same.
func FuzzParseKey(f *testing.F) {
	for _, id := range numbers {
		g := standard(f, id)
		_, pub := key(f, g)
		f.Add(g.MarshalKey(pub))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		g, e, err := domain.ParseKey(in)
		if err != nil {
			return
		}
		if o := g.Order(); g.Neutral(e) || o != nil && !g.Neutral(g.Times(e, o.Bytes())) {
			t.Errorf("%X is no key", in)
		}
		again, same, err := domain.ParseKey(g.MarshalKey(e))
		if err != nil || !same.Equal(e) || again.ID != g.ID {
			t.Errorf("%X: %v", in, err)
		}
	})
}
