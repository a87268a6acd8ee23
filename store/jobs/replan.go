package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	replanEvery = time.Hour
	replanMost  = 1000 // jobs of one round
)

// far is behind every time to which a job of these kinds is ever put off, by a clock
// that is right or a little ahead.
func far(kinds []Kind) time.Duration {
	most := headstart
	for _, k := range kinds {
		most = max(most, k.filled().Longest)
	}
	return 2 * most
}

// replan does now what is planned for later than any right clock would have planned
// it: the machine's clock was ahead then, and nobody waits until that time comes.
func (c *Crew) replan(ctx context.Context) error {
	list, err := c.client.JobList(ctx, river.NewJobListParams().First(replanMost).
		States(rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled).
		OrderBy(river.JobListOrderByScheduledAt, river.SortOrderDesc))
	if err != nil {
		return fmt.Errorf("jobs: what is planned: %w", err)
	}
	latest := time.Now().Add(c.far)
	var errs []error
	n := 0
	for _, j := range list.Jobs {
		if !j.ScheduledAt.After(latest) {
			break
		}
		_, err := c.client.JobRetry(ctx, j.ID)
		if errors.Is(err, river.ErrNotFound) {
			continue
		}
		if errs = append(errs, err); err == nil {
			n++
		}
	}
	if n > 0 {
		c.log.WarnContext(ctx, "jobs were planned by a clock that was ahead, and are done now", "jobs", n)
	}
	return errors.Join(errs...)
}

// watch plans anew at once, and every hour, until ctx ends.
func (c *Crew) watch(ctx context.Context) {
	tick := time.NewTicker(replanEvery)
	defer tick.Stop()
	for {
		if err := c.replan(ctx); err != nil && ctx.Err() == nil {
			c.log.ErrorContext(ctx, "jobs that a wrong clock has planned wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
