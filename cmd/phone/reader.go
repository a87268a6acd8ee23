package phone

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/pcsc"
)

// A readerBody is a computer with a card reader and without a camera: what is
// printed on the document is typed, pictures are files. It implements app.Body.
type readerBody struct {
	screen app.Screen
	name   string     // a word in the name of the reader
	person app.Body   // who is in front of it; nil if that is a person of flesh
	card   *pcsc.Card // the one of the last reading; nil before
	wait   func(ctx context.Context, reader string) (*pcsc.Card, error)
}

// maxWait is how long a document is waited for, until the holder is told that none is
// there: one that another program has to itself looks the same.
const maxWait = time.Minute

// maxPicture is how large a file with a picture may be, in bytes.
const maxPicture = 8 << 20

// CodeLine asks for the lines at the foot of the page: three of 30 characters,
// or two.
func (b *readerBody) CodeLine(ctx context.Context) (string, error) {
	if b.person != nil {
		return b.person.CodeLine(ctx)
	}
	var lines []string
	for n := 2; len(lines) < n; {
		at := len(lines) + 1
		line, err := b.screen.Ask(ctx, fmt.Sprintf("code-line-%d", at), fmt.Sprintf("Line %d of the letters with < on the document", at))
		if err != nil {
			return "", err
		}
		lines = append(lines, strings.ToUpper(strings.ReplaceAll(line, " ", "")))
		if len(lines[0]) == 30 {
			n = 3
		}
	}
	return strings.Join(lines, "\n"), nil
}

// Typed implements steps.Typist.
func (b *readerBody) Typed() bool { return b.person == nil }

// Chip waits for a document on the reader: the same one again, if it was lifted
// while it was read. It fails with nfc-no-chip if none comes.
func (b *readerBody) Chip(ctx context.Context) (chip.Transceiver, error) {
	if b.card != nil {
		_ = b.card.Close() // it may have gone already
		b.card = nil
	}
	b.screen.Tell("Lay the document on the reader and leave it there.")
	soon, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	card, err := b.wait(soon, b.name)
	if err != nil && soon.Err() != nil && ctx.Err() == nil {
		err = chip.NotFound(err)
	}
	if err != nil {
		return nil, err
	}
	b.screen.Tell("A chip lies on " + card.Reader() + ".")
	b.card = card
	return card, nil
}

// Frames asks for files.
func (b *readerBody) Frames(ctx context.Context, n int) ([][]byte, error) {
	if b.person != nil {
		return b.person.Frames(ctx, n)
	}
	var frames [][]byte
	for i := range n {
		name, err := b.screen.Ask(ctx, fmt.Sprintf("picture-%d", i+1), fmt.Sprintf("File of picture %d of %d that was just taken of you (JPEG)", i+1, n))
		if err != nil {
			return nil, err
		}
		frame, err := picture(name)
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

func picture(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPicture+1))
	if err == nil && len(b) > maxPicture {
		err = fmt.Errorf("%s: more than %d bytes", name, maxPicture)
	}
	return b, err
}
