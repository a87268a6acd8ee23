package apdu

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1" // Doc 9303-11 §9.7.1 derives keys of up to 128 bits with it
	"crypto/sha256"
	"errors"
	"math/bits"
)

// A Suite is a cipher with its MAC and key derivation, as the access protocols
// name them together (Doc 9303-11 §9.7.1, §9.8.6, §9.8.7).
type Suite string

// The suites.
const (
	DES3   Suite = "3des"
	AES128 Suite = "aes-128"
	AES192 Suite = "aes-192"
	AES256 Suite = "aes-256"
)

// Counters of key derivation (Doc 9303-11 §9.7.1.4).
const (
	KeyEnc      = 1 // encrypts, in a session or for basic access
	KeyMAC      = 2 // authenticates
	KeyPassword = 3 // encrypts the nonce of PACE
)

var errSuite = errors.New("apdu: no such suite")

// KeySize is the length of each key in bytes; 0 if there is no such suite.
func (s Suite) KeySize() int {
	switch s {
	case DES3, AES128:
		return 16
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 0
}

// BlockSize is that of the cipher, in bytes.
func (s Suite) BlockSize() int {
	if s == DES3 {
		return des.BlockSize
	}
	return aes.BlockSize
}

// Derive derives the key with that counter from a shared secret (Doc 9303-11
// §9.7.1). Keys of DES have their parity set.
func (s Suite) Derive(secret []byte, counter byte) []byte {
	in := append(append(make([]byte, 0, len(secret)+4), secret...), 0, 0, 0, counter)
	switch s {
	case DES3:
		h := sha1.Sum(in)
		for i, b := range h {
			h[i] = b&^1 | byte(bits.OnesCount8(b>>1)+1)&1
		}
		return h[:s.KeySize()]
	case AES128:
		h := sha1.Sum(in)
		return h[:s.KeySize()]
	}
	h := sha256.Sum256(in)
	return h[:s.KeySize()]
}

// Cipher makes the block cipher of a key.
func (s Suite) Cipher(key []byte) (cipher.Block, error) {
	switch {
	case s.KeySize() == 0 || len(key) != s.KeySize():
		return nil, errSuite
	case s == DES3:
		return TripleDES(key)
	}
	return aes.NewCipher(key)
}

// MAC makes the 8 bytes over a message of any length, as authentication tokens
// have them (Doc 9303-11 §4.4.3.4): the retail MAC pads it, CMAC does so itself.
func (s Suite) MAC(key, message []byte) ([]byte, error) {
	if s == DES3 {
		m, err := NewRetailMAC(key)
		if err != nil {
			return nil, err
		}
		return m.Sum(Pad(append(make([]byte, 0, len(message)+des.BlockSize), message...), des.BlockSize, 0)), nil
	}
	if len(key) != s.KeySize() || len(key) == 0 {
		return nil, errSuite
	}
	m, err := NewCMAC(key)
	if err != nil {
		return nil, err
	}
	return m.Sum(message)[:macSize], nil
}

// Session makes a session whose keys are derived from a shared secret, with the
// counter at zero: what PACE and chip authentication end in.
func (s Suite) Session(secret []byte) (*Session, error) {
	enc, mac := s.Derive(secret, KeyEnc), s.Derive(secret, KeyMAC)
	if s == DES3 {
		return NewSession3DES(enc, mac, make([]byte, des.BlockSize))
	}
	return NewSessionAES(enc, mac)
}
