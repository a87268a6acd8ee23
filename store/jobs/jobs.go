package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A Job is one thing to do.
type Job struct {
	ID  string // of the row that it is about
	Try int    // 1 for the first
}

// A Kind is a kind of jobs with its handler. What is zero has the default.
type Kind struct {
	Name  string
	Queue string // the same as in [engine.Job]; empty is [engine.DefaultQueue]
	// Do does one job. It must be repeatable and end soon after ctx does. It is
	// tried again if it fails; see also [Hopeless] and [Later].
	Do func(ctx context.Context, j Job) error
	// GivenUp is called when a job dies, with the reason that stands in the list;
	// it may be nil, and may be called twice. If it fails, the job is tried once more.
	GivenUp func(ctx context.Context, id, reason string) error
	Tries   int           // 8
	Timeout time.Duration // of one try; 30 s
	First   time.Duration // pause after the first failure, doubled after each; 5 s
	Longest time.Duration // pause; 1 h
}

// Defaults of a [Kind].
const (
	defaultTries   = 8
	defaultTimeout = 30 * time.Second
	defaultFirst   = 5 * time.Second
	defaultLongest = time.Hour
)

// filled returns the kind with its defaults.
func (k Kind) filled() Kind {
	if k.Queue == "" {
		k.Queue = engine.DefaultQueue
	}
	if k.Tries == 0 {
		k.Tries = defaultTries
	}
	if k.Timeout == 0 {
		k.Timeout = defaultTimeout
	}
	if k.First == 0 {
		k.First = defaultFirst
	}
	if k.Longest == 0 {
		k.Longest = defaultLongest
	}
	return k
}

// pause is how long after a try's failure the next one comes: it doubles, and
// is spread over the upper half, so that what failed together does not come
// back together.
func (k Kind) pause(try int) time.Duration {
	d := k.Longest
	if n := max(try-1, 0); n < 30 && k.First<<n > 0 {
		d = min(k.First<<n, k.Longest)
	}
	return d/2 + rand.N(d/2+1)
}

// hopeless says that trying again cannot help.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Hopeless makes an error after which a job is dead at once.
func Hopeless(err error) error { return hopeless{err} }

// IsHopeless reports whether an error is one of [Hopeless].
func IsHopeless(err error) bool {
	_, ok := errors.AsType[hopeless](err)
	return ok
}

// later asks for another time.
type later struct{ in time.Duration }

func (l later) Error() string { return fmt.Sprintf("again in %v", l.in) }

// Later is returned by a handler that could not do anything yet, for no fault:
// it costs no try.
func Later(in time.Duration) error { return later{max(in, 0)} }

// reason is what the list of dead jobs says: a code, never a text that might quote.
func reason(err error) string {
	if r, ok := errors.AsType[interface {
		error
		Reason() string
	}](err); ok {
		return r.Reason()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return string(tunnus.CodeOf(err))
}

// panicked is a handler that panicked. The value may hold anything and is told nobody.
type panicked struct{ of string }

func (p panicked) Error() string  { return "jobs: the handler panicked with a " + p.of }
func (p panicked) Reason() string { return "panic" }

// A worker does the jobs of one kind, as River calls it.
type worker struct {
	river.WorkerDefaults[engine.JobArgs]
	kind Kind
	log  *slog.Logger
}

// Timeout implements [river.Worker].
func (w *worker) Timeout(*river.Job[engine.JobArgs]) time.Duration { return w.kind.Timeout }

// NextRetry implements [river.Worker].
func (w *worker) NextRetry(j *river.Job[engine.JobArgs]) time.Time {
	return time.Now().Add(w.kind.pause(j.Attempt))
}

// Work implements [river.Worker].
func (w *worker) Work(ctx context.Context, j *river.Job[engine.JobArgs]) error {
	log := w.log.With("kind", w.kind.Name, "job", j.ID, "try", j.Attempt)
	if j.Attempt > w.kind.Tries { // the process died in the last one
		return w.giveUp(ctx, log, j.Args.ID, errors.New("jobs: the last try did not end"))
	}
	err := w.do(ctx, Job{j.Args.ID, j.Attempt})
	if err == nil {
		return nil
	}
	if l, ok := errors.AsType[later](err); ok {
		return river.JobSnooze(l.in)
	}
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return river.JobSnooze(0) // we are stopping: no fault of the job's
	}
	if IsHopeless(err) || j.Attempt >= w.kind.Tries {
		return w.giveUp(ctx, log, j.Args.ID, err)
	}
	log.WarnContext(ctx, "a job failed and will be tried again", "error", err)
	return errors.New(reason(err))
}

// do runs the handler; a panic is a failure.
func (w *worker) do(ctx context.Context, j Job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{fmt.Sprintf("%T", v)}
		}
	}()
	return w.kind.Do(ctx, j)
}

// afterwards bounds what is done once a job has died, whose own time may be over.
const afterwards = 10 * time.Second

// giveUp ends a job that nothing helps.
func (w *worker) giveUp(ctx context.Context, log *slog.Logger, id string, err error) error {
	why := reason(err)
	if w.kind.GivenUp != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
		defer cancel()
		if failed := w.kind.GivenUp(ctx, id, why); failed != nil {
			log.ErrorContext(ctx, "a job that is given up could not be put away", "error", failed)
			return errors.New(reason(failed))
		}
	}
	log.ErrorContext(ctx, "a job was given up", "reason", why, "error", err)
	return river.JobCancel(errors.New(why))
}
