package serve

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/cmd/serve/logbook"
)

// A job is done now and then, in the process that owns the rows.
type job struct {
	name  string
	pause time.Duration
	do    func(context.Context) error
}

// jobs are those of all roles of this process.
func (p *parts) jobs() []job {
	all := []job{
		{"log", logbook.FeedEvery, p.book.Feed},
		{"second-place", database.FlushEvery, p.store.Flush},
		{"scrub", 10 * time.Minute, p.store.Database().Scrub},
	}
	if p.front != nil {
		all = append(all, p.front.jobs()...)
	} else {
		all = append(all, job{"retention", time.Minute, nightly(p.clock, p.forget)})
	}
	if p.cfg.Roles.Has(config.Keyshare) {
		all = append(all, p.keyshareJobs()...)
	}
	if p.authority != nil {
		all = append(all, p.issueJobs()...)
	}
	return all
}

const (
	// night is the hour of the day, UTC, at which the long jobs begin.
	night = 2 * time.Hour
	// catchUp is how long after a start a long job is done that a process which
	// was down at night has missed: a process cannot know what another one did.
	catchUp = 15 * time.Minute
	// sulk is the pause after a long job that failed.
	sulk = time.Hour
)

// nightly makes a job that is asked every minute into one that is done once a
// night, and once soon after the start. One that failed is tried again in an hour.
func nightly(clock tunnus.Clock, do func(context.Context) error) func(context.Context) error {
	next := clock.Now().Add(catchUp)
	return func(ctx context.Context) error {
		now := clock.Now()
		if wait := next.Sub(now); 0 < wait && wait <= 24*time.Hour { // more has planned a clock that was ahead
			return nil
		}
		if err := do(ctx); err != nil {
			next = now.Add(sulk)
			return err
		}
		next = now.UTC().Truncate(24 * time.Hour).Add(night)
		if !next.After(now) {
			next = next.Add(24 * time.Hour)
		}
		return nil
	}
}

// background runs what goes on without a request. The channel closes when all
// of it has ended.
func (p *parts) background(ctx context.Context) <-chan struct{} {
	var all sync.WaitGroup
	for _, j := range p.jobs() {
		all.Go(func() { j.run(ctx, p.log.With("job", j.name)) })
	}
	if p.front != nil {
		all.Go(func() { p.front.work(ctx) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	return done
}

// afterFailure is the least pause after a round that failed: some jobs come five
// times a second, and would fill the log with one fault.
const afterFailure = 5 * time.Second

// run does a job until ctx ends; a failure is logged and the next round tries again.
func (j job) run(ctx context.Context, log *slog.Logger) {
	for {
		pause := j.pause
		if err := j.do(ctx); err != nil && ctx.Err() == nil {
			log.Error("a background job failed", "error", err)
			pause = max(pause, afterFailure)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
