// Package term shows the app in a terminal: lines of text, progress of long
// steps, PINs without echo.
//
// Where no terminal is attached it speaks to a program instead: each question
// is one line "ask KEY" on the output, each answer one line on the input. That
// is how the demonstration and the tests drive the real app from outside.
package term

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"

	"github.com/tunnus-id/tunnus"
)

// A Screen implements app.Screen on a terminal or on pipes.
type Screen struct {
	in      *bufio.Reader
	out     io.Writer
	fd      int
	program bool // no terminal: speak to a program

	mu      sync.Mutex
	bar     string      // step whose progress stands on the last line
	reading chan answer // of a reading that nobody waits for any more, else nil
}

// An answer is what was read for one question.
type answer struct {
	b   []byte
	err error
}

// maxLine bounds what is read for one answer, in bytes.
const maxLine = 4 << 10

// maxWrong is how many answers of a program to one choice may be none of those
// offered: a person looks again, a program would go on for ever.
const maxWrong = 5

// ended is the end of the input, in words for a person; it is an [io.EOF].
type ended struct{}

func (ended) Error() string { return "the input ended before this was answered" }
func (ended) Unwrap() error { return io.EOF }

// New returns a screen on a pair of files, such as os.Stdin and os.Stdout.
func New(in, out *os.File) *Screen {
	return &Screen{
		in: bufio.NewReaderSize(in, maxLine), out: out, fd: int(in.Fd()), program: !term.IsTerminal(int(in.Fd())),
	}
}

// Tell shows one line. What could move the cursor, begin another line, or pass for
// a question to a program is made harmless: texts come from services and servers.
func (s *Screen) Tell(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBar()
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, text)
	if s.program && (strings.HasPrefix(text, "ask ") || strings.HasPrefix(text, "done ")) {
		text = " " + text
	}
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

// End ends a line that was begun: a bar, should its step have failed. What others
// write to the same terminal then begins on a line of its own.
func (s *Screen) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBar()
}

// Ask asks for one value.
func (s *Screen) Ask(ctx context.Context, key, text string) (string, error) {
	s.prompt(key, text)
	b, err := s.await(ctx, s.line)
	if err != nil && !s.program {
		s.Tell("") // the question still stands on this line
	}
	return strings.TrimSpace(string(b)), err
}

// AskSecret asks without echo. Spaces belong to the secret.
func (s *Screen) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s.prompt(key, text)
	if s.program {
		b, err := s.await(ctx, s.line)
		return tunnus.NewSecret(b), err
	}
	before, err := term.GetState(s.fd)
	if err != nil {
		return tunnus.Secret{}, err
	}
	b, err := s.await(ctx, func() ([]byte, error) { return term.ReadPassword(s.fd) })
	if ctx.Err() != nil {
		err = errors.Join(err, term.Restore(s.fd, before))
	}
	s.Tell("") // nobody saw the end of the line that was typed
	return tunnus.NewSecret(b), err
}

// Choose asks for one of several answers, by number or by word.
func (s *Screen) Choose(ctx context.Context, key, text string, answers []string) (string, error) {
	for wrong := 1; ; wrong++ {
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
		if s.program && wrong == maxWrong {
			return "", fmt.Errorf("term: %d answers to %q that were not offered", wrong, key)
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

// line reads one answer, without the end of its line. Of a line that is too long
// nothing is left for the next question, and of no line in the buffer.
func (s *Screen) line() ([]byte, error) {
	b, err := s.in.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		clear(b)
		b, err = s.in.ReadSlice('\n')
	}
	defer clear(b)
	switch {
	case long:
		return nil, errors.New("term: that line is too long")
	case err != nil && !(errors.Is(err, io.EOF) && len(b) > 0):
		return nil, err
	}
	return bytes.Clone(bytes.TrimRight(b, "\r\n")), nil
}

// await reads an answer. Reading cannot be interrupted: if ctx ends, the reading
// stays behind, and what it reads answers the next question.
func (s *Screen) await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	s.mu.Lock()
	got := s.reading
	if s.reading = nil; got == nil {
		got = make(chan answer, 1)
		go func() {
			b, err := read()
			got <- answer{b, err}
		}()
	}
	s.mu.Unlock()
	select {
	case a := <-got:
		if errors.Is(a.err, io.EOF) {
			a.err = ended{}
		}
		return a.b, a.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reading = got
		return nil, ctx.Err()
	}
}
