package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A letter is tried so often, with a pause that doubles from firstDelay; then it is dead.
const (
	maxTries   = 8
	firstDelay = 5 * time.Second
)

// A Job is a letter that was claimed for sending.
type Job struct {
	otp.Letter
	Tries int // 1 at the first claim; names the lease
}

// Outbox gives the letters that deciders left to whoever sends them.
type Outbox struct{ d *engine.Database }

// Outbox returns the letters that wait.
func (s *Store) Outbox() *Outbox { return &Outbox{s.d} }

// Put leaves a letter that belongs to no other write. When it returns nil, the
// letter is durable.
func (o *Outbox) Put(ctx context.Context, l otp.Letter) error {
	return o.d.Write(ctx, func(t *engine.Tx) error { return post(ctx, t, []otp.Letter{l}) })
}

// Claim returns at most n letters that are due at now, in the order in which
// they were written. Until the lease is over, nobody else gets them; a sender
// that died by then has lost them to the next one. A letter can therefore be
// sent twice, but never not at all: its ID is the idempotency key.
func (o *Outbox) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) (jobs []Job, err error) {
	err = o.d.Write(ctx, func(t *engine.Tx) error {
		rows, err := t.ClaimMailJobs(ctx, db.ClaimMailJobsParams{
			LeaseEnd: engine.Millis(now.Add(lease)), Now: engine.Millis(now), Many: engine.Many(n),
		})
		slices.SortFunc(rows, func(a, b db.MailJob) int { // RETURNING has no order
			return cmp.Or(cmp.Compare(a.MadeAt, b.MadeAt), cmp.Compare(a.ID, b.ID))
		})
		jobs, err = engine.Each("letters", rows, err, func(r db.MailJob) Job {
			return Job{otp.Letter{ID: r.ID, Kind: r.Kind, Sealed: engine.Some(r.Sealed)}, int(r.Tries)}
		})
		return err
	})
	return jobs, err
}

// Done says that a letter was sent. What was sealed in it is deleted.
func (o *Outbox) Done(ctx context.Context, id string) error {
	return o.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.FinishMailJob(ctx, id); err != nil {
			return fmt.Errorf("store: letter: %w", err)
		}
		return nil
	})
}

// Fail says that j could not be sent. It becomes due again after a pause, or is
// dead, and what was sealed in it deleted, if trying again is hopeless or that
// was the last try: dead tells. If the lease has gone to somebody else
// meanwhile, nothing happens.
func (o *Outbox) Fail(ctx context.Context, j Job, now time.Time, hopeless bool) (dead bool, err error) {
	err = o.d.Write(ctx, func(t *engine.Tx) error {
		var n int64
		var err error
		if hopeless || j.Tries >= maxTries {
			n, err = t.GiveUpMailJob(ctx, db.GiveUpMailJobParams{ID: j.ID, Tries: int64(j.Tries)})
			dead = n == 1
		} else {
			pause := firstDelay << max(j.Tries-1, 0)
			_, err = t.DelayMailJob(ctx, db.DelayMailJobParams{
				ID: j.ID, Tries: int64(j.Tries), RunAt: engine.Millis(now.Add(pause)),
			})
		}
		if err != nil {
			return fmt.Errorf("store: letter: %w", err)
		}
		return nil
	})
	return dead && err == nil, err
}

// Waiting counts the letters that are not sent and not dead.
func (o *Outbox) Waiting(ctx context.Context) (int, error) {
	n, err := o.d.Read().CountMailJobs(ctx, "waiting")
	if err != nil {
		return 0, fmt.Errorf("store: letters: %w", err)
	}
	return int(n), nil
}

// post puts letters into the outbox, in the transaction that decided them.
func post(ctx context.Context, t *engine.Tx, letters []otp.Letter) error {
	made := engine.Millis(time.Now()) // only for their order
	for _, l := range letters {
		err := t.AddMailJob(ctx, db.AddMailJobParams{ID: l.ID, Kind: l.Kind, Sealed: engine.Full(l.Sealed), MadeAt: made})
		if err != nil {
			return engine.Added("letter", err)
		}
	}
	return nil
}
