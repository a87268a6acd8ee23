package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math/big"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// ErrSignature is a signature that the key did not make over the message.
var ErrSignature = errors.New("signature: wrong")

// Verify checks the signature over the message. It fails with [ErrSignature].
func (k Key) Verify(a Algorithm, message, sig []byte) error {
	if !a.Hash.Available() {
		return ErrSignature
	}
	return k.VerifyDigest(a, sum(a.Hash, message), sig)
}

// VerifyDigest checks the signature over a message of that digest. It fails with
// [ErrSignature].
func (k Key) VerifyDigest(a Algorithm, digest, sig []byte) error {
	if !a.Hash.Available() || len(digest) != a.Hash.Size() {
		return ErrSignature
	}
	ok := false
	switch {
	case a.Scheme == PKCS1 && k.pss == nil:
		ok = k.pkcs1(a.Hash, digest, sig)
	case a.Scheme == PSS && k.allows(a):
		ok = k.verifyPSS(a, digest, sig)
	case a.Scheme == ECDSA:
		ok = k.ecdsa(digest, sig)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// allows reports whether the key may sign with the parameters: one that names
// its own is for these, with at least as much salt (RFC 4055 §3.3).
func (k Key) allows(a Algorithm) bool {
	return k.pss == nil || k.pss.Hash == 0 || a.Hash == k.pss.Hash && a.Mask == k.pss.Mask && a.Salt >= k.pss.Salt
}

// Open gives the block that an RSA signature holds (RFC 8017 §5.2.2), as long as
// the modulus; nil for a signature that is none of this key.
func (k Key) Open(sig []byte) []byte {
	if k.n == nil {
		return nil
	}
	size := (k.n.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(sig)
	if len(sig) != size || s.Cmp(k.n) >= 0 {
		return nil
	}
	return s.Exp(s, k.e, k.n).FillBytes(make([]byte, size))
}

// digestInfo is what DigestInfo of a hash has before the digest (RFC 8017 §9.2,
// note 1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA1:   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA224: "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// pkcs1 builds the one block that is right and compares it whole, so that there
// is nothing to hide bytes in (RFC 8017 §8.2.2).
func (k Key) pkcs1(h crypto.Hash, digest, sig []byte) bool {
	block, info := k.Open(sig), digestInfo[h]
	pad := len(block) - 3 - len(info) - len(digest)
	if info == "" || pad < 8 {
		return false
	}
	want := make([]byte, 0, len(block))
	want = append(want, 0, 1)
	for range pad {
		want = append(want, 0xFF)
	}
	want = append(append(append(want, 0), info...), digest...)
	return subtle.ConstantTimeCompare(block, want) == 1
}

// verifyPSS is EMSA-PSS-VERIFY (RFC 8017 §9.1.2).
func (k Key) verifyPSS(a Algorithm, digest, sig []byte) bool {
	block := k.Open(sig)
	if block == nil || !a.Mask.Available() {
		return false
	}
	bits := k.n.BitLen() - 1
	if bits%8 == 0 { // the block is a byte shorter than the modulus
		if block[0] != 0 {
			return false
		}
		block = block[1:]
	}
	h, top := a.Hash.Size(), byte(0xFF)>>(8*len(block)-bits)
	at := len(block) - h - 1
	if at < a.Salt+1 || block[len(block)-1] != 0xBC || block[0]&^top != 0 {
		return false
	}
	db, want := block[:at], block[at:at+h]
	mask(a.Mask, db, want)
	db[0] &= top
	for _, b := range db[:at-a.Salt-1] {
		if b != 0 {
			return false
		}
	}
	if db[at-a.Salt-1] != 1 {
		return false
	}
	m := a.Hash.New()
	m.Write(make([]byte, 8))
	m.Write(digest)
	m.Write(db[at-a.Salt:])
	return subtle.ConstantTimeCompare(m.Sum(nil), want) == 1
}

// mask takes the mask of MGF1 off db (RFC 8017 appendix B.2.1).
func mask(h crypto.Hash, db, seed []byte) {
	m := h.New()
	for count := uint32(0); len(db) > 0; count++ {
		m.Reset()
		m.Write(seed)
		m.Write(binary.BigEndian.AppendUint32(nil, count))
		block := m.Sum(nil)
		n := min(len(db), len(block))
		subtle.XORBytes(db, db[:n], block)
		db = db[n:]
	}
}

// ecdsa reads ECDSA-Sig-Value in strict DER (RFC 3279 §2.2.3): there is one form
// of a signature.
func (k Key) ecdsa(digest, sig []byte) bool {
	if k.curve == nil {
		return false
	}
	if k.std != nil {
		return ecdsa.VerifyASN1(k.std, digest, sig)
	}
	s := ber.String(sig)
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return false
	}
	size := k.curve.Size() + 1
	r, okR := seq.Unsigned(size)
	t, okT := seq.Unsigned(size)
	if !okR || !okT || !seq.Empty() || string(sig) != string(encodeRS(r, t)) {
		return false
	}
	return k.VerifyRS(digest, r, t)
}

// encodeRS is ECDSA-Sig-Value in DER.
func encodeRS(r, s *big.Int) []byte {
	var both []byte
	for _, v := range []*big.Int{r, s} {
		b := v.FillBytes(make([]byte, v.BitLen()/8+1)) // a zero in front if the first bit is set
		both = tlv.Append(both, ber.Integer, b)
	}
	return tlv.Append(nil, ber.Sequence, both)
}

// VerifyRS checks an ECDSA signature that comes as two numbers, as chips write
// it (BSI TR-03111 §4.2.1.2). Nothing here is secret.
func (k Key) VerifyRS(digest []byte, r, s *big.Int) bool {
	if k.curve == nil {
		return false
	}
	if k.std != nil {
		return r.Sign() > 0 && s.Sign() > 0 && ecdsa.VerifyASN1(k.std, digest, encodeRS(r, s))
	}
	n := k.curve.Order()
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return false
	}
	e := new(big.Int).SetBytes(digest)
	if over := 8*len(digest) - n.BitLen(); over > 0 {
		e.Rsh(e, uint(over))
	}
	w := new(big.Int).ModInverse(s, n)
	u1, u2 := e.Mul(e, w), w.Mul(r, w)
	p := k.curve.Generator().Times(u1.Mod(u1, n).Bytes()).Add(k.point.Times(u2.Mod(u2, n).Bytes()))
	if p.Infinite() {
		return false
	}
	x := new(big.Int).SetBytes(p.X())
	return x.Mod(x, n).Cmp(r) == 0
}

func sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}
