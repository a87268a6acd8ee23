package idcard

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// minRSA is the shortest RSA key that is taken, in bits. The longest is the one
// of pki.ParseForeign.
const minRSA = 2048

// maxAlgorithms is how many algorithms a card may offer.
const maxAlgorithms = 64

// A SignatureAlgorithm is how a card signs, in the words of Web eID.
type SignatureAlgorithm struct {
	CryptoAlgorithm string `json:"cryptoAlgorithm"` // ECC or RSA
	HashFunction    string `json:"hashFunction"`    // SHA-256 and the like
	PaddingScheme   string `json:"paddingScheme"`   // NONE with ECC, PKCS1.5 or PSS with RSA
}

// hashFunctions are the names of Web eID. Those without a hash may be offered,
// and are not asked for: few validators of signatures know them.
var hashFunctions = map[string]crypto.Hash{
	"SHA-224": 0, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-224": 0, "SHA3-256": 0, "SHA3-384": 0, "SHA3-512": 0,
}

// paddings of each kind of key.
var paddings = map[string][]string{"ECC": {"NONE"}, "RSA": {"PKCS1.5", "PSS"}}

// readAlgorithm reads one algorithm and refuses names that Web eID does not have.
func readAlgorithm(raw json.RawMessage) (SignatureAlgorithm, error) {
	in, err := readObject(raw, "cryptoAlgorithm", "hashFunction", "paddingScheme")
	if err != nil {
		return SignatureAlgorithm{}, err
	}
	a := SignatureAlgorithm{in.word("cryptoAlgorithm"), in.word("hashFunction"), in.word("paddingScheme")}
	if in.err != nil {
		return SignatureAlgorithm{}, in.err
	}
	if _, known := hashFunctions[a.HashFunction]; !known || !slices.Contains(paddings[a.CryptoAlgorithm], a.PaddingScheme) {
		return SignatureAlgorithm{}, errors.New("an algorithm that Web eID does not have")
	}
	return a, nil
}

// algorithms returns a field that must be a list of algorithms, not empty.
func (o *object) algorithms(name string) []SignatureAlgorithm {
	var list []json.RawMessage
	if o.err == nil && (json.Unmarshal(o.fields[name], &list) != nil || len(list) == 0 || len(list) > maxAlgorithms) {
		o.err = fmt.Errorf("%s is not a list of 1 to %d", name, maxAlgorithms)
	}
	var out []SignatureAlgorithm
	for _, raw := range list {
		a, err := readAlgorithm(raw)
		if err != nil {
			if o.err == nil {
				o.err = fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}
		out = append(out, a)
	}
	return out
}

// A method is how a signature is verified.
type method struct {
	hash crypto.Hash
	bits int  // of the curve; 0 for RSA
	pss  bool // with a salt as long as the hash, and MGF1 over the same hash
}

// methods of log-in, by their names in JWA (RFC 7518 §3.1), each bound to its key.
var methods = map[string]method{
	"ES256": {crypto.SHA256, 256, false}, "ES384": {crypto.SHA384, 384, false}, "ES512": {crypto.SHA512, 521, false},
	"RS256": {crypto.SHA256, 0, false}, "RS384": {crypto.SHA384, 0, false}, "RS512": {crypto.SHA512, 0, false},
	"PS256": {crypto.SHA256, 0, true}, "PS384": {crypto.SHA384, 0, true}, "PS512": {crypto.SHA512, 0, true},
}

// checkKey wants a key that a card may have.
func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521() {
			return nil
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= minRSA {
			return nil
		}
	}
	return errors.New("its key is of another kind than P-256, P-384, P-521 or RSA of 2048 bits and more")
}

// verify checks a signature over a digest; the key must be of the method's kind.
func (m method) verify(key crypto.PublicKey, digest, signature []byte) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize != m.bits {
			return errors.New("the algorithm is not one of this key")
		}
		n := (m.bits + 7) / 8
		if len(signature) != 2*n {
			return fmt.Errorf("a signature of %d bytes, %d expected", len(signature), 2*n)
		}
		if !ecdsa.Verify(k, digest, new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])) {
			return errors.New("the signature does not verify")
		}
		return nil
	case *rsa.PublicKey:
		if m.bits != 0 {
			return errors.New("the algorithm is not one of this key")
		}
		var err error
		if m.pss {
			err = rsa.VerifyPSS(k, m.hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			err = rsa.VerifyPKCS1v15(k, m.hash, digest, signature)
		}
		if err != nil {
			return errors.New("the signature does not verify")
		}
		return nil
	}
	return errors.New("a kind of key that is not known")
}

// sum hashes by name, so that what exists does not depend on what else is linked.
func sum(h crypto.Hash, message []byte) []byte {
	w := sha512.New()
	switch h {
	case crypto.SHA256:
		w = sha256.New()
	case crypto.SHA384:
		w = sha512.New384()
	}
	w.Write(message)
	return w.Sum(nil)
}
