package term

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// A talk is a screen between two pipes, as a program sees it.
type talk struct {
	*Screen
	t    *testing.T
	in   *os.File // what the program writes
	out  *bufio.Reader
	from *os.File
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, f := range []*os.File{inWrite, inRead, outWrite, outRead} {
			_ = f.Close()
		}
	})
	return &talk{New(inRead, outWrite), t, inWrite, bufio.NewReader(outRead), outRead}
}

func (k *talk) say(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.in, text); err != nil {
		k.t.Fatal(err)
	}
}

// hears checks the next line of the output.
func (k *talk) hears(want string) {
	k.t.Helper()
	if err := k.from.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		k.t.Fatal(err)
	}
	got, err := k.out.ReadString('\n')
	if err != nil || got != want+"\n" {
		k.t.Errorf("line %q, %v; want %q", got, err, want)
	}
}

func TestAskNamesTheKey(t *testing.T) {
	k := newTalk(t)
	k.say("  ADA MARIA \r\n")
	got, err := k.Ask(t.Context(), "given-names", "Given names")
	if err != nil || got != "ADA MARIA" {
		t.Errorf("answer %q, %v", got, err)
	}
	k.hears("ask given-names")
}

// A passphrase may begin or end with a space.
func TestAskSecretKeepsSpaces(t *testing.T) {
	k := newTalk(t)
	k.say(" correct horse \n")
	got, err := k.AskSecret(t.Context(), "passphrase", "Passphrase")
	if err != nil || string(got.Reveal()) != " correct horse " {
		t.Errorf("answer %q, %v", got.Reveal(), err)
	}
}

func TestChoose(t *testing.T) {
	tests := []struct{ name, typed, want string }{
		{"by word", "not me\n", "not me"},
		{"by number", "2\n", "refuse"},
		{"after nonsense", "maybe\n7\n0\n\nconfirm\n", "confirm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newTalk(t)
			k.say(tt.typed)
			got, err := k.Choose(t.Context(), "answer", "Did you ask for this?", []string{"confirm", "refuse", "not me"})
			if err != nil || got != tt.want {
				t.Errorf("chose %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestEndOfInput(t *testing.T) {
	k := newTalk(t)
	k.say("last")
	if err := k.in.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Ask(t.Context(), "a", ""); err != nil || got != "last" {
		t.Errorf("the last line: %q, %v", got, err)
	}
	if got, err := k.Ask(t.Context(), "b", ""); !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "the input ended") {
		t.Errorf("after the end: %q, %v", got, err)
	}
	if _, err := k.AskSecret(t.Context(), "c", ""); !errors.Is(err, io.EOF) {
		t.Errorf("a secret after the end: %v", err)
	}
	if _, err := k.Choose(t.Context(), "d", "", []string{"x"}); !errors.Is(err, io.EOF) {
		t.Errorf("a choice after the end: %v", err)
	}
}

// A program that answers wrongly is told so, and not asked for ever.
func TestChooseGivesUpOnAProgram(t *testing.T) {
	k := newTalk(t)
	k.say(strings.Repeat("maybe\n", 2*maxWrong))
	if got, err := k.Choose(t.Context(), "terms", "Do you accept?", []string{"yes", "no"}); err == nil || !strings.Contains(err.Error(), "terms") {
		t.Errorf("chose %q, %v", got, err)
	}
	k.say("yes\n") // what was left of the wrong answers is still there
	for range maxWrong {
		if got, err := k.Ask(t.Context(), "a", ""); err != nil || got != "maybe" {
			t.Errorf("answer %q, %v", got, err)
		}
	}
}

// An error must not land behind a bar that its step has left.
func TestEndEndsTheBar(t *testing.T) {
	k := newTalk(t)
	k.program = false
	k.Progress("chip", 99, 100)
	k.End()
	k.Tell("end")
	k.hears("\r  chip                         [#######################.]  99%")
	k.hears("end")
	k.End() // nothing is begun
	k.Tell("end")
	k.hears("end")
}

// The rest of a line that is too long must not answer the next question.
func TestTooLongLine(t *testing.T) {
	k := newTalk(t)
	k.say(strings.Repeat("x", 3*maxLine) + "confirm\nsecond\n")
	if got, err := k.Ask(t.Context(), "a", ""); err == nil {
		t.Errorf("a line of %d bytes was taken", len(got))
	}
	if got, err := k.Ask(t.Context(), "b", ""); err != nil || got != "second" {
		t.Errorf("the next answer: %q, %v", got, err)
	}
}

// A program is told that a step is done, and nothing of how far it is.
func TestProgressToAProgram(t *testing.T) {
	k := newTalk(t)
	for i := range 4 {
		k.Progress("chip", i, 3)
	}
	k.Progress("nothing", 0, 0)
	k.Tell("end")
	k.hears("done chip")
	k.hears("end")
}

// A service's text must not speak to the program that drives the app: a line
// "ask pin1" would be answered with a PIN.
func TestTellCannotBeTakenForAQuestion(t *testing.T) {
	for _, text := range []string{"ask pin1", "done face", "Log in\nask pin1", "Log in\r\nask answer", "Log in\x0bask pin1", "x\u2028ask pin1"} {
		k := newTalk(t)
		k.Tell(text)
		k.Tell("end")
		for {
			line, err := k.out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "ask ") || strings.HasPrefix(line, "done ") {
				t.Errorf("%q came as the line %q", text, line)
			}
			if line == "end\n" {
				break
			}
		}
	}
}

// Nor may a text move the cursor and draw over what the app has shown.
func TestTellDrawsOnlyLetters(t *testing.T) {
	k := newTalk(t)
	k.Tell("a\x1b[2Jb\x07c\u202ed\x9be")
	k.hears("a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFDe")
}

func TestAskEndsWithItsContext(t *testing.T) {
	k := newTalk(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := k.Ask(ctx, "a", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

// A question that was given up leaves a reading behind; no line is lost by it.
func TestAnswerAfterAGivenUpQuestion(t *testing.T) {
	k := newTalk(t)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := k.Ask(ctx, "a", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error = %v", err)
	}
	k.say("one\ntwo\n")
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, want := range []string{"one", "two"} {
		if got, err := k.Ask(soon, "b", ""); err != nil || got != want {
			t.Errorf("answer %q, %v; want %q", got, err, want)
		}
	}
}
