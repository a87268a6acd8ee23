// Package answer checks what a chip signs in active authentication: RSA with message
// recovery, or ECDSA (ICAO Doc 9303-11 §6.1). Whose key it is, and whether there must
// be an answer, is for package emrtd.
package answer

import (
	"crypto"
	_ "crypto/sha1" // crypto.SHA1: older chips hash their answer with it
	"crypto/subtle"
	"errors"
	"math/big"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/signature"
)

// maxRSA bounds a chip's RSA key, in bits. The smallest that is read has 1024: a
// chip's key protects one document for ten years.
const maxRSA = 4096

// Why an answer is not taken.
var (
	ErrKey    = errors.New("answer: a key of a size that chips do not have")
	ErrAnswer = errors.New("answer: not this key's to this challenge")
	ErrInfos  = errors.New("answer: data group 14 cannot be read")
)

// A Note is what there is to know about an answer that is right.
type Note string

// The notes.
const (
	ShortKey    Note = "short-key"     // of a key that only chips may have
	OldDigest   Note = "old-digest"    // with SHA-1
	HashGuessed Note = "hash-not-told" // the digest is that of the curve's size
)

// Check checks the chip's answer under its key. It fails with one of the errors above.
func Check(key signature.Key, dg14, challenge, answer []byte) (note Note, err error) {
	h := crypto.Hash(0)
	if key.RSA() {
		h, err = RSA(key, challenge, answer)
	} else if h, note, err = activeHash(key, dg14); err == nil {
		err = ECDSA(key, h, challenge, answer)
	}
	switch {
	case err != nil:
		return "", err
	case key.Weak():
		return ShortKey, nil
	case h == crypto.SHA1:
		return OldDigest, nil
	}
	return note, nil
}

// activeHash is the digest with which an ECDSA chip signs: data group 14 names it
// (Doc 9303-11 §9.2.4). Where it does not, that of the curve's size is taken and
// no other.
func activeHash(k signature.Key, dg14 []byte) (h crypto.Hash, note Note, err error) {
	if dg14 != nil {
		h, ok, err := lds.ActiveAuthHash(dg14)
		if err != nil {
			return 0, "", ErrInfos
		}
		if ok {
			return h, "", nil
		}
	}
	return curveHash(k), HashGuessed, nil
}

// trailers of ISO/IEC 9796-2 tell the digest. SHA-1 is accepted here, other than
// for documents: the message is short-lived and half of it is ours.
var trailers = map[byte]crypto.Hash{
	0x33: crypto.SHA1, 0x34: crypto.SHA256, 0x35: crypto.SHA512, 0x36: crypto.SHA384, 0x38: crypto.SHA224,
}

// RSA opens a signature of ISO/IEC 9796-2 scheme 1 with partial recovery:
// 6A ‖ M1 ‖ H(M1 ‖ challenge) ‖ trailer (Doc 9303-11 §6.1.2.2). Every byte of
// the opened block is accounted for, so nothing is left to forge with. It
// returns the digest that was used, and fails with [ErrKey] or [ErrAnswer].
func RSA(k signature.Key, challenge, answer []byte) (crypto.Hash, error) {
	if k.Bits() > maxRSA {
		return 0, ErrKey
	}
	f := k.Open(answer)
	if f == nil {
		return 0, ErrAnswer
	}
	size := len(f)
	hash, trailer := crypto.SHA1, 1
	switch f[size-1] {
	case 0xBC:
	case 0xCC:
		var ok bool
		if hash, ok = trailers[f[size-2]]; !ok {
			return 0, ErrAnswer
		}
		trailer = 2
	default:
		return 0, ErrAnswer
	}
	at := size - trailer - hash.Size()
	if f[0] != 0x6A || at < 2 {
		return 0, ErrAnswer
	}
	h := hash.New()
	h.Write(f[1:at])
	h.Write(challenge)
	if subtle.ConstantTimeCompare(h.Sum(nil), f[at:size-trailer]) != 1 {
		return 0, ErrAnswer
	}
	return hash, nil
}

// curveHash is the digest for a chip that does not name one: that of the
// curve's size (BSI TR-03111 §4.2.1).
func curveHash(k signature.Key) crypto.Hash {
	switch n := k.Bits(); {
	case n <= 224:
		return crypto.SHA224
	case n <= 256:
		return crypto.SHA256
	case n <= 384:
		return crypto.SHA384
	}
	return crypto.SHA512
}

// ECDSA checks r ‖ s, each as long as the group's order, which is as long as
// the prime for each curve that is known (Doc 9303-11 §6.1.2.3, BSI TR-03111 §5.2.1).
// It fails with [ErrAnswer].
func ECDSA(k signature.Key, h crypto.Hash, challenge, answer []byte) error {
	size := (k.Bits() + 7) / 8
	if len(answer) != 2*size {
		return ErrAnswer
	}
	r, s := new(big.Int).SetBytes(answer[:size]), new(big.Int).SetBytes(answer[size:])
	d := h.New()
	d.Write(challenge)
	if !k.VerifyRS(d.Sum(nil), r, s) {
		return ErrAnswer
	}
	return nil
}
