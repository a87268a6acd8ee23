package relay

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/emrtd"
)

// A Reader is the side of the chip: a chip.Prover whose keys are the server's. It
// runs once at a time.
type Reader struct {
	// Dial opens the connection of one run, signed for the hash of data group 14.
	Dial func(ctx context.Context, group [sha256.Size]byte) (Conn, error)

	conn Conn
}

// maxCommands is how many commands agree on a key.
const maxCommands = 2

// Begin implements chip.Prover. A chip that has no proof which the server could ask
// for is not asked: the server sees the same in the group that is signed.
func (r *Reader) Begin(ctx context.Context, dg14 []byte) ([]apdu.Command, error) {
	r.Close()
	if !emrtd.OffersChipAuth(dg14) {
		return nil, nil
	}
	var err error
	if r.conn, err = r.Dial(ctx, sha256.Sum256(dg14)); err != nil {
		return nil, err
	}
	t, err := r.turn(ctx, said{Group: dg14})
	if err != nil {
		return nil, err
	}
	if len(t.Commands) > maxCommands || len(t.Commands) == 0 != t.Done || t.Command != nil {
		return nil, fmt.Errorf("%w: commands", ErrSpoken)
	}
	var commands []apdu.Command
	for _, b := range t.Commands {
		c, err := apdu.ParseCommand(b)
		if err != nil || !agrees(c) {
			return nil, fmt.Errorf("%w: a command of something else", ErrSpoken)
		}
		commands = append(commands, c)
	}
	return commands, nil
}

// Next implements chip.Prover.
func (r *Reader) Next(ctx context.Context, answer []byte) ([]byte, error) {
	t, err := r.turn(ctx, said{Answer: answer})
	if err != nil {
		return nil, err
	}
	if t.Commands != nil || (t.Command == nil) != t.Done || (answer == nil) == t.Done {
		return nil, fmt.Errorf("%w: the next command", ErrSpoken)
	}
	if t.Done {
		r.Close()
	}
	return t.Command, nil
}

func (r *Reader) turn(ctx context.Context, s said) (told, error) {
	if r.conn == nil {
		return told{}, fmt.Errorf("%w: nothing was begun", ErrSpoken)
	}
	if err := send(ctx, r.conn, s); err != nil {
		return told{}, err
	}
	return receive[told](ctx, r.conn)
}

// Close gives up a run that is going on; without one it does nothing.
func (r *Reader) Close() {
	if r.conn != nil {
		_ = r.conn.Close() // what was said is kept on the other side, or not at all
	}
	r.conn = nil
}
