package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

// Limits of one run; what carries it sees to them.
const (
	MaxMessage  = 32 << 10         // bytes: data group 14 in base64
	MaxMessages = 3                // of the reader
	Opening     = 3 * time.Second  // until the first message of the reader, who has all that it says
	Life        = 20 * time.Second // from the opening to the last message
)

// Header is the header of an opening that names the data group 14 that is meant. Its
// 32 bytes are signed in the place of a body. They do not stand in the path: that is
// written into logs on the way, and the key of a chip is that of one document.
const Header = "Tunnus-Group"

// Name is what the header has for the SHA-256 of a data group 14.
func Name(group [sha256.Size]byte) string { return hex.EncodeToString(group[:]) }

// Group reads the header of an opening, which has one form. It fails with bad-request.
func Group(name string) (group [sha256.Size]byte, err error) {
	if b, err := hex.DecodeString(name); err == nil && len(b) == len(group) {
		group = [sha256.Size]byte(b)
	}
	if name != Name(group) {
		return group, tunnus.BadRequest("group", errors.New("relay: not the hash of a data group"))
	}
	return group, nil
}

// A Conn carries whole messages. It ends with ctx, and with the limits above.
type Conn interface {
	Send(ctx context.Context, message []byte) error
	Receive(ctx context.Context) ([]byte, error)
	// Close ends the connection; doing so twice is no failure.
	Close() error
}

// ErrBroken is a run that did not come to its end: the line broke, or time was over.
var ErrBroken = errors.New("relay: the run was cut off")

// ErrSpoken is a message that has no place in a run.
var ErrSpoken = errors.New("relay: not what is said here")

// A said is a message of the reader.
type said struct {
	Group  []byte `json:"dg14,omitempty"`
	Answer []byte `json:"answer,omitempty"`
}

// A told is one of the server.
type told struct {
	Commands [][]byte `json:"commands,omitempty"`
	Command  []byte   `json:"command,omitempty"`
	Done     bool     `json:"done,omitempty"`
}

func send(ctx context.Context, c Conn, message any) error {
	b, err := json.Marshal(message)
	if err == nil {
		err = c.Send(ctx, b)
	}
	return broken(ctx, err)
}

// receive reads one message, which has the fields of v and no others.
func receive[T any](ctx context.Context, c Conn) (v T, err error) {
	b, err := c.Receive(ctx)
	if err != nil {
		return v, broken(ctx, err)
	}
	if len(b) > MaxMessage {
		return v, fmt.Errorf("%w: %d bytes", ErrSpoken, len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("%w: not JSON of this form", ErrSpoken)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, fmt.Errorf("%w: more than one value", ErrSpoken)
	}
	return v, nil
}

// broken is the failure of a connection; whoever gave up himself is told so.
func broken(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// Access is how a reader says that it opened the chip. It fails with bad-request if
// there is no such way, or if the file cannot be what it is said to be.
func Access(protocol string, cardAccess []byte) (chip.Access, error) {
	a := chip.Access{Protocol: chip.Protocol(protocol), CardAccess: cardAccess}
	if !slices.Contains([]chip.Protocol{"", chip.BAC, chip.PACE}, a.Protocol) || len(cardAccess) > security.MaxSize {
		return chip.Access{}, tunnus.BadRequest("access", errors.New("relay: no such access"))
	}
	return a, nil
}

// agrees reports whether a command is one of those that a run of chip
// authentication has: MSE:Set AT, MSE:Set KAT or GENERAL AUTHENTICATE (Doc 9303-11
// §6.2.4). A reader sends no others to the chip of its holder.
func agrees(c apdu.Command) bool {
	const set, at, kat = 0x41, 0xA4, 0xA6
	manage := c.Ins == 0x22 && c.P1 == set && (c.P2 == at || c.P2 == kat)
	return c.Class&^0x10 == 0 && (manage || c.Ins == 0x86 && c.P1 == 0 && c.P2 == 0)
}
