package relay

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
)

// Serve runs chip authentication with the chip behind c, as the side that has the
// key. The group that comes must have the hash that the opening was signed for; keep
// gets what was proved, right or wrong, and must have it durable when it returns: only
// then is the reader told that the run is over. It fails with [ErrSpoken] if the
// reader does not keep to the form, with [ErrBroken] if the run was cut off; then
// nothing was kept.
func Serve(ctx context.Context, c Conn, group [sha256.Size]byte, clock tunnus.Clock, keep func(context.Context, emrtd.ChipProof) error) error {
	first, err := receive[said](ctx, c)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(first.Group)
	if first.Answer != nil || subtle.ConstantTimeCompare(sum[:], group[:]) != 1 {
		return fmt.Errorf("%w: not the data group 14 that was signed for", ErrSpoken)
	}
	run, commands, err := emrtd.StartChipAuth(first.Group, rand.Reader)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSpoken, err)
	}
	if run == nil {
		return send(ctx, c, told{Done: true})
	}
	var t told
	for _, command := range commands {
		t.Commands = append(t.Commands, command.Bytes())
	}
	s := stopwatch{clock: clock}
	if _, err := s.round(ctx, c, t); err != nil {
		return err
	}
	command, err := run.Select()
	if err != nil {
		return err
	}
	answer, err := s.round(ctx, c, told{Command: command})
	if err != nil {
		return err
	}
	if err := keep(context.WithoutCancel(ctx), run.Accept(answer, s.rounds)); err != nil {
		return err
	}
	return send(ctx, c, told{Done: true})
}

// A stopwatch takes the time of rounds.
type stopwatch struct {
	clock  tunnus.Clock
	rounds []time.Duration
}

// round sends an order and waits for what the chip says to it: nothing to the
// first, which are commands of the reader's own session.
func (s *stopwatch) round(ctx context.Context, c Conn, order told) ([]byte, error) {
	began := s.clock.Now()
	if err := send(ctx, c, order); err != nil {
		return nil, err
	}
	m, err := receive[said](ctx, c)
	if err != nil {
		return nil, err
	}
	s.rounds = append(s.rounds, s.clock.Now().Sub(began))
	if m.Group != nil || (m.Answer == nil) != (order.Command == nil) {
		return nil, fmt.Errorf("%w: out of turn", ErrSpoken)
	}
	return m.Answer, nil
}
