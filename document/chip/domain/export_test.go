package domain

import "math/big"

// PrimeOf is the prime of a group of residues.
func PrimeOf(g *Group) *big.Int { return new(big.Int).Set(g.dh.prime) }
