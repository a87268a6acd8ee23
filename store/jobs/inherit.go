package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// inheritance bounds how many jobs one process can have been doing when it died.
const inheritance = 1000

// inherit puts back what is running under the name of this crew, before it has begun
// anything: a process was doing it that is no more. The try counts.
func (c *Crew) inherit(ctx context.Context) error {
	if !c.named {
		return nil
	}
	list, err := c.client.JobList(ctx, river.NewJobListParams().First(inheritance).States(rivertype.JobStateRunning))
	if err != nil {
		return fmt.Errorf("jobs: what is running: %w", err)
	}
	var p riverdriver.JobRescueManyParams
	now := time.Now().UTC()
	for _, j := range list.Jobs {
		if n := len(j.AttemptedBy); n == 0 || j.AttemptedBy[n-1] != c.name || j.Attempt >= j.MaxAttempts {
			continue
		}
		why, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: j.Attempt, Error: "died"})
		if err != nil {
			return err
		}
		p.ID, p.Error, p.FinalizedAt = append(p.ID, j.ID), append(p.Error, why), append(p.FinalizedAt, nil)
		p.ScheduledAt, p.State = append(p.ScheduledAt, now), append(p.State, string(rivertype.JobStateAvailable))
	}
	if len(p.ID) == 0 {
		return nil
	}
	if _, err := c.client.Driver().GetExecutor().JobRescueMany(ctx, &p); err != nil {
		return fmt.Errorf("jobs: putting back: %w", err)
	}
	return nil
}
