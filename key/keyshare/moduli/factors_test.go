package moduli

import (
	"crypto/rand"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What the batch finds is what asking each pair finds.
func TestSharedByProperty(t *testing.T) {
	primes := []int64{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103}
	rapid.Check(t, func(rt *rapid.T) {
		pick := rapid.SampledFrom(primes)
		var numbers []*big.Int
		for range rapid.IntRange(0, 12).Draw(rt, "count") {
			numbers = append(numbers, big.NewInt(pick.Draw(rt, "p")*pick.Draw(rt, "q")))
		}
		var want []int
		for i, a := range numbers {
			for j, b := range numbers {
				if i != j && new(big.Int).GCD(nil, nil, a, b).Cmp(big.NewInt(1)) != 0 {
					want = append(want, i)
					break
				}
			}
		}
		if got := Shared(numbers); !slices.Equal(got, want) {
			rt.Fatalf("Shared(%v) = %v; want %v", numbers, got, want)
		}
	})
}

// modulus draws a number that looks like a modulus of 3072 bits to this test: odd,
// and without a factor that another one is likely to have.
func modulus(tb testing.TB, factors ...*big.Int) *big.Int {
	tb.Helper()
	n := big.NewInt(1)
	for _, f := range factors {
		n.Mul(n, f)
	}
	for n.BitLen() < 3000 {
		p, err := rand.Prime(rand.Reader, 64)
		if err != nil {
			tb.Fatal(err)
		}
		n.Mul(n, p)
	}
	return n
}

// Two of many moduli that share a prime, and one that was made twice, are found.
func TestSharedAmongMany(t *testing.T) {
	p, err := rand.Prime(rand.Reader, 1536)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []*big.Int
	for range 61 {
		numbers = append(numbers, modulus(t))
	}
	numbers[7], numbers[50] = modulus(t, p), modulus(t, p)
	numbers[60] = new(big.Int).Set(numbers[20])
	if got := Shared(numbers); !slices.Equal(got, []int{7, 20, 50, 60}) {
		t.Errorf("found %v", got)
	}
}

// BenchmarkShared is the search among 10,000 moduli of 3072 bits.
func BenchmarkShared(b *testing.B) {
	numbers := make([]*big.Int, 10_000)
	for i := range numbers {
		buf := make([]byte, 384)
		_, _ = rand.Read(buf)
		buf[0] |= 0xc0
		numbers[i] = new(big.Int).SetBytes(buf)
	}
	for b.Loop() {
		Shared(numbers)
	}
}
