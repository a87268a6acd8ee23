package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// A Job is something to be done after a transaction, at least once: it is
// durable exactly if the transaction is. Package store/jobs does it.
type Job struct {
	Kind string // the handler's name: letters, digits, "-"
	ID   string // of the row that it is about; a job holds nothing else
	// Queue is whose workers do it; empty is [DefaultQueue].
	Queue string
}

// DefaultQueue is the queue of jobs that name none.
const DefaultQueue = "work"

// MostTries bounds how often any job is begun, crashes counted; kinds have lower bounds of
// their own for what fails.
const MostTries = 50

// JobArgs is what River keeps of a job.
type JobArgs struct {
	ID   string `json:"id"`
	kind string
}

// ArgsOf returns the arguments of a kind, as River registers it.
func ArgsOf(kind string) JobArgs { return JobArgs{kind: kind} }

// Kind implements [river.JobArgs].
func (a JobArgs) Kind() string { return a.kind }

// A queue writes jobs into the tables of River.
type queue struct{ client *river.Client[*sql.Tx] }

func newQueue(on riverdriver.Driver[*sql.Tx]) (*queue, error) {
	c, err := river.NewClient(on, &river.Config{Logger: slog.New(slog.DiscardHandler)}) // one that works nothing says nothing
	return &queue{c}, err
}

// Driver returns the way by which River reaches the database.
func (d *Database) Driver() riverdriver.Driver[*sql.Tx] {
	if d.group != nil {
		return riversqlite.New(d.writer)
	}
	return riverdatabasesql.New(d.writer)
}

// unfinished are the states of jobs beside which no other of the same kind and ID stands.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

// Enqueue leaves a job in the transaction. If one of the same kind and ID waits
// or runs already, that one is enough: whoever wants another one for each change
// of a row puts the row's revision into the ID.
func (t *Tx) Enqueue(ctx context.Context, j Job) error {
	if j.Kind == "" || j.ID == "" {
		return errors.New("store: a job needs a kind and an ID")
	}
	if j.Queue == "" {
		j.Queue = DefaultQueue
	}
	// The statements of a batch end by themselves only: see steady.
	_, err := t.queue.client.InsertTx(context.WithoutCancel(ctx), t.raw, JobArgs{ID: j.ID, kind: j.Kind}, &river.InsertOpts{
		Queue: j.Queue, MaxAttempts: MostTries,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	})
	if err != nil {
		return fmt.Errorf("store: job: %w", err)
	}
	return nil
}

// migrateQueue brings River's tables forward.
func migrateQueue(ctx context.Context, on riverdriver.Driver[*sql.Tx]) error {
	m, err := rivermigrate.New(on, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return fmt.Errorf("tables of jobs: %w", err)
	}
	return nil
}
