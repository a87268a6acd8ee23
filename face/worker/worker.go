// Package worker judges faces in a process of its own: this program, started
// again with limits of memory and time.
//
// What a hostile picture can take over there sees one job and ends with the
// answer. On Linux it opens no file and no socket any more when it reads the
// job; it is the same user as the server, and no stronger wall than that stands
// yet. Package face does the judging; who may ask, and what the answer means, is
// not known here.
package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/judge"
)

// Limits of one judgement in its own process.
const (
	memory = 512 << 20        // bytes of data
	life   = 60 * time.Second // a machine without AVX2 needs about 10
	atOnce = 2
)

// Faces judges each comparison and each capture in a new process, at most two at a
// time. It implements proofs.Faces and proofs.Films.
type Faces struct {
	command string
	args    []string
	slots   *semaphore.Weighted
}

// New makes it of the command that ends in [Run].
func New(command string, args ...string) *Faces {
	return &Faces{command, args, semaphore.NewWeighted(atOnce)}
}

// Compare compares a document's portrait with live frames, JPEG. It fails as
// [face.Compare] does for pictures that cannot be judged; anything else
// is a fault of ours.
func (f *Faces) Compare(ctx context.Context, portrait []byte, frames [][]byte) (face.Result, error) {
	done, err := f.do(ctx, judge.Task{Pictures: &face.Job{Portrait: portrait, Frames: frames}})
	if err != nil {
		return face.Result{}, err
	}
	return done.Pictures.Outcome()
}

// Judge judges a capture. Whatever it fails with is a fault of ours.
func (f *Faces) Judge(ctx context.Context, j judge.Job) (judge.Report, error) {
	done, err := f.do(ctx, judge.Task{Capture: &j})
	if err != nil {
		return judge.Report{}, err
	}
	return *done.Capture, nil
}

// do has a new process do a task.
func (f *Faces) do(ctx context.Context, t judge.Task) (judge.Done, error) {
	var job bytes.Buffer
	if err := t.Write(&job); err != nil {
		return judge.Done{}, err
	}
	if err := f.slots.Acquire(ctx, 1); err != nil {
		return judge.Done{}, err
	}
	defer f.slots.Release(1)
	ctx, stop := context.WithTimeout(ctx, life)
	defer stop()
	cmd := exec.CommandContext(ctx, f.command, f.args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Env = &job, &limited{&out, maxAnswer}, []string{}
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return judge.Done{}, fmt.Errorf("the face worker ended: %w", errors.Join(err, ctx.Err()))
	}
	return judge.ReadDone(&out, t)
}

const maxAnswer = 128 << 10

// limited refuses more than n bytes: a worker that was taken over must not fill our memory.
type limited struct {
	to *bytes.Buffer
	n  int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.n -= len(p); l.n < 0 {
		return 0, errors.New("the worker says too much")
	}
	return l.to.Write(p)
}

// Run is the worker's side: it gives up what it does not need, does one task from
// in, and writes the answer to out. Open makes the engines, for which there is so
// much more memory than the built-in one needs, in bytes.
func Run(in io.Reader, out io.Writer, more uint64, open func() (judge.Engines, error)) error {
	if err := confine(memory+more, life); err != nil {
		return err
	}
	debug.SetMemoryLimit(int64(memory/2 + more))
	engines, err := open()
	if err != nil {
		return err
	}
	// All that is ours to open is open; the job is the first thing from outside.
	if err := seal(); err != nil {
		return err
	}
	task, err := judge.ReadTask(in)
	if err != nil {
		return err
	}
	done, err := engines.Do(task)
	if err != nil {
		return err
	}
	return done.Write(out)
}
