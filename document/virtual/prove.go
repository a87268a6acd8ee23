package virtual

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
)

// ProveBlock answers a challenge as Prove does, but lets edit change what is
// signed; nil if the key is not one of RSA.
func (p *Passport) ProveBlock(challenge []byte, edit func(block []byte)) ([]byte, error) {
	if key, ok := p.key.(*rsa.PrivateKey); ok {
		return proveRSA(key, challenge, edit)
	}
	return nil, nil
}

// proveRSA signs M1 ‖ challenge by ISO/IEC 9796-2 scheme 1 with SHA-256; M1 is
// random and fills the message (Doc 9303-11 §6.1.2.2).
func proveRSA(key *rsa.PrivateKey, challenge []byte, edit func(block []byte)) ([]byte, error) {
	const header, trailer = 0x6A, 2
	f := make([]byte, key.Size())
	f[0] = header
	hash := len(f) - trailer - sha256.Size
	m1 := f[1:hash]
	if _, err := rand.Read(m1); err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	h := sha256.New()
	h.Write(m1)
	h.Write(challenge)
	h.Sum(f[:hash])
	f[len(f)-2], f[len(f)-1] = 0x34, 0xCC
	if edit != nil {
		edit(f)
	}
	return power(key, new(big.Int).SetBytes(f)).FillBytes(f), nil
}

// power is the private operation, by the Chinese remainder theorem. Its time
// depends on the key, which for a virtual chip is no loss.
func power(key *rsa.PrivateKey, m *big.Int) *big.Int {
	p, q := key.Primes[0], key.Primes[1]
	mp := new(big.Int).Exp(m, key.Precomputed.Dp, p)
	mq := new(big.Int).Exp(m, key.Precomputed.Dq, q)
	h := mp.Sub(mp, mq)
	h.Mul(h, key.Precomputed.Qinv).Mod(h, p)
	return mq.Add(mq, h.Mul(h, q))
}

// proveECDSA signs the challenge, in the plain form r ‖ s of BSI TR-03111
// (Doc 9303-11 §6.1.2.3), with the digest that data group 14 tells.
func proveECDSA(key *ecdsa.PrivateKey, challenge []byte) ([]byte, error) {
	h := activeHash(key).New()
	h.Write(challenge)
	r, s, err := ecdsa.Sign(rand.Reader, key, h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	size := (key.Params().N.BitLen() + 7) / 8
	answer := make([]byte, 2*size)
	r.FillBytes(answer[:size])
	s.FillBytes(answer[size:])
	return answer, nil
}
