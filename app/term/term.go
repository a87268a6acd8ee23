// Package term shows the app in a terminal: lines of text, progress of long
// steps, PINs without echo.
//
// Where no terminal is attached it speaks to a program instead: each question
// is one line "ask KEY" on the output, each answer one line on the input. That
// is how the demonstration and the tests drive the real app from outside.
package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/tunnus-id/tunnus"
)

// A Screen implements app.Screen on a terminal or on pipes.
type Screen struct {
	in      *bufio.Reader
	out     io.Writer
	fd      int
	program bool // no terminal: speak to a program

	mu  sync.Mutex
	bar string // step whose progress stands on the last line
}

// maxLine bounds what is read for one answer, in bytes.
const maxLine = 4 << 10

// New returns a screen on a pair of files, such as os.Stdin and os.Stdout.
func New(in, out *os.File) *Screen {
	return &Screen{
		in: bufio.NewReaderSize(in, maxLine), out: out, fd: int(in.Fd()), program: !term.IsTerminal(int(in.Fd())),
	}
}

// Tell shows one line.
func (s *Screen) Tell(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBar()
	fmt.Fprintln(s.out, text)
}

// Progress draws a bar that grows in place, and a tick at its end; a program is
// only told the end: "done STEP".
func (s *Screen) Progress(step string, done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if total <= 0 {
		return
	}
	if done >= total {
		s.tick(step)
		return
	}
	if s.program {
		return
	}
	if s.bar != "" && s.bar != step {
		s.endBar()
	}
	const width = 24
	n := min(width, width*done/total)
	fmt.Fprintf(s.out, "\r  %-28s [%s%s] %3d%%", step, strings.Repeat("#", n), strings.Repeat(".", width-n), min(100, 100*done/total))
	s.bar = step
}

func (s *Screen) tick(step string) {
	if s.program {
		fmt.Fprintln(s.out, "done "+step)
		return
	}
	if s.bar == step {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.bar = ""
	}
	s.endBar()
	fmt.Fprintln(s.out, "  ✓ "+step)
}

func (s *Screen) endBar() {
	if s.bar != "" {
		fmt.Fprintln(s.out)
		s.bar = ""
	}
}

// Ask asks for one value.
func (s *Screen) Ask(ctx context.Context, key, text string) (string, error) {
	s.prompt(key, text)
	return s.line(ctx)
}

// AskSecret asks without echo.
func (s *Screen) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s.prompt(key, text)
	if s.program {
		l, err := s.line(ctx)
		return tunnus.NewSecret([]byte(l)), err
	}
	b, err := s.hidden(ctx)
	fmt.Fprintln(s.out)
	return tunnus.NewSecret(b), err
}

// Choose asks for one of several answers, by number or by word.
func (s *Screen) Choose(ctx context.Context, key, text string, answers []string) (string, error) {
	for {
		s.Tell(text)
		for i, a := range answers {
			s.Tell(fmt.Sprintf("  %d  %s", i+1, a))
		}
		got, err := s.Ask(ctx, key, "Number")
		if err != nil {
			return "", err
		}
		if slices.Contains(answers, got) {
			return got, nil
		}
		for i, a := range answers {
			if got == fmt.Sprint(i+1) {
				return a, nil
			}
		}
		s.Tell("Please type one of the numbers.")
	}
}

func (s *Screen) prompt(key, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBar()
	if s.program {
		fmt.Fprintf(s.out, "ask %s\n", key)
		return
	}
	fmt.Fprintf(s.out, "%s: ", text)
}

// line reads one answer. Reading cannot be interrupted, so an ended context
// leaves the reading behind and returns.
func (s *Screen) line(ctx context.Context) (string, error) {
	return await(ctx, func() (string, error) {
		b, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return "", errors.New("term: that line is too long")
		}
		if err != nil && !(errors.Is(err, io.EOF) && len(b) > 0) {
			return "", err
		}
		return strings.TrimSpace(string(b)), nil
	})
}

func (s *Screen) hidden(ctx context.Context) ([]byte, error) {
	before, err := term.GetState(s.fd)
	if err != nil {
		return nil, err
	}
	b, err := await(ctx, func() ([]byte, error) { return term.ReadPassword(s.fd) })
	if ctx.Err() != nil {
		return nil, errors.Join(err, term.Restore(s.fd, before))
	}
	return b, err
}

func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	got := make(chan answer, 1)
	go func() {
		v, err := read()
		got <- answer{v, err}
	}()
	select {
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	case a := <-got:
		return a.v, a.err
	}
}
