package splitkey

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"filippo.io/bigmod"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

// context is the context string of RFC 9497 §3.1 for mode VOPRF (0x01) and the
// suite P256-SHA256.
const context = "OPRFV1-\x01-P256-SHA256"

// scalarSize is the size of a scalar of P-256, in bytes.
const scalarSize = 32

// An Evaluator is the server's side of the VOPRF for one key: its scalar k. It
// is safe for use by several goroutines.
//
// It makes the same evaluations as circl's oprf.VerifiableServer, whose scalar
// arithmetic does not run in constant time; here k meets bigmod and the curve of
// the standard library only. The phone verifies with circl.
type Evaluator struct {
	k      []byte
	scalar group.Scalar
	pub    []byte // compressed
	order  *bigmod.Modulus
}

// NewEvaluatorKey draws k, uniformly from 1 to the order of P-256 less one.
func NewEvaluatorKey() ([]byte, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("splitkey: making a VOPRF key: %w", err)
	}
	return key.Bytes(), nil
}

// NewEvaluator makes the evaluator of a key that [NewEvaluatorKey] drew.
func NewEvaluator(k []byte) (*Evaluator, error) {
	if len(k) != scalarSize {
		return nil, fmt.Errorf("splitkey: a VOPRF key has %d bytes, not %d", scalarSize, len(k))
	}
	scalar := group.P256.NewScalar()
	if err := scalar.UnmarshalBinary(k); err != nil || scalar.IsZero() {
		return nil, errors.New("splitkey: not a VOPRF key")
	}
	pub, err := group.P256.NewElement().MulGen(scalar).MarshalBinaryCompress()
	if err != nil {
		return nil, fmt.Errorf("splitkey: VOPRF public key: %w", err)
	}
	order, err := bigmod.NewModulus(p256Order())
	if err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	return &Evaluator{k, scalar, pub, order}, nil
}

// p256Order returns the order of P-256 (FIPS 186-5 via SP 800-186 §3.2.1.3).
func p256Order() []byte {
	return []byte{
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	}
}

// Public returns pkS, the public key that the phone pins: 33 bytes.
func (e *Evaluator) Public() []byte { return append([]byte(nil), e.pub...) }

// CheckBlinded reports whether a phone's blinded element may be evaluated: a
// point of P-256 in compressed form, not the identity.
func CheckBlinded(blinded []byte) error {
	_, err := parseElement(blinded)
	return err
}

// parseElement reads a compressed point. The identity has another length, so
// it is refused with all else that is no such point (RFC 9497 §4.3).
func parseElement(b []byte) (group.Element, error) {
	e := group.P256.NewElement()
	if len(b) != ElementSize {
		return nil, fmt.Errorf("splitkey: an element has %d bytes, not %d", ElementSize, len(b))
	}
	if err := e.UnmarshalBinary(b); err != nil || e.IsIdentity() {
		return nil, errors.New("splitkey: not an element of P-256")
	}
	return e, nil
}

// Evaluate returns k·B with a proof that this k belongs to [Evaluator.Public]
// (RFC 9497 §3.3.2, BlindEvaluate, and §2.2.1, GenerateProof). The proof is
// checked before it is given out: a fault must not look like a wrong PIN.
func (e *Evaluator) Evaluate(blinded []byte) (Evaluated, error) {
	b, err := parseElement(blinded)
	if err != nil {
		return Evaluated{}, err
	}
	g := group.P256
	out := g.NewElement().Mul(b, e.scalar)
	element, err := out.MarshalBinaryCompress()
	if err != nil {
		return Evaluated{}, fmt.Errorf("splitkey: %w", err)
	}
	d := weight(e.pub, blinded, element)
	m, z := g.NewElement().Mul(b, d), g.NewElement().Mul(out, d)
	head, err := fields(field(nil, e.pub), m, z)
	if err != nil {
		return Evaluated{}, err
	}
	c, s, err := e.prove(head, m)
	if err != nil {
		return Evaluated{}, err
	}
	if !z.IsEqual(g.NewElement().Mul(m, e.scalar)) || !e.proves(head, m, c, s) {
		return Evaluated{}, errors.New("splitkey: own proof of an evaluation is wrong, so it is not given out")
	}
	return Evaluated{Element: element, Proof: append(c, s...)}, nil
}

// prove makes the proof c, s that one discrete logarithm leads from the
// generator to the public key and from M to Z, which end the head. s = r - c·k
// is worked out in constant time.
func (e *Evaluator) prove(head []byte, m group.Element) (c, s []byte, err error) {
	r, err := NewEvaluatorKey()
	if err != nil {
		return nil, nil, err
	}
	defer clear(r)
	c, err = challenge(head, m, r)
	if err != nil {
		return nil, nil, err
	}
	ck, err := e.times(c)
	if err != nil {
		return nil, nil, err
	}
	rest, err := bigmod.NewNat().SetBytes(r, e.order)
	if err != nil {
		return nil, nil, fmt.Errorf("splitkey: %w", err)
	}
	return c, rest.Sub(ck, e.order).Bytes(e.order), nil
}

