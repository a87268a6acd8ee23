package pace

import (
	"crypto/cipher"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
)

// randomSource is where keys and nonces come from.
type randomSource = io.Reader

// marshalOID gives an identifier's value without its tag.
func marshalOID(oid asn1.ObjectIdentifier) ([]byte, error) {
	b, err := asn1.Marshal(oid)
	if err != nil {
		return nil, ErrUnsupported
	}
	return b[2:], nil // an identifier of PACE has ten bytes
}

// generic maps the nonce with both sides' keys: s·G + H (Doc 9303-11 §4.4.3.3.1).
func (m Method) generic(nonce, scalar []byte, own domain.Element, peer []byte) (mapped, peerKey domain.Element, err error) {
	e, err := m.group.Element(peer)
	if err != nil {
		return domain.Element{}, e, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	if e.Equal(own) {
		return domain.Element{}, e, fmt.Errorf("%w: the own key", ErrPeer)
	}
	mapped = m.group.Combine(m.group.Times(m.group.Generator(), nonce), m.group.Times(e, scalar))
	if m.group.Neutral(mapped) {
		return domain.Element{}, e, fmt.Errorf("%w: no generator", ErrPeer)
	}
	return mapped, e, nil
}

// Constants of the pseudo-random function, by the length of the nonce (Doc
// 9303-11 §4.4.3.3.2).
const (
	c0Short = "a668892a7c41e3ca739f40b057d85904"
	c1Short = "a4e136ac725f738b01c1f60217c188ad"
	c0Long  = "d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"
	c1Long  = "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"
)

// integrated maps the chip's nonce with the terminal's to a generator.
func (m Method) integrated(s, t []byte) (domain.Element, error) {
	r, err := stretch(m.info.Suite, s, t, m.group.Bits())
	if err != nil {
		return domain.Element{}, err
	}
	e, err := m.group.Encode(r)
	if err != nil {
		return domain.Element{}, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	return e, nil
}

// stretch is the function R(s,t): at least 64 bits more than the prime has.
func stretch(suite apdu.Suite, s, t []byte, bits int) ([]byte, error) {
	if len(s) != nonceSize(suite) || len(t) != suite.KeySize() {
		return nil, ErrPeer
	}
	h0, h1 := c0Short, c1Short
	if len(s) == 32 {
		h0, h1 = c0Long, c1Long
	}
	c0, _ := hex.DecodeString(h0) // constants
	c1, _ := hex.DecodeString(h1)
	k, err := crypt(suite, t, s, cipher.NewCBCEncrypter)
	if err != nil {
		return nil, err
	}
	var r []byte
	for 8*len(r) < bits+64 {
		k = k[:suite.KeySize()]
		x, err := crypt(suite, k, c1, cipher.NewCBCEncrypter)
		if err != nil {
			return nil, err
		}
		r = append(r, x...)
		if k, err = crypt(suite, k, c0, cipher.NewCBCEncrypter); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// sealChipAuth encrypts the chip authentication data; openChipAuth decrypts it
// (Doc 9303-11 §4.4.3.5).
func sealChipAuth(s apdu.Suite, secret, data []byte) ([]byte, error) {
	c, iv, err := chipAuthCipher(s, secret)
	if err != nil {
		return nil, err
	}
	b := apdu.Pad(append(make([]byte, 0, len(data)+len(iv)), data...), len(iv), 0)
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(b, b)
	return b, nil
}

func openChipAuth(s apdu.Suite, secret, sealed []byte) ([]byte, error) {
	c, iv, err := chipAuthCipher(s, secret)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || len(sealed)%len(iv) != 0 {
		return nil, ErrPeer
	}
	b := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(b, sealed)
	if b, err = apdu.Unpad(b, len(iv)); err != nil {
		return nil, ErrPeer
	}
	return b, nil
}

// chipAuthCipher has the vector E(KSEnc, -1).
func chipAuthCipher(s apdu.Suite, secret []byte) (cipher.Block, []byte, error) {
	c, err := s.Cipher(s.Derive(secret, apdu.KeyEnc))
	if err != nil {
		return nil, nil, err
	}
	iv := make([]byte, c.BlockSize())
	for i := range iv {
		iv[i] = 0xFF
	}
	c.Encrypt(iv, iv)
	return c, iv, nil
}
