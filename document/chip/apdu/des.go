package apdu

import (
	"crypto/cipher"
	"crypto/des"
	"errors"
)

// TripleDES makes the cipher of a two-key Triple DES key of 16 bytes: K1, K2, K1
// (Doc 9303-11 §9.7.1).
func TripleDES(key []byte) (cipher.Block, error) {
	if len(key) != 16 {
		return nil, errors.New("apdu: Triple DES key of another size")
	}
	return des.NewTripleDESCipher(append(append(make([]byte, 0, 24), key...), key[:8]...))
}

// A RetailMAC is MAC algorithm 3 of ISO/IEC 9797-1 with DES.
type RetailMAC struct {
	first, second cipher.Block
}

// NewRetailMAC makes the MAC of a key of 16 bytes.
func NewRetailMAC(key []byte) (RetailMAC, error) {
	if len(key) != 16 {
		return RetailMAC{}, errors.New("apdu: MAC key of another size")
	}
	first, err := des.NewCipher(key[:8])
	if err != nil {
		return RetailMAC{}, err
	}
	second, err := des.NewCipher(key[8:])
	return RetailMAC{first, second}, err
}

// Sum returns the 8 bytes over a message padded to whole blocks (see [Pad]).
func (m RetailMAC) Sum(padded []byte) []byte {
	chain := make([]byte, len(padded))
	cipher.NewCBCEncrypter(m.first, make([]byte, des.BlockSize)).CryptBlocks(chain, padded)
	last := chain[len(chain)-des.BlockSize:]
	m.second.Decrypt(last, last)
	m.first.Encrypt(last, last)
	return last
}

// Pad appends 80 and zeros up to a whole number of blocks, counted from the byte
// at offset from (ISO/IEC 9797-1 padding method 2).
func Pad(b []byte, block, from int) []byte {
	b = append(b, 0x80)
	for (len(b)-from)%block != 0 {
		b = append(b, 0)
	}
	return b
}

// Unpad takes off what [Pad] added, at most one block. Only what is authentic may
// come here: the error tells of the padding.
func Unpad(b []byte, block int) ([]byte, error) {
	for n := len(b) - 1; n >= 0 && n >= len(b)-block; n-- {
		switch b[n] {
		case 0:
		case 0x80:
			return b[:n:n], nil
		default:
			return nil, ErrProtection
		}
	}
	return nil, ErrProtection
}
