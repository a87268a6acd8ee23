package emrtd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // crypto.SHA1: older chips hash their answer with it
	"crypto/subtle"
	"errors"
	"math/big"

	"github.com/tunnus-id/tunnus/document/lds"
)

// Sizes of chip keys that are accepted, in bits. A chip's key is smaller than a
// signer's: it protects one document for ten years.
const (
	minChipRSA = 1024
	maxChipRSA = 4096
)

var errAnswer = errors.New("the chip's answer is wrong")

// checkActive checks the chip's answer to our challenge under the key of data
// group 15 (Doc 9303-11 §6.1). Both groups must have been authenticated; dg14
// may be nil.
func checkActive(dg15, dg14, challenge, answer []byte) error {
	if len(challenge) != ChallengeSize {
		return errors.New("challenge of another length")
	}
	key, err := lds.ActiveAuthKey(dg15)
	if err != nil {
		return errors.New("the chip's public key cannot be read")
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		return checkRSA(k, challenge, answer)
	case *ecdsa.PublicKey:
		h := curveHash(k)
		if dg14 != nil {
			named, ok, err := lds.ActiveAuthHash(dg14)
			if err != nil {
				return err
			}
			if ok {
				h = named
			}
		}
		return checkECDSA(k, h, challenge, answer)
	}
	return errWeak
}

// trailers of ISO/IEC 9796-2 tell the digest. SHA-1 is accepted here, other than
// for documents: the message is short-lived and half of it is ours.
var trailers = map[byte]crypto.Hash{
	0x33: crypto.SHA1, 0x34: crypto.SHA256, 0x35: crypto.SHA512, 0x36: crypto.SHA384, 0x38: crypto.SHA224,
}

// checkRSA opens a signature of ISO/IEC 9796-2 scheme 1 with partial recovery:
// 6A ‖ M1 ‖ H(M1 ‖ challenge) ‖ trailer (Doc 9303-11 §6.1.2.2). Every byte of
// the opened block is accounted for, so nothing is left to forge with.
func checkRSA(k *rsa.PublicKey, challenge, answer []byte) error {
	bits := k.N.BitLen()
	if bits < minChipRSA || bits > maxChipRSA || k.E < 3 || k.E&1 == 0 || int64(k.E) > maxExponent {
		return errWeak
	}
	size := (bits + 7) / 8
	s := new(big.Int).SetBytes(answer)
	if len(answer) != size || s.Cmp(k.N) >= 0 {
		return errAnswer
	}
	f := s.Exp(s, big.NewInt(int64(k.E)), k.N).FillBytes(make([]byte, size))
	hash, trailer := crypto.SHA1, 1
	switch f[size-1] {
	case 0xBC:
	case 0xCC:
		var ok bool
		if hash, ok = trailers[f[size-2]]; !ok {
			return errAnswer
		}
		trailer = 2
	default:
		return errAnswer
	}
	at := size - trailer - hash.Size()
	if f[0] != 0x6A || at < 2 {
		return errAnswer
	}
	h := hash.New()
	h.Write(f[1:at])
	h.Write(challenge)
	if subtle.ConstantTimeCompare(h.Sum(nil), f[at:size-trailer]) != 1 {
		return errAnswer
	}
	return nil
}

// curveHash is the digest for a chip that does not name one: that of the
// curve's size (BSI TR-03111 §4.2.1).
func curveHash(k *ecdsa.PublicKey) crypto.Hash {
	switch n := k.Params().BitSize; {
	case n <= 224:
		return crypto.SHA224
	case n <= 256:
		return crypto.SHA256
	case n <= 384:
		return crypto.SHA384
	}
	return crypto.SHA512
}

// checkECDSA checks r ‖ s, each as long as the group's order (Doc 9303-11
// §6.1.2.3, BSI TR-03111 §5.2.1).
func checkECDSA(k *ecdsa.PublicKey, h crypto.Hash, challenge, answer []byte) error {
	size := (k.Params().N.BitLen() + 7) / 8
	if len(answer) != 2*size {
		return errAnswer
	}
	r, s := new(big.Int).SetBytes(answer[:size]), new(big.Int).SetBytes(answer[size:])
	if !ecdsa.Verify(k, digest(h, challenge), r, s) {
		return errAnswer
	}
	return nil
}
