package auth

import (
	"crypto/sha256"
	"errors"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// ErrProof is a chip that did not go on under the new keys: a copy, or somebody
// who answers in its place.
var ErrProof = errors.New("auth: the chip does not have the key")

// A Proof waits for the chip's first answer under the new keys.
type Proof struct {
	session *apdu.Session
	file    []byte
}

// A Proved says that a chip has the private key to data group 14. Only
// [Proof.Accept] makes one, on the side that made the ephemeral key: nobody who
// carried the commands can. The zero value says nothing.
type Proved struct{ file string }

// IsZero reports whether nothing was proved.
func (p Proved) IsZero() bool { return p.file == "" }

// Of reports whether the key was that of this data group 14, a whole file. It is
// false for the zero value, and for a run that was not begun by [StartFile].
func (p Proved) Of(dg14 []byte) bool {
	digest := sha256.Sum256(dg14)
	return p.file == string(digest[:])
}

// Prove begins the proof, once the chip has taken the commands of the exchange:
// command, which selects data group 14, goes to the chip as it is, and what comes
// back to [Proof.Accept].
func (x *Exchange) Prove() (p *Proof, command []byte, err error) {
	s, err := x.Finish()
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Wrap(apdu.Command{Ins: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x0E}})
	if err != nil {
		return nil, nil, err
	}
	return &Proof{s, x.file}, c.Bytes(), nil
}

// Accept takes the chip's whole answer. With a [Proved], the chip has the private
// key; with [ErrProof], it may not. Only the first answer counts: a wrong one
// ends the session.
func (p *Proof) Accept(answer []byte) (Proved, error) {
	// The file was read before, so a chip that has it says 9000; any other status
	// would prove as much, and would be odd.
	if _, status, err := p.session.Unwrap(answer); err != nil || status != apdu.OK {
		return Proved{}, ErrProof
	}
	return Proved{string(p.file)}, nil
}
