package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A Corpse is a job that was given up.
type Corpse struct {
	Number int64 // by which it is put back
	Kind   string
	ID     string // of the row that it was about
	Reason string // a code
	Tries  int
	At     time.Time
}

// Put leaves a job that belongs to no other write. When it returns nil, the job
// is durable.
func Put(ctx context.Context, d *engine.Database, jobs ...engine.Job) error {
	return d.Write(ctx, func(t *engine.Tx) error {
		for _, j := range jobs {
			if err := t.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// idle makes a client that works nothing.
func idle(d *engine.Database) (*river.Client[*sql.Tx], error) {
	return river.NewClient(d.Driver(), &river.Config{Logger: slog.New(slog.DiscardHandler)})
}

// Dead lists the jobs that were given up, newest first, at most n.
func Dead(ctx context.Context, d *engine.Database, n int) ([]Corpse, error) {
	c, err := idle(d)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	list, err := c.JobList(ctx, river.NewJobListParams().First(max(1, min(n, 1000))).
		States(rivertype.JobStateCancelled, rivertype.JobStateDiscarded).
		OrderBy(river.JobListOrderByTime, river.SortOrderDesc))
	if err != nil {
		return nil, fmt.Errorf("jobs: dead: %w", err)
	}
	out := make([]Corpse, 0, len(list.Jobs))
	for _, j := range list.Jobs {
		out = append(out, corpse(j))
	}
	return out, nil
}

func corpse(j *rivertype.JobRow) Corpse {
	c := Corpse{Number: j.ID, Kind: j.Kind, Tries: j.Attempt}
	var args engine.JobArgs
	if json.Unmarshal(j.EncodedArgs, &args) == nil {
		c.ID = args.ID
	}
	if n := len(j.Errors); n > 0 {
		c.Reason = strings.TrimPrefix(j.Errors[n-1].Error, "JobCancelError: ")
	}
	if j.FinalizedAt != nil {
		c.At = j.FinalizedAt.UTC()
	}
	return c
}

// Again puts a dead job back, with all its tries. It fails with
// [tunnus.CodeNotFound] if there is none of that number, and with
// [tunnus.CodeStateConflict] if that one is not dead, or another one of the same
// kind and ID waits. Whether what it is about is still there is for its handler
// to see.
func Again(ctx context.Context, d *engine.Database, number int64) error {
	c, err := idle(d)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	j, err := c.JobGet(ctx, number)
	if errors.Is(err, river.ErrNotFound) {
		return tunnus.NotFound(errors.New("jobs: no such job"))
	}
	if err != nil {
		return fmt.Errorf("jobs: again: %w", err)
	}
	if j.State != rivertype.JobStateCancelled && j.State != rivertype.JobStateDiscarded {
		return tunnus.Conflict(fmt.Errorf("jobs: %d is %s", number, j.State))
	}
	err = d.Write(ctx, func(t *engine.Tx) error {
		return t.Enqueue(ctx, engine.Job{Kind: j.Kind, ID: corpse(j).ID, Queue: j.Queue})
	})
	if err != nil {
		return err
	}
	if _, err := c.JobDelete(ctx, number); err != nil && !errors.Is(err, river.ErrNotFound) {
		return fmt.Errorf("jobs: again: %w", err)
	}
	return nil
}
