package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A puppet is another process of this program, driven over its pipes: it writes
// lines, and where a line says "ask KEY" it gets an answer.
type puppet struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string
	errors *tail
}

// answers gives the answer for a key; what is not in it ends the puppet.
type answers map[string]func(context.Context) (string, error)

// say is the answer that never changes.
func say(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

// startPuppet starts a process whose standard error is kept for a report.
func startPuppet(ctx context.Context, name string, args ...string) (*puppet, error) {
	p := &puppet{cmd: exec.CommandContext(ctx, name, args...), lines: make(chan string, 64), errors: &tail{}}
	p.cmd.Stderr = p.errors
	p.cmd.WaitDelay = 2 * time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.lines)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			p.lines <- s.Text()
		}
	}()
	return p, nil
}

// drive answers until the process ends, and hands each other line to told.
func (p *puppet) drive(ctx context.Context, known answers, told func(line string)) error {
	for line := range p.lines {
		key, asked := strings.CutPrefix(line, "ask ")
		if !asked {
			told(line)
			continue
		}
		answer, ok := known[key]
		if !ok {
			return errors.Join(fmt.Errorf("the app asks for %q, which nobody expected here", key), p.stop())
		}
		text, err := answer(ctx)
		if err != nil {
			return errors.Join(err, p.stop())
		}
		if _, err := io.WriteString(p.in, text+"\n"); err != nil {
			return errors.Join(err, p.stop())
		}
	}
	return p.wait()
}

func (p *puppet) wait() error {
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, p.errors)
	}
	return nil
}

func (p *puppet) stop() error {
	_ = p.cmd.Process.Kill()
	return p.wait()
}

// A tail keeps the last kilobytes that were written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - 8<<10; over > 0 {
		t.b = t.b[over:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.b)) }
