package domain_test

import (
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// A counter is randomness that counts what is drawn of it: a private key has as many
// bits as its exponentiation has steps. None is over the order, and drawn again.
type counter struct{ bytes int }

func (c *counter) Read(b []byte) (int, error) {
	c.bytes += len(b)
	n, err := rand.Read(b)
	b[0] = 0
	return n, err
}

// What a chip says of its group cannot make its reader work: a key costs at most eight
// short exponentiations, two in a group of the chip's own, and those of the key's own
// check are as short.
func TestCostOfAGroup(t *testing.T) {
	const most = 8 * (512/8 + 1) // bytes of private keys
	group, _, err := domain.ParseKey(hostile.Group("dh-no-key-is-full"))
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{}
	if _, public, err := group.Key(group.Generator(), c); err != nil || len(public.Bytes()) != 512 || c.bytes > most/4 {
		t.Errorf("%d bytes of private keys were drawn, %v", c.bytes, err)
	}
	for _, id := range []int{0, 1, 2, 12, 13, 18} {
		group, c := standard(t, id), &counter{}
		if _, _, err := group.Key(group.Generator(), c); err != nil || c.bytes > most {
			t.Errorf("group %d: %d bytes, %v", id, c.bytes, err)
		}
	}
}

// Orders with which all that is done takes long, or that are none, are refused.
func TestOrdersThatAreRefused(t *testing.T) {
	group := standard(t, 1)
	p, q := domain.PrimeOf(group), group.Order()
	g := new(big.Int).SetBytes(group.Generator().Bytes())
	y := new(big.Int).Exp(g, big.NewInt(7), p)
	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	// The prime 2^521-1 divides one less than a prime of 1024 bits, which is the group's.
	long := new(big.Int).Sub(power(521), big.NewInt(1))
	big1024, h := above(long)
	small, third := above(big.NewInt(3))
	for name, key := range map[string][]byte{
		"the longest that fits": hostile.Group("dh-long-order"),
		"of 521 bits":           hostile.Residue(big1024, h, long, new(big.Int).Exp(h, big.NewInt(7), big1024)),
		"not prime":             hostile.Residue(p, g, new(big.Int).Mul(q, big.NewInt(3)), y),
		"short":                 hostile.Residue(small, third, big.NewInt(3), third),
		"zero":                  hostile.Residue(p, g, new(big.Int), y),
		"of another":            hostile.Residue(p, g, standard(t, 2).Order(), y),
	} {
		if got, _, err := domain.ParseKey(key); err == nil {
			t.Errorf("%s: read, with an order of %v", name, got.Order())
		}
	}
}

// above finds a prime of 1024 bits with a subgroup of an order, and a generator of it.
func above(order *big.Int) (p, g *big.Int) {
	one, two := big.NewInt(1), big.NewInt(2)
	for k := new(big.Int).Lsh(big.NewInt(3), uint(1024-order.BitLen()-2)); ; k.Add(k, two) {
		p = new(big.Int).Mul(k, order)
		if p.Add(p, one); p.BitLen() != 1024 || !p.ProbablyPrime(1) {
			continue
		}
		for h := int64(2); ; h++ {
			if g = new(big.Int).Exp(big.NewInt(h), k, p); g.Cmp(one) != 0 {
				return p, g
			}
		}
	}
}

// The order of a safe prime is no news: the group is as one of PKCS #3, whose private
// keys are short.
func TestOrderOfASafePrime(t *testing.T) {
	// MODP of 2048 bits, whose prime has the form that is looked for (RFC 3526 §3).
	pkcs3, y := opened(t, "modp2048-pkcs3")
	p := domain.PrimeOf(pkcs3)
	half := new(big.Int).Rsh(p, 1)
	group, e, err := domain.ParseKey(hostile.Residue(p, new(big.Int).SetBytes(pkcs3.Generator().Bytes()), half, new(big.Int).SetBytes(y.Bytes())))
	if err != nil || group.Order() != nil || !e.Equal(y) {
		t.Fatalf("%v", err)
	}
	c := &counter{}
	k, pub, err := group.Key(group.Generator(), c)
	if err != nil || len(k) != 65 || group.Neutral(pub) {
		t.Errorf("%d bytes, %v", len(k), err)
	}
}
