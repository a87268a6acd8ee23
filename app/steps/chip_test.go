package steps

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/jpeg"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// A phone reads one passport, and is moved behind as many commands as it is told;
// 0 is never.
type phone struct {
	passport *virtual.Passport
	moved    int
	commands int
	slow     time.Duration // how long each answer takes
	readings int
	lines    int    // how often the code line was asked for
	typed    string // instead of what is printed
}

func (p *phone) CodeLine(context.Context) (string, error) {
	p.lines++
	if p.typed != "" {
		return p.typed, nil
	}
	return p.passport.Zone().String(), nil
}

func (p *phone) Chip(context.Context) (chip.Transceiver, error) {
	p.passport.Reset()
	p.commands = 0
	p.readings++
	return p, nil
}

func (p *phone) Frames(context.Context, int) ([][]byte, error) { return nil, errors.New("no camera") }

func (p *phone) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	if p.commands++; p.commands == p.moved {
		return nil, chip.ErrNoChip
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(p.slow):
	}
	return p.passport.Transceive(ctx, command)
}

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// keyed is a passport, whose chip has keys of its own if ways are given to prove them.
func keyed(t *testing.T, ways ...security.Auth) *virtual.Passport {
	t.Helper()
	c, err := virtual.NewCountry(start)
	if err != nil {
		t.Fatal(err)
	}
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 1200, 1600)), nil); err != nil {
		t.Fatal(err)
	}
	p, err := c.Issue(virtual.Holder{
		Surname: "LOVE", Number: "X1", Birth: start.AddDate(-30, 0, 0), Expiry: start.AddDate(5, 0, 0), Portrait: portrait.Bytes(),
		ChipAuth: ways, AuthGroup: 12,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waiting is a registration whose chip is waited for.
var waiting = wire.Status{Next: wire.StepChip, Challenge: []byte("8 bytes!")}

// A chip, or a server that asks it, is not waited for without end: the holder is told
// that it took too long, and may try again.
func TestReadingThatTakesTooLong(t *testing.T) {
	passport := keyed(t, security.NewAuth(true, apdu.AES128))
	silent := func(ctx context.Context, _ [sha256.Size]byte) (relay.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	cut := func(context.Context, [sha256.Size]byte) (relay.Conn, error) { return nil, errors.New("asked") }
	for name, tt := range map[string]struct {
		slow  time.Duration
		relay func(context.Context, [sha256.Size]byte) (relay.Conn, error)
		want  tunnus.Code
	}{
		"chip that does not answer":   {time.Hour, cut, tunnus.CodeNFCTimeout},
		"chip that is too slow":       {10 * time.Second, cut, tunnus.CodeNFCTimeout},
		"chip as slow as some are":    {time.Second, cut, tunnus.CodeInternal},
		"server that does not answer": {0, silent, tunnus.CodeNFCTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _, _ := at(nil)
			s.Body, s.Relay = &phone{passport: passport, slow: tt.slow}, tt.relay
			began := time.Now()
			_, err := s.chip(t.Context(), waiting)
			if tunnus.CodeOf(err) != tt.want || tt.want == tunnus.CodeNFCTimeout && time.Since(began) != chip.MaxReading {
				t.Errorf("%s: after %v: %v", name, time.Since(began), err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second/2, cancel)
			s.Relay = silent
			if _, err := s.chip(ctx, waiting); !errors.Is(err, context.Canceled) {
				t.Errorf("%s, given up: %v", name, err)
			}
		})
	}
}

// A server that has no seat now is asked again, and again, for as long as others may sit
// there; then the registration ends with what it says.
func TestBusyServerIsAskedAgain(t *testing.T) {
	passport := keyed(t, security.NewAuth(true, apdu.AES128))
	for refusals, readings := range map[int]int{0: 1, 1: 2, 4: 5, 100: maxCuts} {
		synctest.Test(t, func(t *testing.T) {
			s, h, _ := at(nil)
			p, left, through := &phone{passport: passport}, refusals, errors.New("let in")
			s.Body = p
			s.Relay = func(context.Context, [sha256.Size]byte) (relay.Conn, error) {
				if left--; left >= 0 {
					return nil, tunnus.Fail(tunnus.CodeRateLimited, errors.New("no seat"))
				}
				return nil, through
			}
			began := time.Now()
			_, err := s.chip(t.Context(), waiting)
			if p.readings != readings || errors.Is(err, through) != (refusals < maxCuts) || h.shows("The server is busy") != (refusals > 0) {
				t.Errorf("%d refusals: read %d times, %v", refusals, p.readings, err)
			}
			if refusals >= maxCuts && (tunnus.CodeOf(err) != tunnus.CodeRateLimited || time.Since(began) < relay.Life) {
				t.Errorf("%d refusals: given up after %v, %v", refusals, time.Since(began), err)
			}
		})
	}
}

// A typed is a phone without a camera for the page.
type typed struct{ *phone }

func (typed) Typed() bool { return true }

// What somebody has typed is not what was seen: a slip in a name is no forgery.
func TestTypedCodeLineIsNoWitness(t *testing.T) {
	s, _, sent := at(nil, wire.Status{})
	s.Body = typed{&phone{passport: keyed(t)}}
	if _, err := s.chip(t.Context(), waiting); err != nil || (*sent)[0].in.(wire.Chip).Printed != "" {
		t.Errorf("sent %q, %v", (*sent)[0].in.(wire.Chip).Printed, err)
	}
}

// Where the phone was moved while it read, the step that is taken again goes on
// with what it has; the answer to the challenge is that of the new one.
func TestChipIsReadOnWhereItWasLost(t *testing.T) {
	passport := keyed(t)
	s, _, sent := at(nil, wire.Status{}, wire.Status{})
	p := &phone{passport: passport}
	s.Body = p
	status := func(challenge string) wire.Status {
		return wire.Status{Next: wire.StepChip, Challenge: []byte(challenge)}
	}
	step := s.Find(status(""))
	if _, err := step(t.Context(), status("8 bytes!")); err != nil {
		t.Fatal(err)
	}
	whole := p.commands
	p.moved = whole - 2
	if _, err := step(t.Context(), status("8 others")); tunnus.CodeOf(err) != tunnus.CodeNFCLost {
		t.Fatalf("moved: %v", err)
	}
	p.moved = 0
	if _, err := step(t.Context(), status("8 third.")); err != nil || p.commands > whole-2 {
		t.Errorf("%d commands, a whole reading takes %d; %v", p.commands, whole, err)
	}
	first, last := (*sent)[0].in.(wire.Chip), (*sent)[1].in.(wire.Chip)
	if !bytes.Equal(first.SOD, last.SOD) || !bytes.Equal(first.Groups["2"], last.Groups["2"]) || bytes.Equal(first.ActiveAuth, last.ActiveAuth) {
		t.Error("what was sent is another document, or an old answer")
	}
	if s.begun.SOD != nil {
		t.Error("what was read is kept")
	}
	if first.Printed != passport.Zone().String() {
		t.Errorf("the code line that was seen is sent as %q", first.Printed)
	}
}

// The code line is asked for once while its chip is only lost, and again where it may be
// that of another document, or wrong.
func TestCodeLineIsKeptWhileTheChipIsLost(t *testing.T) {
	p := &phone{passport: keyed(t)}
	s, _, _ := at(nil, wire.Status{}, wire.Status{})
	s.Body = p
	for _, tt := range []struct {
		typed string
		moved int
		want  tunnus.Code
		lines int
	}{
		{"", 9, tunnus.CodeNFCLost, 1},
		{"", 1, tunnus.CodeNFCNoChip, 1},
		{"", 0, "", 1},
		{"nothing of a code line", 0, tunnus.CodeMRZTypedBad, 2},
		{"P<UTOLOVE<<ADA<MARIA<<<<<<<<<<<<<<<<<<<<<<<<\nX1234567<7UTO9002144F3201314199002140015<<20", 0, tunnus.CodeNFCAccessDenied, 3},
		{"", 0, "", 4},
	} {
		p.typed, p.moved = tt.typed, tt.moved
		if _, err := s.chip(t.Context(), waiting); tunnus.CodeOf(err) != tt.want || p.lines != tt.lines {
			t.Errorf("%+v: asked %d times, %v", tt, p.lines, err)
		}
	}
}
