//go:build !pcsc

package pcsc

import "context"

// Built says whether this binary knows card readers.
const Built = false

// A Card is a chip on a reader.
type Card struct{}

func wait(context.Context, string) (*Card, error) { return nil, ErrNotBuilt }

// Transceive sends a command.
func (*Card) Transceive(context.Context, []byte) ([]byte, error) { return nil, ErrNotBuilt }

// Reader is the name of the reader.
func (*Card) Reader() string { return "" }

// Close leaves the chip.
func (*Card) Close() error { return nil }
