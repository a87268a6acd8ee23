package moduli

import "math/big"

// Shared tells which of the numbers share a factor with another one of them, by
// their places in the list. It is a batch GCD after Bernstein ("How to find smooth
// parts of integers", 2004; Heninger et al., USENIX Security 2012), here by the sum
// S of the products of all but one: up a tree of products comes S, down it S mod n
// for each, which is the product of all others mod n, and its gcd with n tells. The
// numbers are public, so it may take the time it takes.
func Shared(numbers []*big.Int) []int {
	if len(numbers) < 2 {
		return nil
	}
	one := big.NewInt(1)
	levels := [][]*big.Int{numbers}
	sums := make([]*big.Int, len(numbers))
	for i := range sums {
		sums[i] = one
	}
	for last := numbers; len(last) > 1; last = levels[len(levels)-1] {
		var next []*big.Int
		next, sums = up(last, sums)
		levels = append(levels, next)
	}
	for i := len(levels) - 2; i >= 0; i-- {
		levels[i+1] = nil // it is large, and not needed any more
		sums = down(levels[i], sums)
	}
	var out []int
	g := new(big.Int)
	for i, n := range numbers {
		if g.GCD(nil, nil, sums[i], n).Cmp(one) != 0 {
			out = append(out, i)
		}
	}
	return out
}

// up is the next level of the tree: each number times its neighbour, and each sum
// times the neighbour's number, together.
func up(numbers, sums []*big.Int) (products, next []*big.Int) {
	for i := 0; i+1 < len(numbers); i += 2 {
		a, b := numbers[i], numbers[i+1]
		sum := new(big.Int).Mul(sums[i], b)
		products = append(products, new(big.Int).Mul(a, b))
		next = append(next, sum.Add(sum, new(big.Int).Mul(sums[i+1], a)))
	}
	if n := len(numbers); n%2 == 1 {
		products, next = append(products, numbers[n-1]), append(next, sums[n-1])
	}
	return products, next
}

// down takes the sum of each parent modulo its children.
func down(numbers, sums []*big.Int) []*big.Int {
	out := make([]*big.Int, len(numbers))
	for i, n := range numbers {
		out[i] = new(big.Int).Rem(sums[i/2], n)
	}
	return out
}
