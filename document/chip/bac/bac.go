// Package bac is Basic Access Control, the oldest way into a travel document's
// chip: who has read the code line derives a key from it, and terminal and chip
// prove to each other that they have the same (ICAO Doc 9303-11 §4.3).
//
// Both sides are here, so that the virtual passport speaks with the arithmetic
// that the terminal is tested with. The result is an [apdu.Session].
//
// The key has no more entropy than number and dates of the document: somebody
// who listens can guess it. It keeps out the passer-by, nothing more.
package bac

import (
	"crypto/cipher"
	"crypto/sha1" // Doc 9303-11 §9.7.2 makes the seed with it
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// Sizes of the messages, in bytes.
const (
	ChallengeSize = 8  // answer to GET CHALLENGE
	MessageSize   = 40 // data of EXTERNAL AUTHENTICATE, and of its answer

	keySize   = 16 // keying material of each side
	seedSize  = 16
	plainSize = 2*ChallengeSize + keySize // what a message encrypts; its MAC follows

	counterHalf = ChallengeSize / 2 // what each challenge adds to the counter
)

// ErrRefused is a message of mutual authentication that does not fit: another
// key, or another session.
var ErrRefused = errors.New("bac: mutual authentication failed")

// Keys are two Triple DES keys with adjusted parity (Doc 9303-11 §9.7.1).
type Keys struct {
	Enc, MAC []byte // 16 bytes each
}

// DeriveKeys derives both keys from a seed (Doc 9303-11 §9.7.1, counters 1 and 2).
func DeriveKeys(seed []byte) Keys {
	return Keys{apdu.DES3.Derive(seed, apdu.KeyEnc), apdu.DES3.Derive(seed, apdu.KeyMAC)}
}

// AccessKeys derives the document's basic access keys from the text that
// mrz.Zone.AccessKey gives (Doc 9303-11 §9.7.2).
func AccessKeys(accessKey string) Keys {
	h := sha1.Sum([]byte(accessKey))
	return DeriveKeys(h[:seedSize])
}

// An Exchange is the terminal's side of one mutual authentication.
type Exchange struct {
	keys               Keys
	own, other, secret []byte // RND.IFD, RND.IC, K.IFD
}

// Start makes the terminal's message, the data of EXTERNAL AUTHENTICATE, in
// answer to the chip's challenge. Challenge and key share are read from random.
func (k Keys) Start(challenge []byte, random io.Reader) (*Exchange, []byte, error) {
	if len(challenge) != ChallengeSize {
		return nil, nil, ErrRefused
	}
	x := &Exchange{keys: k, own: make([]byte, ChallengeSize), other: challenge, secret: make([]byte, keySize)}
	for _, b := range [][]byte{x.own, x.secret} {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, nil, fmt.Errorf("bac: %w", err)
		}
	}
	message, err := k.seal(x.own, x.other, x.secret)
	return x, message, err
}

// Finish checks the chip's message and makes the terminal's session.
func (x *Exchange) Finish(answer []byte) (*apdu.Session, error) {
	plain, err := x.keys.open(answer)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(plain[:8], x.other)&subtle.ConstantTimeCompare(plain[8:16], x.own) != 1 {
		return nil, ErrRefused
	}
	return newSession(x.secret, plain[16:], x.other, x.own)
}

// Answer is the chip's side: it checks the terminal's message against the
// challenge that the chip gave, and returns the chip's message and session.
func (k Keys) Answer(challenge, message []byte, random io.Reader) ([]byte, *apdu.Session, error) {
	plain, err := k.open(message)
	if err != nil {
		return nil, nil, err
	}
	if len(challenge) != ChallengeSize || subtle.ConstantTimeCompare(plain[8:16], challenge) != 1 {
		return nil, nil, ErrRefused
	}
	secret := make([]byte, keySize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, nil, fmt.Errorf("bac: %w", err)
	}
	answer, err := k.seal(challenge, plain[:8], secret)
	if err != nil {
		return nil, nil, err
	}
	session, err := newSession(plain[16:], secret, challenge, plain[:8])
	return answer, session, err
}

// newSession makes the session of both key shares; the counter is made of the
// lower halves of the challenges (Doc 9303-11 §4.3.3, §9.8.6.3).
func newSession(ifd, ic, challengeIC, challengeIFD []byte) (*apdu.Session, error) {
	seed := make([]byte, seedSize)
	subtle.XORBytes(seed, ifd, ic)
	k := DeriveKeys(seed)
	counter := append(append([]byte(nil), challengeIC[counterHalf:]...), challengeIFD[counterHalf:]...)
	return apdu.NewSession3DES(k.Enc, k.MAC, counter)
}

// seal encrypts first ‖ second ‖ secret and appends the MAC.
func (k Keys) seal(first, second, secret []byte) ([]byte, error) {
	enc, mac, err := k.ciphers()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, MessageSize+16)
	b = append(append(append(b, first...), second...), secret...)
	cipher.NewCBCEncrypter(enc, make([]byte, enc.BlockSize())).CryptBlocks(b, b)
	return append(b, mac.Sum(padded(b))...), nil
}

// open checks the MAC and decrypts.
func (k Keys) open(message []byte) ([]byte, error) {
	if len(message) != MessageSize {
		return nil, ErrRefused
	}
	enc, mac, err := k.ciphers()
	if err != nil {
		return nil, err
	}
	body := message[:plainSize]
	if subtle.ConstantTimeCompare(mac.Sum(padded(body)), message[plainSize:]) != 1 {
		return nil, ErrRefused
	}
	plain := make([]byte, plainSize)
	cipher.NewCBCDecrypter(enc, make([]byte, enc.BlockSize())).CryptBlocks(plain, body)
	return plain, nil
}

func (k Keys) ciphers() (cipher.Block, apdu.RetailMAC, error) {
	enc, err := apdu.TripleDES(k.Enc)
	if err != nil {
		return nil, apdu.RetailMAC{}, err
	}
	mac, err := apdu.NewRetailMAC(k.MAC)
	return enc, mac, err
}

// padded copies b, so that padding does not write behind it.
func padded(b []byte) []byte {
	return apdu.Pad(append(make([]byte, 0, len(b)+8), b...), 8, 0)
}
