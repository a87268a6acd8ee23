package answer

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"
)

// cubic is a public key with the exponent 3; who has only this has no way to sign.
// The modulus is as good as any other: nobody knows its factors.
func cubic() *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), 2048)
	return &rsa.PublicKey{N: n.Sub(n, new(big.Int).SetBytes([]byte("nobody has the factors of this one"))), E: 3}
}

// root is the smallest number whose cube is at least n.
func root(n *big.Int) *big.Int {
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen())/3+1)
	for one := big.NewInt(1); new(big.Int).Sub(high, low).Cmp(one) > 0; {
		mid := new(big.Int).Add(low, high)
		mid.Rsh(mid, 1)
		if new(big.Int).Exp(mid, big.NewInt(3), nil).Cmp(n) >= 0 {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// With the exponent 3 and without a key, the first third of a block can be chosen:
// header, message and digest fit in there. What is left over, and must not be,
// gives the forgery away.
func TestCubeRootsAreNoAnswers(t *testing.T) {
	size, challenge := cubic().Size(), []byte("8 bytes!")
	key := public(t, cubic())
	// whole is a right block whose message is zeros, so long that it fills the block.
	whole := make([]byte, size)
	whole[0] = 0x6A
	digest := sha256.Sum256(append(bytes.Clone(whole[1:size-34]), challenge...))
	copy(whole[size-34:], append(digest[:], 0x34, 0xCC))
	// early is a right block of a short message, with zeros behind.
	early := make([]byte, size)
	digest = sha256.Sum256(append([]byte("m"), challenge...))
	copy(early, append(append([]byte{0x6A, 'm'}, digest[:]...), 0x34, 0xCC))
	for name, block := range map[string][]byte{"the whole block": whole, "zeros behind": early} {
		s := root(new(big.Int).SetBytes(block))
		cube := new(big.Int).Exp(s, big.NewInt(3), nil)
		if got := cube.FillBytes(make([]byte, size)); !bytes.Equal(got[:36], block[:36]) {
			t.Fatalf("%s: no root: %X", name, got[:40])
		}
		for range 64 { // and its neighbours, which begin alike
			if _, err := RSA(key, challenge, s.FillBytes(make([]byte, size))); err == nil {
				t.Errorf("%s was taken", name)
			}
			s.Add(s, big.NewInt(1))
		}
	}
	for _, small := range []int64{0, 1, 2, 3} {
		if _, err := RSA(key, challenge, big.NewInt(small).FillBytes(make([]byte, size))); err == nil {
			t.Errorf("%d was taken", small)
		}
	}
}
