package relay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
)

// A Note is what stands in a sealed row of the runs for one challenge, until the
// document is judged. Whoever changes it writes the row in a transaction that is
// conditional on what was read: then it holds between nodes too. The zero value is
// no run.
type Note struct {
	Challenge int             `json:"challenge"` // the number of the one that they belong to
	Run       int             `json:"run"`       // how many were opened for it
	Proof     emrtd.ChipProof `json:"proof,omitzero"`
}

// A Run names one run.
type Run struct{ challenge, number int }

// String is the run in an audit line: "3/1".
func (r Run) String() string { return fmt.Sprintf("%d/%d", r.challenge, r.number) }

// Open names a new run for the challenge that stands. Of several the one that was
// opened last counts: what another has shown is dropped.
func (n *Note) Open(challenge int) Run {
	if n.Challenge != challenge {
		*n = Note{Challenge: challenge}
	}
	n.Run++
	n.Proof = emrtd.ChipProof{}
	return Run{challenge, n.Run}
}

// Keep takes what a run has shown, right or wrong. It fails with
// [tunnus.CodeStateConflict] if another run was opened meanwhile, another challenge
// stands, or the run has shown something already.
func (n *Note) Keep(run Run, challenge int, proof emrtd.ChipProof) error {
	if run != (Run{challenge, n.Run}) || n.Challenge != challenge || run.number == 0 || !n.Proof.IsZero() {
		return tunnus.Conflict(errors.New("relay: not the run that was opened last"))
	}
	n.Proof = proof
	return nil
}

// Take hands out what was shown for a challenge, and forgets it: it is judged once.
func (n *Note) Take(challenge int) (proof emrtd.ChipProof) {
	if n.Challenge == challenge {
		proof = n.Proof
	}
	*n = Note{}
	return proof
}

// Evidence is what is kept of how long a chip took, in milliseconds: from the
// challenge to what was brought, and the rounds of a run, as the server measured
// them. A chip that answers from far away is slow.
func Evidence(took time.Duration, proof emrtd.ChipProof) map[string]string {
	out := map[string]string{"challenge_ms": fmt.Sprint(took.Milliseconds())}
	if r := Rounds(proof); r != "" {
		out["rounds_ms"] = r
	}
	return out
}

// Rounds are the round trips of a proof in milliseconds: "41 38".
func Rounds(p emrtd.ChipProof) string {
	var out []string
	for _, d := range p.Rounds() {
		out = append(out, fmt.Sprint(d.Milliseconds()))
	}
	return strings.Join(out, " ")
}
