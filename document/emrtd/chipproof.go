package emrtd

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A ChipProof is what a run of chip authentication has shown (Doc 9303-11 §6.2)
// to the one who made its ephemeral key. Only [ChipRun.Accept] makes one; the zero
// value is no run that came to its end.
type ChipProof struct {
	group  [sha256.Size]byte // hash of the data group 14 whose key was asked for
	proved auth.Proved       // zero if the chip does not have it
	rounds []time.Duration
}

// IsZero reports whether no run came to its end.
func (p ChipProof) IsZero() bool { return p.group == [sha256.Size]byte{} }

// Of reports whether the chip proved itself by the key in this data group 14, the
// whole file. Whether that is genuine is for the security object to say.
func (p ChipProof) Of(dg14 []byte) bool { return p.proved.Of(dg14) }

// Proved is what [Evidence] takes of it.
func (p ChipProof) Proved() auth.Proved { return p.proved }

// Rounds are how long the answers to the commands of the run took, as the server
// measured it, in their order. A relay to a chip that is far away shows here.
func (p ChipProof) Rounds() []time.Duration { return slices.Clone(p.rounds) }

// proofJSON is a proof in a row.
type proofJSON struct {
	Group  []byte  `json:"dg14"`
	Proved bool    `json:"proved"`
	Rounds []int64 `json:"us,omitempty"` // microseconds
}

// MarshalJSON writes the proof for a row of the server's own, where it waits until
// it is judged.
func (p ChipProof) MarshalJSON() ([]byte, error) {
	if p.IsZero() {
		return []byte("null"), nil
	}
	j := proofJSON{Group: p.group[:], Proved: !p.proved.IsZero()}
	for _, d := range p.rounds {
		j.Rounds = append(j.Rounds, d.Microseconds())
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote. It believes it: the bytes must come
// from a row that is sealed by the server, never from a message.
func (p *ChipProof) UnmarshalJSON(b []byte) error {
	var j *proofJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*p = ChipProof{}
	if j == nil {
		return nil
	}
	if len(j.Group) != sha256.Size {
		return errors.New("emrtd: no proof of a chip")
	}
	p.group = [sha256.Size]byte(j.Group)
	if j.Proved {
		p.proved = auth.Recall(j.Group)
	}
	for _, us := range j.Rounds {
		p.rounds = append(p.rounds, time.Duration(us)*time.Microsecond)
	}
	return nil
}

// A ChipRun is one run of chip authentication, on the side of whoever wants to
// know. It has the ephemeral key, which never leaves it; what carries its commands
// to the chip learns nothing and can fake nothing.
type ChipRun struct {
	group    [sha256.Size]byte
	exchange *auth.Exchange
	proof    *auth.Proof
}

// StartChipAuth begins a run with the key that data group 14, the whole file, has.
// The commands are sent to the chip under the session that its reader has, and each
// must be answered with 9000; then comes [ChipRun.Select]. Run and commands are nil
// if the file offers nothing that is spoken here, as [OffersChipAuth] says.
func StartChipAuth(dg14 []byte, random io.Reader) (*ChipRun, []apdu.Command, error) {
	x, err := auth.StartFile(dg14, random)
	if errors.Is(err, auth.ErrUnsupported) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("emrtd: %w", err)
	}
	commands, err := x.Commands()
	if err != nil {
		return nil, nil, fmt.Errorf("emrtd: %w", err)
	}
	return &ChipRun{group: sha256.Sum256(dg14), exchange: x}, commands, nil
}

// Select returns the command that a chip with the private key can answer. It is
// sent as it is, once.
func (r *ChipRun) Select() ([]byte, error) {
	if r.proof != nil {
		return nil, errors.New("emrtd: the chip was asked already")
	}
	p, command, err := r.exchange.Prove()
	if err != nil {
		return nil, fmt.Errorf("emrtd: %w", err)
	}
	r.proof = p
	return command, nil
}

// Accept takes the chip's whole answer to that command, and how long its answers
// took. It ends the run, well or not: a second answer proves nothing.
func (r *ChipRun) Accept(answer []byte, rounds []time.Duration) ChipProof {
	if r.proof == nil || r.exchange == nil {
		return ChipProof{}
	}
	r.exchange = nil
	proved, _ := r.proof.Accept(answer) // an answer that proves nothing is an outcome too
	return ChipProof{group: r.group, proved: proved, rounds: slices.Clone(rounds)}
}

// OffersChipAuth reports whether a data group 14, the whole file, has a key of chip
// authentication and a way that are spoken here: then a proof can be demanded of its
// chip.
func OffersChipAuth(dg14 []byte) bool {
	infos, err := authInfos(dg14)
	return err == nil && auth.Offered(infos)
}

func authInfos(dg14 []byte) (security.Infos, error) {
	f, _ := lds.Group(14)
	content, err := f.Open(dg14)
	if err != nil {
		return security.Infos{}, fmt.Errorf("emrtd: %w", err)
	}
	infos, err := security.Read(content)
	if err != nil {
		return security.Infos{}, fmt.Errorf("emrtd: %w", err)
	}
	return infos, nil
}
