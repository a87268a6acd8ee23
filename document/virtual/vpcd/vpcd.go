// Package vpcd lays a virtual card on the virtual reader of a PC/SC daemon: the
// driver vpcd of the project vsmartcard, which Debian has as vsmartcard-vpcd.
//
// The driver listens, the card dials ([Dial]) and answers until one of them goes
// ([Serve]). To every program that speaks PC/SC the card is then a real one.
package vpcd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Address is where the driver listens as it is packaged. It listens on all
// interfaces of the machine: whoever can reach it can be a card there.
const Address = "127.0.0.1:35963"

// A Card is a chip that can be taken out of the field.
type Card interface {
	// Transceive takes a command APDU and returns the whole answer.
	Transceive(ctx context.Context, command []byte) ([]byte, error)
	// Reset takes the power away and gives it back.
	Reset()
}

// giveATR is the one command of the driver that is answered. Those of one byte
// besides are 0 (power off), 1 (power on) and 2 (reset).
const giveATR = 4

// maxFrame is the largest payload: its length has two bytes.
const maxFrame = 0xFFFF

// ErrGone means that the driver has closed the connection.
var ErrGone = errors.New("vpcd: the driver has gone")

// ATR is what a contactless reader makes of the card's historical bytes, here a
// name (PC/SC part 3 §3.1.3.2.3.1): T=1, and a check byte over all but the first.
func ATR() []byte {
	const name = "TUNNUS UTO"
	atr := append([]byte{0x3B, 0x80 | byte(len(name)), 0x80, 0x01}, name...)
	check := byte(0)
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}

// Dial connects to a driver.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("vpcd: no virtual reader answers: %w", err)
	}
	return c, nil
}

// Serve answers the driver until ctx has ended, which is no error, or fails with
// [ErrGone], or with what the card or the connection fails with. It closes the
// connection: the card is taken off the reader.
func Serve(ctx context.Context, conn net.Conn, card Card) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err := serve(ctx, conn, card)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func serve(ctx context.Context, conn net.Conn, card Card) error {
	ack := acknowledger(conn)
	for {
		command, err := receive(conn, ack)
		if err != nil {
			return err
		}
		var answer []byte
		switch {
		case len(command) == 1 && command[0] == giveATR:
			answer = ATR()
		case len(command) == 1: // to a chip they all mean the same
			card.Reset()
			continue
		default:
			if answer, err = card.Transceive(ctx, command); err != nil {
				return err
			}
		}
		if err := send(conn, answer); err != nil {
			return err
		}
	}
}

// receive reads one frame: two bytes of length, and as many. The driver writes
// them apart, and holds the second back until the first is acknowledged, which
// would take 40 ms if it were left to the system.
func receive(r io.Reader, ack func()) ([]byte, error) {
	var head [2]byte
	ack()
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, ErrGone
		}
		return nil, fmt.Errorf("vpcd: %w", err)
	}
	n := binary.BigEndian.Uint16(head[:])
	if n == 0 {
		return nil, errors.New("vpcd: a frame with nothing in it")
	}
	frame := make([]byte, n)
	ack()
	if _, err := io.ReadFull(r, frame); err != nil {
		return nil, fmt.Errorf("vpcd: %w", err)
	}
	return frame, nil
}

// send writes one frame at once.
func send(w io.Writer, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("vpcd: an answer of %d bytes", len(payload))
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(payload)), uint16(len(payload)))
	if _, err := w.Write(append(frame, payload...)); err != nil {
		return fmt.Errorf("vpcd: %w", err)
	}
	return nil
}
