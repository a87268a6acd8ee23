package apdu

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// A CMAC is the MAC of RFC 4493 and NIST SP 800-38B with AES.
type CMAC struct {
	block       cipher.Block
	whole, part [aes.BlockSize]byte // what the last block is masked with
}

// NewCMAC makes the MAC of an AES key of 16, 24 or 32 bytes.
func NewCMAC(key []byte) (*CMAC, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	m := &CMAC{block: b}
	var zero [aes.BlockSize]byte
	b.Encrypt(zero[:], zero[:])
	m.whole = doubled(zero)
	m.part = doubled(m.whole)
	return m, nil
}

// doubled multiplies by x in the field of 2^128 elements.
func doubled(b [aes.BlockSize]byte) (d [aes.BlockSize]byte) {
	const polynomial = 0x87
	for i := range b {
		d[i] = b[i] << 1
		if i+1 < len(b) {
			d[i] |= b[i+1] >> 7
		}
	}
	d[len(d)-1] ^= polynomial & -(b[0] >> 7)
	return d
}

// Sum returns the 16 bytes over a message of any length.
func (m *CMAC) Sum(message []byte) []byte {
	const size = aes.BlockSize
	sum := make([]byte, size)
	for len(message) > size {
		subtle.XORBytes(sum, sum, message[:size])
		m.block.Encrypt(sum, sum)
		message = message[size:]
	}
	mask := m.whole
	var last [size]byte
	if copy(last[:], message) < size {
		last[len(message)] = 0x80
		mask = m.part
	}
	subtle.XORBytes(sum, sum, last[:])
	subtle.XORBytes(sum, sum, mask[:])
	m.block.Encrypt(sum, sum)
	return sum
}
