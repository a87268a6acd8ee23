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
	}
	if p.front != nil {
		all = append(all, p.front.jobs()...)
	}
	if p.cfg.Roles.Has(config.Keyshare) {
		all = append(all, p.keyshareJobs()...)
	}
	if p.authority != nil {
		all = append(all, p.issueJobs()...)
	}
	return all
}

// The hour of the day, UTC, at which the long jobs begin.
const night = 2

// nightly makes a job that is asked every minute into one that is done once a
// night. One that failed is tried again until the hour is over.
func nightly(clock tunnus.Clock, do func(context.Context) error) func(context.Context) error {
	var done time.Time // the day
	return func(ctx context.Context) error {
		now := clock.Now().UTC()
		today := now.Truncate(24 * time.Hour)
		if now.Hour() != night || today.Equal(done) {
			return nil
		}
		err := do(ctx)
		if err == nil {
			done = today
		}
		return err
	}
}

// background runs what goes on without a request. The channel closes when all
// of it has ended.
func (p *parts) background(ctx context.Context) <-chan struct{} {
	var all sync.WaitGroup
	for _, j := range p.jobs() {
		all.Go(func() { j.run(ctx, p.log.With("job", j.name)) })
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
