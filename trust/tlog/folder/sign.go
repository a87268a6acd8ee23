package folder

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// A signer signs notes with an Ed25519 key that may be anywhere.
type signer struct {
	name string
	hash uint32
	key  crypto.Signer
}

// ed25519Algorithm is the byte before an Ed25519 key in C2SP signed-note.
const ed25519Algorithm = 1

// NewSigner makes the signer of a log's checkpoints, and the text of its public
// key, which verifiers are given ([proof.ParseKey] reads it). The key must be
// Ed25519. The origin names the log: no spaces, no plus; such as "tunnus-demo/log".
func NewSigner(origin string, key crypto.Signer) (note.Signer, string, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, "", errors.New("folder: the key of a log must be Ed25519")
	}
	text, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, "", fmt.Errorf("folder: key of the log: %w", err)
	}
	if _, err := note.NewVerifier(text); err != nil { // the origin may be what no name can be
		return nil, "", fmt.Errorf("folder: origin of the log: %w", err)
	}
	sum := sha256.Sum256(append([]byte(origin+"\n"), append([]byte{ed25519Algorithm}, public...)...))
	return &signer{origin, binary.BigEndian.Uint32(sum[:]), key}, text, nil
}

// Name implements [note.Signer].
func (s *signer) Name() string { return s.name }

// KeyHash implements [note.Signer].
func (s *signer) KeyHash() uint32 { return s.hash }

// Sign implements [note.Signer].
func (s *signer) Sign(msg []byte) ([]byte, error) {
	return s.key.Sign(rand.Reader, msg, crypto.Hash(0))
}
