package splitkey

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
)

// A Padding names how a digest becomes the number that is signed (EM of RFC 8017).
type Padding string

// The paddings that are served. No padding named means [PSS].
const (
	PSS   Padding = "pss"      // EMSA-PSS, RFC 8017 §9.1; salt as long as the hash
	PKCS1 Padding = "pkcs1v15" // EMSA-PKCS1-v1_5, RFC 8017 §9.2; no salt

	// Internal says that nothing is signed: what the phone sends as its share is an
	// internal proof of [StepApprove] (security.md K8), and the server adds no half.
	Internal Padding = "internal"
)

// Valid reports whether p is one of the paddings, or empty.
func (p Padding) Valid() bool { return p == "" || p == PSS || p == PKCS1 || p == Internal }

// Encode returns the encoding of a digest for a key of exactly 6144 bits, 768
// bytes. Nothing is drawn here: both sides build the same encoding, each from
// what it knows itself. The salt must be as long as the digest for [PSS], and
// is ignored for [PKCS1]. The digest must be one of h.
func (p Padding) Encode(h Hash, digest, salt []byte) ([]byte, error) {
	switch p {
	case "", PSS:
		return encodePSS(h, digest, salt, ProductBits-1)
	case PKCS1:
		return encodePKCS1(h, digest, ProductSize)
	}
	return nil, fmt.Errorf("splitkey: no such padding: %q", string(p))
}

func encodePSS(h Hash, digest, salt []byte, emBits int) ([]byte, error) {
	if !h.Valid() || len(digest) != h.Size() || len(salt) != h.Size() {
		return nil, fmt.Errorf("splitkey: digest of %d and salt of %d bytes do not fit %q", len(digest), len(salt), string(h))
	}
	em := make([]byte, (emBits+7)/8)
	db := em[:len(em)-h.Size()-1]
	w := h.new()
	w.Write(make([]byte, 8))
	w.Write(digest)
	w.Write(salt)
	sum := w.Sum(nil)
	db[len(db)-len(salt)-1] = 1
	copy(db[len(db)-len(salt):], salt)
	mgf1XOR(h, db, sum)
	db[0] &= 0xff >> (8*len(em) - emBits)
	copy(em[len(db):], sum)
	em[len(em)-1] = 0xbc
	return em, nil
}

// encodePKCS1 returns 00 01 ff … ff 00 ‖ DigestInfo (RFC 8017 §9.2).
func encodePKCS1(h Hash, digest []byte, size int) ([]byte, error) {
	if !h.Valid() || len(digest) != h.Size() {
		return nil, fmt.Errorf("splitkey: digest of %d bytes does not fit %q", len(digest), string(h))
	}
	// Of DigestInfo (§A.2.4) only the last arc of the hash's name and its length
	// change from hash to hash: all stand under 2.16.840.1.101.3.4.2.
	n := byte(h.Size())
	info := []byte{0x30, 17 + n, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, h.arc(), 5, 0, 4, n}
	em := make([]byte, size)
	em[1] = 1
	body := em[size-len(info)-len(digest):]
	for i := 2; i < size-len(body)-1; i++ {
		em[i] = 0xff
	}
	copy(body[copy(body, info):], digest)
	return em, nil
}

// mgf1XOR applies MGF1 (RFC 8017 §B.2.1) of the seed to out.
func mgf1XOR(h Hash, out, seed []byte) {
	w := h.new()
	var digest []byte
	for i := uint32(0); len(out) > 0; i++ {
		w.Reset()
		w.Write(seed)
		w.Write(binary.BigEndian.AppendUint32(nil, i))
		digest = w.Sum(digest[:0])
		out = out[subtle.XORBytes(out, out, digest):]
	}
}
