package hostile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"math/big"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Chip answers challenges of active authentication with its own key, which its data
// group 15 has; virtual.Passport is one.
type Chip interface {
	Prove(challenge []byte) ([]byte, error)
	ProveBlock(challenge []byte, edit func(block []byte)) ([]byte, error)
	Group(n int) []byte
}

type answer struct {
	name string
	give func(c Chip, challenge []byte) ([]byte, error)
}

// answers are ways to answer a challenge wrongly.
func answers() []answer {
	return []answer{
		{"replayed", func(c Chip, _ []byte) ([]byte, error) { return c.Prove([]byte("earlier!")) }},
		{"other-challenge", func(c Chip, ch []byte) ([]byte, error) { return c.Prove(reversed(ch)) }},
		{"short-challenge", func(c Chip, ch []byte) ([]byte, error) { return c.Prove(ch[:len(ch)/2]) }},
		{"one-bit", change(func(b []byte) []byte { b[len(b)/2] ^= 1; return b })},
		{"cut", change(func(b []byte) []byte { return b[:len(b)-1] })},
		{"leading-zeros", change(func(b []byte) []byte { return append([]byte{0, 0}, b...) })},
		{"zeros", change(func(b []byte) []byte { return make([]byte, len(b)) })},
		{"ones", change(func(b []byte) []byte { return bytes.Repeat([]byte{0xFF}, len(b)) })},
		{"r-zero", change(func(b []byte) []byte { clear(b[:len(b)/2]); return b })},
		{"s-zero", change(func(b []byte) []byte { clear(b[len(b)/2:]); return b })},
		{"r-large", change(func(b []byte) []byte { copy(b, bytes.Repeat([]byte{0xFF}, len(b)/2)); return b })},
		{"s-large", change(func(b []byte) []byte { copy(b[len(b)/2:], bytes.Repeat([]byte{0xFF}, len(b)/2)); return b })},
		{"r-order", order(0)},
		{"s-order", order(1)},
		{"der", change(der)},
		{"trailer", block(func(f []byte) { f[len(f)-1] ^= 1 })},
		{"no-hash-name", block(func(f []byte) { f[len(f)-2] = 0x33 })},
		{"header", block(func(f []byte) { f[0] = 0x4A })},
		{"zeros-in-front", block(func(f []byte) { copy(f[1:], f[:len(f)-1]); f[0] = 0 })},
	}
}

// Answers names the answers of [Answer].
func Answers() (names []string) {
	for _, a := range answers() {
		names = append(names, a.name)
	}
	return names
}

// Answer is a wrong answer of a chip to a challenge.
func Answer(name string, c Chip, challenge []byte) ([]byte, error) {
	for _, a := range answers() {
		if a.name == name {
			return a.give(c, challenge)
		}
	}
	return nil, errors.New("hostile: no such answer")
}

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = ^b[i]
	}
	return r
}

// change spoils the right answer.
func change(spoil func([]byte) []byte) func(Chip, []byte) ([]byte, error) {
	return func(c Chip, challenge []byte) ([]byte, error) {
		b, err := c.Prove(challenge)
		if err != nil || len(b) == 0 {
			return b, err
		}
		return spoil(b), nil
	}
}

// block spoils what an RSA chip signs; others answer nothing.
func block(spoil func([]byte)) func(Chip, []byte) ([]byte, error) {
	return func(c Chip, challenge []byte) ([]byte, error) { return c.ProveBlock(challenge, spoil) }
}

// order puts the order of the curve into r or s: the half of the answer. The answer of
// an RSA chip is its modulus.
func order(half int) func(Chip, []byte) ([]byte, error) {
	return func(c Chip, challenge []byte) ([]byte, error) {
		key, err := keyOf(c)
		if err != nil {
			return nil, err
		}
		return change(func(b []byte) []byte {
			switch k := key.(type) {
			case *ecdsa.PublicKey:
				size := len(b) / 2
				k.Params().N.FillBytes(b[half*size : (half+1)*size])
			case *rsa.PublicKey:
				k.N.FillBytes(b)
			}
			return b
		})(c, challenge)
	}
}

// keyOf is the key in data group 15.
func keyOf(c Chip) (any, error) {
	f, _ := lds.Group(15)
	spki, err := f.Open(c.Group(15))
	if err != nil {
		return nil, err
	}
	return x509.ParsePKIXPublicKey(spki)
}

// der writes the plain form r ‖ s as SEQUENCE of two numbers.
func der(b []byte) []byte {
	r, s := new(big.Int).SetBytes(b[:len(b)/2]), new(big.Int).SetBytes(b[len(b)/2:])
	return tlv.Append(nil, 0x30, append(number(r), number(s)...))
}

// CubeRoot answers a challenge for the key n with the exponent 3, without the private
// one: the cube begins as an opened answer does, with a header, a message and its
// digest, and a trailer of ISO/IEC 9796-2; what is behind that is left to chance.
// Whoever does not see to it that the trailer is the end takes it.
func CubeRoot(n *big.Int, challenge []byte) []byte {
	f := make([]byte, (n.BitLen()+7)/8)
	const message = 10 // bytes
	f[0] = 0x6A
	h := sha1.New()
	h.Write(f[1 : 1+message])
	h.Write(challenge)
	copy(f[1+message:], append(h.Sum(nil), 0xBC))
	want := new(big.Int).SetBytes(f)
	root := new(big.Int)
	for bit := want.BitLen()/3 + 1; bit >= 0; bit-- {
		root.SetBit(root, bit, 1)
		if new(big.Int).Exp(root, big.NewInt(3), nil).Cmp(want) > 0 {
			root.SetBit(root, bit, 0)
		}
	}
	return root.Add(root, big.NewInt(1)).FillBytes(f) // its cube is the next one above
}
