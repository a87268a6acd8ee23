package splitkey

import (
	"errors"
	"fmt"
	"math/big"
)

// smallFactors is the bound below which n1 must have no factor.
const smallFactors = 1 << 20

// CheckModulus checks the n1 that a phone offers (security.md K10): its size and
// n1² ≥ 2^6143; odd; no factor below 2^20; neither a prime nor a power of one;
// not of the weak kind of ROCA (CVE-2017-15361). That it equals no modulus ever
// made is for the store to say. n1 is public.
func CheckModulus(n1 []byte) error {
	n := new(big.Int).SetBytes(n1)
	switch {
	case len(n1) != HalfSize || !wide(n):
		return errors.New("splitkey: modulus: not of 3072 bits with a square of 6144")
	case n.Bit(0) == 0:
		return errors.New("splitkey: modulus: even")
	}
	if f := smallFactor(n); f != 0 {
		return fmt.Errorf("splitkey: modulus: has the factor %d", f)
	}
	if isPrime(n) {
		return errors.New("splitkey: modulus: prime")
	}
	if k := perfectPower(n); k != 0 {
		return fmt.Errorf("splitkey: modulus: a power with the exponent %d", k)
	}
	if roca(n) {
		return errors.New("splitkey: modulus: has the fingerprint of a broken generator (ROCA)")
	}
	return nil
}

// isPrime reports whether n is prime. A prime passes every round of Miller-Rabin
// and Lucas, so one is enough to refuse them all.
func isPrime(n *big.Int) bool { return n.ProbablyPrime(1) }

// smallFactor returns a prime factor of n below the bound, 0 if there is none.
func smallFactor(n *big.Int) uint64 {
	composite := make([]bool, smallFactors)
	var group []uint64
	product := uint64(1)
	for p := uint64(2); p < smallFactors; p++ {
		if composite[p] {
			continue
		}
		for q := p * p; q < smallFactors; q += p {
			composite[q] = true
		}
		// n is divided by as many primes at once as one word holds.
		if product > (1<<63)/p {
			if f := factorOf(n, product, group); f != 0 {
				return f
			}
			group, product = group[:0], 1
		}
		group, product = append(group, p), product*p
	}
	return factorOf(n, product, group)
}

func factorOf(n *big.Int, product uint64, group []uint64) uint64 {
	rest := new(big.Int).Mod(n, new(big.Int).SetUint64(product)).Uint64()
	for _, p := range group {
		if rest%p == 0 {
			return p
		}
	}
	return 0
}

// perfectPower returns k if n is a k-th power, k ≥ 2, and 0 if it is none. n has
// no factor below 2^20, so k is at most 3072/20.
func perfectPower(n *big.Int) int {
	for k := 2; k <= HalfBits/20; k++ {
		if !big.NewInt(int64(k)).ProbablyPrime(0) {
			continue // a power with a composite exponent is one with a prime one
		}
		if r := root(n, k); new(big.Int).Exp(r, big.NewInt(int64(k)), nil).Cmp(n) == 0 {
			return k
		}
	}
	return 0
}

// root returns the integer k-th root of n, rounded down, by Newton from above.
func root(n *big.Int, k int) *big.Int {
	if k == 2 {
		return new(big.Int).Sqrt(n)
	}
	big1, bigK := big.NewInt(int64(k-1)), big.NewInt(int64(k))
	x := new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/k+1))
	for {
		y := new(big.Int).Exp(x, big1, nil)
		y.Quo(n, y)
		y.Add(y, new(big.Int).Mul(x, big1)).Quo(y, bigK)
		if y.Cmp(x) >= 0 {
			return x
		}
		x = y
	}
}

// roca reports whether n has the fingerprint of the primes k·M + 65537^a mod M
// of a broken library (Nemec et al., CCS 2017, §3.2): modulo each small prime of
// M it is a power of 65537. A good modulus has it with a chance below 2^-27.
func roca(n *big.Int) bool {
	for p := uint64(3); p <= 167; p += 2 {
		if !big.NewInt(int64(p)).ProbablyPrime(0) {
			continue
		}
		want := new(big.Int).Mod(n, new(big.Int).SetUint64(p)).Uint64()
		found := false
		x := uint64(1)
		for range p {
			found = found || x == want
			x = x * Exponent % p
		}
		if !found {
			return false
		}
	}
	return true
}
