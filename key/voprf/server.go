package voprf

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"

	"filippo.io/bigmod"
	"github.com/cloudflare/circl/group"
)

// Sizes in bytes.
const (
	ElementSize = 33 // a point of P-256, compressed
	ProofSize   = 64 // c ‖ s
	scalarSize  = 32
)

// An Evaluation is k·B for a blinded B, with the proof that this k belongs to
// the server's public key (RFC 9497 §3.3.2).
type Evaluation struct {
	Element []byte `json:"element"`
	Proof   []byte `json:"proof"`
}

// A Server evaluates with one key k. It is safe for use by several goroutines.
type Server struct {
	k      *bigmod.Nat
	scalar group.Scalar
	pub    []byte // compressed
	order  *bigmod.Modulus
}

// NewKey draws k, uniformly from 1 to the order of P-256 less one: 32 bytes.
func NewKey() ([]byte, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("voprf: making a key: %w", err)
	}
	return key.Bytes(), nil
}

// NewServer makes the evaluator of a key that [NewKey] drew.
func NewServer(k []byte) (*Server, error) {
	if len(k) != scalarSize {
		return nil, fmt.Errorf("voprf: a key has %d bytes, not %d", scalarSize, len(k))
	}
	scalar := group.P256.NewScalar()
	if err := scalar.UnmarshalBinary(k); err != nil || scalar.IsZero() {
		return nil, errors.New("voprf: not a key")
	}
	order, err := bigmod.NewModulus(p256Order())
	if err != nil {
		return nil, fmt.Errorf("voprf: %w", err)
	}
	nat, err := bigmod.NewNat().SetBytes(k, order)
	if err != nil {
		return nil, fmt.Errorf("voprf: %w", err)
	}
	pub, err := group.P256.NewElement().MulGen(scalar).MarshalBinaryCompress()
	if err != nil {
		return nil, fmt.Errorf("voprf: public key: %w", err)
	}
	return &Server{nat, scalar, pub, order}, nil
}

// p256Order returns the order of P-256 (FIPS 186-5 via SP 800-186 §3.2.1.3).
func p256Order() []byte {
	return []byte{
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	}
}

// Public returns pkS, the public key that the phone pins: [ElementSize] bytes.
func (s *Server) Public() []byte { return append([]byte(nil), s.pub...) }

// CheckElement reports whether b may be evaluated: a point of P-256 in
// compressed form, not the identity.
func CheckElement(b []byte) error {
	_, err := parseElement(b)
	return err
}

// parseElement reads a compressed point. The identity has another length, so
// it is refused with all else that is no such point (RFC 9497 §4.3).
func parseElement(b []byte) (group.Element, error) {
	e := group.P256.NewElement()
	if len(b) != ElementSize {
		return nil, fmt.Errorf("voprf: an element has %d bytes, not %d", ElementSize, len(b))
	}
	if err := e.UnmarshalBinary(b); err != nil || e.IsIdentity() {
		return nil, errors.New("voprf: not an element of P-256")
	}
	return e, nil
}

// Evaluate returns k·B with its proof (RFC 9497 §3.3.2, BlindEvaluate, and
// §2.2.1, GenerateProof). The proof is checked before it is given out: a fault
// must not look like a wrong PIN, and a faulty proof could betray k.
func (s *Server) Evaluate(blinded []byte) (Evaluation, error) {
	r := make([]byte, scalarSize)
	defer clear(r)
	for {
		_, _ = rand.Read(r) // never fails (crypto/rand)
		// One in 2^32 is not below the order; that a draw was thrown away tells
		// nothing of the next.
		if _, err := bigmod.NewNat().SetBytes(r, s.order); err == nil {
			return s.evaluate(blinded, r)
		}
	}
}

// evaluate is [Server.Evaluate] with the proof's random scalar given.
func (s *Server) evaluate(blinded, r []byte) (Evaluation, error) {
	b, err := parseElement(blinded)
	if err != nil {
		return Evaluation{}, err
	}
	g := group.P256
	out := g.NewElement().Mul(b, s.scalar)
	element, err := out.MarshalBinaryCompress()
	if err != nil {
		return Evaluation{}, fmt.Errorf("voprf: %w", err)
	}
	d := weight(s.pub, blinded, element)
	p := proof{server: s, blinded: b, d: d, m: g.NewElement().Mul(b, d), z: g.NewElement().Mul(out, d)}
	if err := p.make(r); err != nil {
		return Evaluation{}, err
	}
	if !p.holds() {
		return Evaluation{}, errors.New("voprf: own proof of an evaluation is wrong, so it is not given out")
	}
	return Evaluation{Element: element, Proof: append(p.c, p.s...)}, nil
}
