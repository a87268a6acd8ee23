package jobs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/tunnus-id/tunnus/store/engine"
)

// Times of River. A poll that finds nothing writes nothing to the disk.
const (
	poll      = 100 * time.Millisecond
	cooldown  = 20 * time.Millisecond
	keepDone  = 26 * time.Hour // longer than any period: see Periodic
	keepDead  = 90 * 24 * time.Hour
	rescue    = time.Minute // after which a job of another crew that died is begun again, if its own time is over
	headstart = 15 * time.Minute
	longest   = 24 * time.Hour // period
)

// A Config says what a crew does.
type Config struct {
	Database *engine.Database
	Kinds    []Kind
	Periodic []Periodic
	Workers  int // at the same time, of each queue; zero is 4
	// Name is that of this crew in each of its runs, and of no other that may run at
	// the same time: what it finds running under its name when it starts, a process
	// was doing that died, and it does that at once. Jobs of other crews that died are
	// begun anew after a minute. Empty: a new name for each crew.
	Name string
	Log  *slog.Logger
}

// A Crew works the jobs of the queues of its kinds. Several crews, in several
// processes, may work one database.
type Crew struct {
	client *river.Client[*sql.Tx]
	name   string
	named  bool          // it was given
	far    time.Duration // ahead lies no job that a right clock has planned
	log    *slog.Logger
}

// New makes a crew, which works once it is started.
func New(c Config) (*Crew, error) {
	workers, queues := river.NewWorkers(), map[string]river.QueueConfig{}
	if c.Workers == 0 {
		c.Workers = 4
	}
	named := map[string]bool{}
	for _, k := range c.Kinds {
		if k = k.filled(); k.Name == "" || k.Do == nil || named[k.Name] || k.Tries >= engine.MostTries {
			return nil, fmt.Errorf("jobs: kind %q: one name, a handler and less than %d tries are needed", k.Name, engine.MostTries)
		}
		named[k.Name] = true
		river.AddWorkerArgs(workers, engine.ArgsOf(k.Name), river.Worker[engine.JobArgs](&worker{kind: k, log: c.Log}))
		queues[k.Queue] = river.QueueConfig{MaxWorkers: c.Workers}
	}
	periodic, err := periodics(c)
	if err != nil {
		return nil, err
	}
	w := &Crew{name: c.Name, named: c.Name != "", far: far(c.Kinds), log: c.Log}
	if !w.named {
		var id [8]byte
		_, _ = rand.Read(id[:]) // never fails (crypto/rand)
		w.name = hex.EncodeToString(id[:])
	}
	w.client, err = river.NewClient(c.Database.Driver(), &river.Config{
		ID: w.name, Logger: c.Log.With("part", "jobs"),
		Workers: workers, Queues: queues, PeriodicJobs: periodic, MaxAttempts: engine.MostTries,
		FetchPollInterval: poll, FetchCooldown: cooldown, PollOnly: true,
		JobTimeout: defaultTimeout, RescueStuckJobsAfter: rescue,
		CompletedJobRetentionPeriod: keepDone, CancelledJobRetentionPeriod: keepDead, DiscardedJobRetentionPeriod: keepDead,
		ReindexerSchedule: river.NeverSchedule(), // the server's own vacuum does it; REINDEX needs rights that we may not have
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return w, nil
}

// Run works until ctx ends, and then for as long as what was begun needs, at
// most the time given; after that it is interrupted, and begun again later.
func (c *Crew) Run(ctx context.Context, farewell time.Duration) error {
	if err := c.inherit(ctx); err != nil { // after a minute they are begun anew anyway
		c.log.ErrorContext(ctx, "what a process was doing that died waits for a minute", "error", err)
	}
	if err := c.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("jobs: starting: %w", err)
	}
	c.watch(ctx)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := c.client.Stop(last); err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := c.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("jobs: stopping: %w", err)
	}
	return nil
}
