package splitkey

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
)

// A Hash names the hash of a signature, in the words of the RP API
// ("hashAlgorithm"). The mask of PSS uses the same one; the salt has its length.
type Hash string

// The hashes that are served.
const (
	SHA256  Hash = "SHA-256"
	SHA384  Hash = "SHA-384"
	SHA512  Hash = "SHA-512"
	SHA3256 Hash = "SHA3-256"
	SHA3384 Hash = "SHA3-384"
	SHA3512 Hash = "SHA3-512"
)

// Valid reports whether h is one of the hashes.
func (h Hash) Valid() bool { return h.Crypto() != 0 }

// Crypto returns the standard library's name of h, 0 if h is none of ours.
func (h Hash) Crypto() crypto.Hash {
	switch h {
	case SHA256:
		return crypto.SHA256
	case SHA384:
		return crypto.SHA384
	case SHA512:
		return crypto.SHA512
	case SHA3256:
		return crypto.SHA3_256
	case SHA3384:
		return crypto.SHA3_384
	case SHA3512:
		return crypto.SHA3_512
	}
	return 0
}

// Size returns the length of a digest in bytes, 0 if h is none of ours.
func (h Hash) Size() int {
	if !h.Valid() {
		return 0
	}
	return h.Crypto().Size()
}

// Sum returns the digest of data. h must be valid.
func (h Hash) Sum(data []byte) []byte {
	w := h.new()
	w.Write(data)
	return w.Sum(nil)
}

// new makes a hash by name rather than by the standard library's registry, so
// that which ones exist does not depend on what else is linked.
func (h Hash) new() hash.Hash {
	switch h {
	case SHA256:
		return sha256.New()
	case SHA384:
		return sha512.New384()
	case SHA512:
		return sha512.New()
	case SHA3256:
		return sha3.New256()
	case SHA3384:
		return sha3.New384()
	case SHA3512:
		return sha3.New512()
	}
	panic("splitkey: no such hash: " + string(h))
}

// EncodePSS returns EMSA-PSS-ENCODE (RFC 8017 §9.1.1) of a digest for a key of
// exactly 6144 bits: 768 bytes. The salt is given, and must be as long as the
// digest: both sides build the same encoding, each from what it knows itself.
func EncodePSS(h Hash, digest, salt []byte) ([]byte, error) {
	return encodePSS(h, digest, salt, ProductBits-1)
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
