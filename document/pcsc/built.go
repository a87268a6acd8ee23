//go:build pcsc

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"

	"github.com/tunnus-id/tunnus/document/chip"
)

// Built says whether this binary knows card readers.
const Built = true

// poll is how often the service is asked, where it cannot be told that ctx ended.
const poll = 200 * time.Millisecond

// A Card is a chip on a reader. One goroutine at a time may use it.
type Card struct {
	service *scard.Context
	reader  string
	card    *scard.Card   // nil while there is no connection
	left    chan struct{} // closed when the command that was given up has ended; nil if there is none
}

func wait(ctx context.Context, word string) (*Card, error) {
	service, err := scard.EstablishContext()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoReader, err)
	}
	c := &Card{service: service}
	for {
		if err = c.find(word); err == nil {
			return c, nil
		}
		if !errors.Is(err, chip.ErrNoChip) {
			break
		}
		if err = ctx.Err(); err != nil {
			break
		}
		time.Sleep(poll)
	}
	_ = service.Release() // the first error tells more
	return nil, err
}

// find connects to the first chip that lies on a reader of that name.
func (c *Card) find(word string) error {
	all, err := c.service.ListReaders()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoReader, err)
	}
	readers := named(all, word)
	if len(readers) == 0 {
		return ErrNoReader
	}
	for _, c.reader = range readers {
		if err = c.connect(); err == nil {
			return nil
		}
	}
	return err
}

// connect powers the chip. Nobody else may speak to it meanwhile: a foreign
// command would end secure messaging.
func (c *Card) connect() error {
	card, err := c.service.Connect(c.reader, scard.ShareExclusive, scard.ProtocolAny)
	switch {
	case errors.Is(err, scard.ErrNoSmartcard), errors.Is(err, scard.ErrRemovedCard), errors.Is(err, scard.ErrUnpoweredCard),
		errors.Is(err, scard.ErrUnresponsiveCard), errors.Is(err, scard.ErrSharingViolation):
		return fmt.Errorf("%w: %w", chip.ErrNoChip, err)
	case err != nil:
		return fmt.Errorf("pcsc: %s: %w", c.reader, err)
	}
	c.card = card
	return nil
}

// Transceive implements [chip.Transceiver]. After a failure the next command
// connects anew, to a chip that has forgotten its session.
func (c *Card) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.left != nil { // the service takes one command at a time
		select {
		case <-c.left:
			c.left = nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if c.card == nil {
		if err := c.connect(); err != nil {
			return nil, err
		}
	}
	type reply struct {
		answer []byte
		err    error
	}
	card, done := c.card, make(chan reply, 1)
	go func() {
		answer, err := card.Transmit(command)
		done <- reply{answer, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			c.card = nil
			_ = card.Disconnect(scard.UnpowerCard) // it may have gone already
			return nil, fmt.Errorf("pcsc: %w", r.err)
		}
		return r.answer, nil
	case <-ctx.Done():
		left := make(chan struct{})
		c.card, c.left = nil, left
		go func() {
			defer close(left)
			<-done
			_ = card.Disconnect(scard.UnpowerCard)
		}()
		return nil, ctx.Err()
	}
}

// Reader is the name of the reader.
func (c *Card) Reader() string { return c.reader }

// Close takes the power away and leaves the reader. A command that was given up is not
// waited for: the reader is left when it has ended, and belongs to nobody else until then.
func (c *Card) Close() error {
	if left := c.left; left != nil {
		service := c.service
		c.left = nil
		go func() {
			<-left
			_ = service.Release() // nobody is there to be told
		}()
		return nil
	}
	var err error
	if c.card != nil {
		err = c.card.Disconnect(scard.UnpowerCard)
		c.card = nil
	}
	return errors.Join(err, c.service.Release())
}
