// Package chip reads the files of an electronic travel document through
// whatever can carry commands to its chip: a phone's radio, a card reader, the
// virtual passport (ICAO Doc 9303-10, -11).
//
// [Read] opens the chip with the code line, takes the security object, the data
// groups that are needed, and the chip's answer to a challenge, and judges none
// of it: what is genuine is for package emrtd to say, on the server. Fingerprints
// and irises are never asked for.
//
// The chip is not trusted. Files are capped by size, commands by number; an
// answer that is longer than asked for, empty, or unprotected ends the reading.
// Errors carry one of the codes nfc-no-chip, nfc-lost, nfc-timeout,
// nfc-access-denied and doc-chip-broken, and say nothing about the holder.
package chip

import (
	"context"
	"errors"
	"fmt"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A Transceiver carries one command to a chip and its answer back.
type Transceiver interface {
	// Transceive sends a command APDU and returns the whole answer, status word
	// included; the answer is the caller's. It fails with [ErrNoChip] if there
	// is no chip in the field, and with ctx's error once ctx has ended, which it
	// must watch; any other error means that the connection is lost.
	Transceive(ctx context.Context, command []byte) (response []byte, err error)
}

// ErrNoChip is what a [Transceiver] reports while there is no chip in the field.
var ErrNoChip = errors.New("chip: none in the field")

// ChallengeSize is the length of the challenge of active authentication, in bytes.
const ChallengeSize = 8

// A Reading is what a chip gave. It is personal data, and none of it is verified.
type Reading struct {
	SOD        []byte         // EF.SOD
	Groups     map[int][]byte // those of data groups 1, 2, 14 and 15 that the SOD lists
	COM        []byte         // EF.COM; nil if the chip has none
	ActiveAuth []byte         // answer to the challenge; nil if there is no data group 15
}

// Read reads the chip that t reaches. accessKey is what mrz.Zone.AccessKey gives;
// challenge has [ChallengeSize] bytes and comes from whoever will verify.
// progress, unless nil, is told now and then how much is done; the numbers only
// grow and total stays.
//
// Read ends with ctx, and after a bounded number of commands. If the chip does
// not take commands of extended length, Read starts once more with short ones.
func Read(ctx context.Context, t Transceiver, accessKey string, challenge []byte, progress func(done, total int)) (Reading, error) {
	if len(challenge) != ChallengeSize {
		return Reading{}, fmt.Errorf("chip: challenge of %d bytes", len(challenge))
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	l := &link{ctx: ctx, t: t, left: maxCommands}
	r := reader{link: l, chunk: longChunk, meter: meter{report: progress}}
	got, err := r.read(accessKey, challenge)
	if errors.Is(err, errExtended) {
		r.chunk = shortChunk
		got, err = r.read(accessKey, challenge)
	}
	if err != nil {
		return Reading{}, l.explain(err)
	}
	return got, nil
}

// What went wrong, before it is told apart by code.
var (
	errNotPassport = errors.New("chip: no passport application")
	errDenied      = errors.New("chip: access denied")
	errExtended    = errors.New("chip: no commands of extended length")
	errBroken      = errors.New("chip: answers what it must not")
)

// A carrierError is a failure of the [Transceiver].
type carrierError struct{ cause error }

func (e *carrierError) Error() string { return "chip: connection: " + e.cause.Error() }
func (e *carrierError) Unwrap() error { return e.cause }

// explain gives an error its code.
func (l *link) explain(err error) error {
	var carrier *carrierError
	switch {
	case errors.Is(err, context.Canceled):
		return err // the caller gave up, nothing failed
	case errors.Is(err, context.DeadlineExceeded):
		return tunnus.Fail(tunnus.CodeNFCTimeout, err)
	case errors.Is(err, ErrNoChip) && !l.reached, errors.Is(err, errNotPassport):
		return tunnus.Fail(tunnus.CodeNFCNoChip, err)
	case errors.As(err, &carrier):
		return tunnus.Fail(tunnus.CodeNFCLost, err)
	case errors.Is(err, errDenied):
		return tunnus.Fail(tunnus.CodeNFCAccessDenied, err)
	}
	return lds.Broken(err)
}
