// Package pcsc reaches chips on the card readers of this computer, through PC/SC.
//
// The system's service needs cgo: only a build with the tag pcsc has it, and
// [Wait] of any other build fails with [ErrNotBuilt]. A [Card] is what package
// chip reads: it comes back after a chip was lifted and laid down again.
package pcsc

import (
	"context"
	"errors"
	"strings"

	"github.com/tunnus-id/tunnus/document/chip"
)

// ErrNotBuilt says that this binary knows no card readers.
var ErrNotBuilt = errors.New(`this binary was built without card readers; build it with CGO_ENABLED=1 and "-tags pcsc" (on Debian with libpcsclite-dev)`)

// ErrNoReader says that there is no card reader to wait at.
var ErrNoReader = errors.New("no card reader of this name is connected, or the PC/SC service (pcscd) does not run")

var _ chip.Transceiver = (*Card)(nil)

// named lists the readers whose names hold a word, which may be empty.
func named(all []string, word string) []string {
	var some []string
	for _, r := range all {
		if strings.Contains(strings.ToLower(r), strings.ToLower(word)) {
			some = append(some, r)
		}
	}
	return some
}

// Wait waits until a chip lies on a reader whose name holds a word ("" for any
// reader), and connects to it. It fails with [ErrNotBuilt], [ErrNoReader], or
// ctx's error.
func Wait(ctx context.Context, reader string) (*Card, error) { return wait(ctx, reader) }
