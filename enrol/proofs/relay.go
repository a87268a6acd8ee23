package proofs

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Relay opens a run of chip authentication. It belongs to the challenge that the
// sitting is at, and to no other; of several runs the one that was opened last
// counts. It uses nothing up: who is cut off opens another. It fails with
// [tunnus.CodeStateConflict] if no chip is waited for.
func (f *Proofs) Relay(ctx context.Context, ref sitting.Ref) (relay.Run, error) {
	s, p, err := f.awaits(ctx, ref)
	if err != nil {
		return relay.Run{}, err
	}
	run := p.Relay.Open(s.Challenges)
	return run, f.Book.Save(ctx, &s, p)
}

// Relayed writes down what a run has shown, right or wrong, for [Proofs.Chip] to
// judge. Nobody pays for it before that, and nobody is told. It fails with
// [tunnus.CodeStateConflict] if another run was opened meanwhile, or the challenge is
// used up or over.
func (f *Proofs) Relayed(ctx context.Context, ref sitting.Ref, run relay.Run, proof emrtd.ChipProof) error {
	s, p, err := f.awaits(ctx, ref)
	if err != nil {
		return err
	}
	if err := p.Relay.Keep(run, s.Challenges, proof); err != nil {
		return err
	}
	detail := map[string]string{"n": run.String(), "rounds_ms": relay.Rounds(proof)}
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.relay", Subject: s.ID, Detail: detail}
	return f.Book.Save(ctx, &s, p, line)
}

// awaits returns a sitting that waits for what a chip says, with a challenge that
// stands: at the step of the chip, or where new pictures are wanted.
func (f *Proofs) awaits(ctx context.Context, ref sitting.Ref) (sitting.Session, sitting.Payload, error) {
	s, p, err := f.Step(ctx, ref, way.ChipProved)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		if s, p, err = f.anew(ctx, ref); err != nil {
			return s, p, err
		}
	}
	switch {
	case err != nil:
		return s, p, err
	case s.ChallengeAt.IsZero():
		return s, p, tunnus.Conflict(errors.New("proofs: no challenge stands"))
	case f.late(s):
		return s, p, overdue()
	}
	return s, p, nil
}

// late reports whether a challenge that stands is over.
func (f *Proofs) late(s sitting.Session) bool {
	return !f.Book.Now().Before(s.ChallengeAt.Add(f.Rules.StepLife))
}

func overdue() error {
	return tunnus.Fail(tunnus.CodeStepTimeout, errors.New("proofs: the chip's answer came late"))
}
