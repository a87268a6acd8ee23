package acsp

import (
	"crypto"
	_ "crypto/sha3"   // the algorithms that hashes names
	_ "crypto/sha512" // as above; SHA-256 is used here anyway
	"errors"
	"fmt"
)

// A Hash names a hash algorithm in the words of the RP API, such as "SHA3-512".
type Hash string

// The hash algorithms of the RP API.
const (
	SHA256  Hash = "SHA-256"
	SHA384  Hash = "SHA-384"
	SHA512  Hash = "SHA-512"
	SHA3256 Hash = "SHA3-256"
	SHA3384 Hash = "SHA3-384"
	SHA3512 Hash = "SHA3-512"
)

var hashes = map[Hash]crypto.Hash{
	SHA256:  crypto.SHA256,
	SHA384:  crypto.SHA384,
	SHA512:  crypto.SHA512,
	SHA3256: crypto.SHA3_256,
	SHA3384: crypto.SHA3_384,
	SHA3512: crypto.SHA3_512,
}

// Known reports whether h is one of the hash algorithms.
func (h Hash) Known() bool { _, ok := hashes[h]; return ok }

// Crypto returns the algorithm for use with [crypto/rsa]; 0 if it is not known.
func (h Hash) Crypto() crypto.Hash { return hashes[h] }

// Sum returns the hash of b. It fails if the algorithm is not known.
func (h Hash) Sum(b []byte) ([]byte, error) {
	c, ok := hashes[h]
	if !ok {
		return nil, errors.New("acsp: unknown hash algorithm")
	}
	w := c.New()
	w.Write(b)
	return w.Sum(nil), nil
}

// PSS is the "signatureAlgorithm" of every log-in: RSASSA-PSS of RFC 8017 §8.1.
const PSS = "rsassa-pss"

// Parameters are the "signatureAlgorithmParameters" of an answer.
type Parameters struct {
	Hash    Hash    `json:"hashAlgorithm"`
	MaskGen MaskGen `json:"maskGenAlgorithm"`
	Salt    int     `json:"saltLength"` // bytes
	Trailer string  `json:"trailerField"`
}

// MaskGen names the mask generation function of RSASSA-PSS.
type MaskGen struct {
	Algorithm  string `json:"algorithm"`
	Parameters struct {
		Hash Hash `json:"hashAlgorithm"`
	} `json:"parameters"`
}

// ParametersOf returns the only parameters that the protocol allows with h: MGF1
// with the same hash, a salt as long as the hash, trailer 0xbc.
func ParametersOf(h Hash) (Parameters, error) {
	c, ok := hashes[h]
	if !ok {
		return Parameters{}, fmt.Errorf("acsp: unknown hash algorithm")
	}
	p := Parameters{Hash: h, MaskGen: MaskGen{Algorithm: "id-mgf1"}, Salt: c.Size(), Trailer: "0xbc"}
	p.MaskGen.Parameters.Hash = h
	return p, nil
}
