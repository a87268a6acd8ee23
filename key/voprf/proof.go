package voprf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"filippo.io/bigmod"
	"github.com/cloudflare/circl/group"
)

// context is the context string of RFC 9497 §3.1 for mode VOPRF (0x01) and the
// suite P256-SHA256.
const context = "OPRFV1-\x01-P256-SHA256"

// A proof that one discrete logarithm leads from the generator to the public
// key and from M = d·B to Z = d·(k·B) (RFC 9497 §2.2.1).
type proof struct {
	server  *Server
	blinded group.Element // B
	d       group.Scalar  // public
	m, z    group.Element

	toM  group.Element // the commitment r·M
	c, s []byte
}

// make works out c and s = r - c·k, the latter in constant time.
func (p *proof) make(r []byte) error {
	scalar := group.P256.NewScalar()
	if err := scalar.UnmarshalBinary(r); err != nil {
		return fmt.Errorf("voprf: %w", err)
	}
	p.toM = group.P256.NewElement().Mul(p.m, scalar)
	var err error
	if p.c, err = p.challenge(scalar); err != nil {
		return err
	}
	ck, err := p.timesKey(p.c)
	if err != nil {
		return err
	}
	rest, err := bigmod.NewNat().SetBytes(r, p.server.order)
	if err != nil {
		return fmt.Errorf("voprf: %w", err)
	}
	p.s = rest.Sub(ck, p.server.order).Bytes(p.server.order)
	return nil
}

// holds checks the proof as VerifyProof does (RFC 9497 §2.2.2), in less time
// than the phone needs, because k is known here. With t = s + c·k the phone's
// commitments s·G + c·pkS and s·M + c·Z are t·G and r·M as long as
//
//	(t + k)·d·B = r·M + Z
//
// which starts anew from B, so a slip in any of the products made before, or in
// s, breaks it.
func (p *proof) holds() bool {
	order := p.server.order
	t, err1 := p.timesKey(p.c)
	s, err2 := bigmod.NewNat().SetBytes(p.s, order)
	weight, err3 := p.d.MarshalBinary()
	d, err4 := bigmod.NewNat().SetBytes(weight, order)
	if errors.Join(err1, err2, err3, err4) != nil {
		return false
	}
	t.Add(s, order)
	tScalar, sum := group.P256.NewScalar(), group.P256.NewScalar()
	err1 = tScalar.UnmarshalBinary(t.Bytes(order))
	err2 = sum.UnmarshalBinary(t.Add(p.server.k, order).Mul(d, order).Bytes(order))
	if errors.Join(err1, err2) != nil {
		return false
	}
	g := group.P256
	if !g.NewElement().Mul(p.blinded, sum).IsEqual(g.NewElement().Add(p.toM, p.z)) {
		return false
	}
	again, err := p.challenge(tScalar)
	return err == nil && bytes.Equal(again, p.c)
}

// timesKey returns x·k modulo the order.
func (p *proof) timesKey(x []byte) (*bigmod.Nat, error) {
	n, err := bigmod.NewNat().SetBytes(x, p.server.order)
	if err != nil {
		return nil, fmt.Errorf("voprf: %w", err)
	}
	return n.Mul(p.server.k, p.server.order), nil
}

// challenge hashes public key, M and Z with the commitments r·G and r·M.
func (p *proof) challenge(r group.Scalar) ([]byte, error) {
	in := field(nil, p.server.pub)
	for _, x := range []group.Element{p.m, p.z, group.P256.NewElement().MulGen(r), p.toM} {
		b, err := x.MarshalBinaryCompress()
		if err != nil {
			return nil, fmt.Errorf("voprf: %w", err)
		}
		in = field(in, b)
	}
	return hashToScalar(append(in, "Challenge"...)).MarshalBinary()
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