// proves checks a proof as VerifyProof does (RFC 9497 §2.2.2). Whoever knows k
// and has compared Z with k·M gets both commitments s·G + c·pkS and s·M + c·Z
// in half the time, as (s + c·k)·G and (s + c·k)·M.
func (e *Evaluator) proves(head []byte, m group.Element, c, s []byte) bool {
	ck, err := e.times(c)
	if err != nil {
		return false
	}
	sum, err := bigmod.NewNat().SetBytes(s, e.order)
	if err != nil {
		return false
	}
	again, err := challenge(head, m, sum.Add(ck, e.order).Bytes(e.order))
	return err == nil && string(again) == string(c)
}

// times returns c·k modulo the order.
func (e *Evaluator) times(c []byte) (*bigmod.Nat, error) {
	x, err1 := bigmod.NewNat().SetBytes(c, e.order)
	k, err2 := bigmod.NewNat().SetBytes(e.k, e.order)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	return x.Mul(k, e.order), nil
}

// challenge hashes the head with the commitments r·G and r·M.
func challenge(head []byte, m group.Element, r []byte) ([]byte, error) {
	g := group.P256
	scalar := g.NewScalar()
	if err := scalar.UnmarshalBinary(r); err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	in, err := fields(append([]byte(nil), head...), g.NewElement().MulGen(scalar), g.NewElement().Mul(m, scalar))
	if err != nil {
		return nil, err
	}
	return hashToScalar(append(in, "Challenge"...)).MarshalBinary()
}

// fields appends elements, each as a [field].
func fields(to []byte, elements ...group.Element) ([]byte, error) {
	for _, x := range elements {
		b, err := x.MarshalBinaryCompress()
		if err != nil {
			return nil, fmt.Errorf("splitkey: %w", err)
		}
		to = field(to, b)
	}
	return to, nil
}

// weight is the d of ComputeComposites (RFC 9497 §2.2.1) for a single element.
func weight(pub, blinded, element []byte) group.Scalar {
	seed := sha256.Sum256(field(field(nil, pub), []byte("Seed-"+context)))
	in := field(nil, seed[:])
	in = append(in, 0, 0) // the number of the element
	in = field(field(in, blinded), element)
	return hashToScalar(append(in, "Composite"...))
}

func hashToScalar(in []byte) group.Scalar {
	return group.P256.HashToScalar(in, []byte("HashToScalar-"+context))
}

// field appends b behind its length in two bytes.
func field(to, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(b))), b...)
}

// ErrProof says that the server's evaluation is not by the key that the phone
// pinned: the server's fault, never the PIN's.
var ErrProof = errors.New("splitkey: the server's evaluation does not verify")

// A Blinding is the phone's secret between blinding a PIN and opening the
// server's answer. It is never stored: a lost one costs a try.
type Blinding struct {
	client oprf.VerifiableClient
	data   *oprf.FinalizeData
}

// pinTag separates PINs from everything else that could be fed to a PRF.
const pinTag = "tunnus/pin/v1"

// Blind blinds a PIN for the evaluation by the server whose public key is
// pinned in id. It returns what is sent: 33 bytes.
func Blind(id Identity, pin []byte) (*Blinding, []byte, error) {
	pub := new(oprf.PublicKey)
	if len(id.Public) != ElementSize {
		return nil, nil, errors.New("splitkey: the pinned public key is not one")
	}
	if err := pub.UnmarshalBinary(oprf.SuiteP256, id.Public); err != nil {
		return nil, nil, fmt.Errorf("splitkey: the pinned public key: %w", err)
	}
	input := field(field([]byte(pinTag), id.context()), pin)
	client := oprf.NewVerifiableClient(oprf.SuiteP256, pub)
	data, req, err := client.Blind([][]byte{input})
	if err != nil {
		return nil, nil, fmt.Errorf("splitkey: blinding: %w", err)
	}
	out, err := req.Elements[0].MarshalBinaryCompress()
	if err != nil {
		return nil, nil, fmt.Errorf("splitkey: blinding: %w", err)
	}
	return &Blinding{client, data}, out, nil
}

// Finish checks the server's proof and returns the hardened PIN, 32 bytes. It
// fails with [ErrProof] if the evaluation is not by the pinned key.
func (b *Blinding) Finish(e Evaluated) ([]byte, error) {
	element, err := parseElement(e.Element)
	if err != nil {
		return nil, ErrProof
	}
	var proof dleq.Proof
	if err := proof.UnmarshalBinary(group.P256, e.Proof); err != nil {
		return nil, ErrProof
	}
	out, err := b.client.Finalize(b.data, &oprf.Evaluation{Elements: []oprf.Evaluated{element}, Proof: &proof})
	if err != nil {
		return nil, ErrProof
	}
	return out[0], nil
}
