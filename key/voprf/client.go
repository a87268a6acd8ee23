package voprf

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

// ErrProof says that an evaluation is not by the key that the phone pinned: the
// server's fault, never the input's.
var ErrProof = errors.New("voprf: the server's evaluation does not verify")

// A Blinding is the phone's secret between blinding an input and unblinding the
// server's answer. It is never stored.
type Blinding struct {
	client oprf.VerifiableClient
	data   *oprf.FinalizeData
	input  []byte // what data refers to
}

// Blind blinds an input for the evaluation by the server whose public key is
// given (RFC 9497 §3.3.2, Blind). It returns what is sent: [ElementSize] bytes. The
// input is the Blinding's from then on.
func Blind(public, input []byte) (*Blinding, []byte, error) {
	if err := CheckElement(public); err != nil {
		return nil, nil, fmt.Errorf("voprf: the pinned public key: %w", err)
	}
	pub := new(oprf.PublicKey)
	if err := pub.UnmarshalBinary(oprf.SuiteP256, public); err != nil {
		return nil, nil, fmt.Errorf("voprf: the pinned public key: %w", err)
	}
	client := oprf.NewVerifiableClient(oprf.SuiteP256, pub)
	data, req, err := client.Blind([][]byte{input})
	if err != nil {
		return nil, nil, fmt.Errorf("voprf: blinding: %w", err)
	}
	out, err := req.Elements[0].MarshalBinaryCompress()
	if err != nil {
		return nil, nil, fmt.Errorf("voprf: blinding: %w", err)
	}
	return &Blinding{client, data, input}, out, nil
}

// Check checks the proof of an evaluation that somebody else asked for: e is that
// of the element b by the key of public. It fails with [ErrProof].
func Check(public, b []byte, e Evaluation) error {
	pub, err1 := parseElement(public)
	from, err2 := parseElement(b)
	to, err3 := parseElement(e.Element)
	if errors.Join(err1, err2, err3) != nil || len(e.Proof) != ProofSize {
		return ErrProof
	}
	var p dleq.Proof
	if err := p.UnmarshalBinary(group.P256, e.Proof); err != nil {
		return ErrProof
	}
	v := dleq.Verifier{Params: dleq.Params{G: group.P256, H: crypto.SHA256, DST: []byte(context)}}
	if !v.VerifyBatchRFC9497(pub, []group.Element{from}, []group.Element{to}, &p) {
		return ErrProof
	}
	return nil
}

// Finish checks the server's proof and returns the output of the function, 32
// bytes (RFC 9497 §3.3.2, Finalize). It fails with [ErrProof] if the evaluation
// is not by the pinned key. The input is overwritten: a Blinding serves once.
func (b *Blinding) Finish(e Evaluation) ([]byte, error) {
	defer clear(b.input)
	element, err := parseElement(e.Element)
	if err != nil || len(e.Proof) != ProofSize {
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
