package splitkey

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// internalTag begins what internal proofs are made over (security.md K8).
const internalTag = "tunnus/internal/v1"

// A Step names what an internal proof is for.
type Step string

// The steps that are proved so.
const (
	StepBegin Step = "begin" // possession of n1; the extra is hk's thumbprint and the nonce
	// StepApprove proves a PIN for what was shown; the extras are the transaction,
	// the nonce of its try, and the digest of the payload.
	StepApprove Step = "approve"
	StepConfirm Step = "confirm" // the sealed blob opens; the extras are the pkS that it is sealed under, and the nonce
)

// Prove makes an internal proof: a half signature, RSASSA-PSS with SHA-256 under
// n1 alone, over tag, step, key id, purpose, generation, n1 and the extras. The
// server checks it and never adds its half. At [StepBegin] the key has no id yet.
func (h *Half) Prove(step Step, id Identity, extras ...[]byte) ([]byte, error) {
	salt := make([]byte, sha256.Size)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	em, err := encodePSS(SHA256, internalDigest(step, id, extras), salt, HalfBits-1)
	if err != nil {
		return nil, err
	}
	return h.Share(em)
}

// CheckProof checks what [Half.Prove] made; n1 is the one that id names.
func CheckProof(proof []byte, step Step, id Identity, extras ...[]byte) error {
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(id.Modulus), E: Exponent}
	opts := &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}
	if err := rsa.VerifyPSS(pub, crypto.SHA256, internalDigest(step, id, extras), proof, opts); err != nil {
		return fmt.Errorf("splitkey: proof of %s: %w", step, errors.New("it does not fit"))
	}
	return nil
}

func internalDigest(step Step, id Identity, extras [][]byte) []byte {
	b := field([]byte(internalTag), []byte(step))
	b = append(b, id.context()...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(extras)))
	for _, e := range extras {
		b = field(b, e)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}
