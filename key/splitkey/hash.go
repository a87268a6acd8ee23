package splitkey

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
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

// arc returns the last arc of h's object identifier (NIST, "Computer Security
// Objects Register", hash functions). h must be valid.
func (h Hash) arc() byte {
	switch h {
	case SHA256:
		return 1
	case SHA384:
		return 2
	case SHA512:
		return 3
	case SHA3256:
		return 8
	case SHA3384:
		return 9
	}
	return 10
}
