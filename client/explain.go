package client

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"strings"

	"github.com/tunnus-id/tunnus/login/acsp"
)

// verifyPSS is RSASSA-PSS-VERIFY (RFC 8017 §8.1.2) with a salt as long as the hash.
func verifyPSS(key *rsa.PublicKey, h acsp.Hash, payload, signature []byte) bool {
	digest, err := h.Sum(payload)
	if err != nil {
		return false
	}
	salt := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return rsa.VerifyPSS(key, h.Crypto(), digest, signature, salt) == nil
}

// explain says why a signature that has failed failed. It accepts nothing: it is
// there because "signature failed" is all that others tell, and services look
// for days for what is most often their own name in other capitals.
func explain(key *rsa.PublicKey, f acsp.Fields, a acsp.Answer, signature []byte) *Refusal {
	salt, ok := saltLength(key, f.Hash, signature)
	if !ok {
		return refuse(BadSignature, "no signature of the certificate's key with that hash algorithm")
	}
	if want := f.Hash.Crypto().Size(); salt != want {
		return refuse(WrongSalt, "made with a salt of another length than it says")
	}
	covers := func(change func(*acsp.Fields)) bool {
		other := f
		change(&other)
		payload, err := acsp.Payload(other, a)
		return err == nil && verifyPSS(key, f.Hash, payload, signature)
	}
	for _, name := range []string{strings.ToUpper(f.RPName), strings.ToLower(f.RPName), strings.TrimSpace(f.RPName)} {
		if name != f.RPName && covers(func(f *acsp.Fields) { f.RPName = name }) {
			return refuse(WrongName, "the signature covers this service's name in another spelling")
		}
	}
	for _, scheme := range []string{"tunnus", "tunnus-demo", "smart-id", "smart-id-demo"} {
		if scheme != f.Scheme && covers(func(f *acsp.Fields) { f.Scheme = scheme }) {
			return refuse(WrongScheme, "the signature is made for scheme "+scheme)
		}
	}
	return refuse(WrongBinding, "the key has signed, but not this request: challenge, service, texts or another part differ")
}

// saltLength recovers the length of the salt from an encoding that is a PSS one
// for h (RFC 8017 §9.1.2, steps 4 to 11), whatever was signed.
func saltLength(key *rsa.PublicKey, h acsp.Hash, signature []byte) (n int, ok bool) {
	s := new(big.Int).SetBytes(signature)
	if len(signature) != key.Size() || s.Cmp(key.N) >= 0 {
		return 0, false
	}
	bits := key.N.BitLen() - 1
	em := make([]byte, (bits+7)/8)
	m := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	size := h.Crypto().Size()
	if m.BitLen() > bits || len(em) < size+2 {
		return 0, false
	}
	m.FillBytes(em)
	if em[len(em)-1] != 0xbc {
		return 0, false
	}
	db, sum := em[:len(em)-size-1], em[len(em)-size-1:len(em)-1]
	for i, block := uint32(0), []byte(nil); int(i)*size < len(db); i++ { // MGF1, RFC 8017 §B.2.1
		var err error
		if block, err = h.Sum(binary.BigEndian.AppendUint32(bytes.Clone(sum), i)); err != nil {
			return 0, false
		}
		for j := range block {
			if at := int(i)*size + j; at < len(db) {
				db[at] ^= block[j]
			}
		}
	}
	db[0] &= 0xff >> (8*len(em) - bits)
	rest := bytes.TrimLeft(db, "\x00")
	if len(rest) == 0 || rest[0] != 1 {
		return 0, false
	}
	return len(rest) - 1, true
}
