package jobs

import (
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/tunnus-id/tunnus/store/engine"
)

// A Periodic is a job that comes round. Each period has one, in all processes
// together, whose ID is the begin of the period (RFC 3339, UTC). One that was
// missed while nobody worked is made up for after the next start, the last only.
type Periodic struct {
	Kind  string        // one of the kinds of the same crew
	Every time.Duration // a minute to a day
	At    time.Duration // after midnight UTC, or after any begin of a period
}

// begin is the begin of the period that t is in.
func (p Periodic) begin(t time.Time) time.Time {
	return t.UTC().Add(-p.At).Truncate(p.Every).Add(p.At)
}

// Next implements [river.PeriodicSchedule].
func (p Periodic) Next(t time.Time) time.Time { return p.begin(t).Add(p.Every) }

// catchUp is how long after the start the job of a period that has begun long ago is done.
func (p Periodic) catchUp() time.Duration { return min(p.Every/10, headstart) }

// job makes the job of the period that now is in.
func (p Periodic) job(now time.Time, queue string) (river.JobArgs, *river.InsertOpts) {
	begin := p.begin(now)
	args := engine.ArgsOf(p.Kind)
	args.ID = begin.Format(time.RFC3339)
	opts := &river.InsertOpts{
		Queue: queue, MaxAttempts: engine.MostTries,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: rivertype.JobStates()},
	}
	if now.Sub(begin) > p.catchUp() {
		opts.ScheduledAt = now.Add(p.catchUp())
	}
	return args, opts
}

func periodics(c Config) ([]*river.PeriodicJob, error) {
	var out []*river.PeriodicJob
	for _, p := range c.Periodic {
		i := slices.IndexFunc(c.Kinds, func(k Kind) bool { return k.Name == p.Kind })
		if i < 0 || p.Every < time.Minute || p.Every > longest {
			return nil, fmt.Errorf("jobs: %q every %v: a kind of this crew and a minute to a day are needed", p.Kind, p.Every)
		}
		queue := c.Kinds[i].filled().Queue
		out = append(out, river.NewPeriodicJob(p, func() (river.JobArgs, *river.InsertOpts) {
			return p.job(time.Now(), queue)
		}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	return out, nil
}
