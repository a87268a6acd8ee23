// Package letters keeps the letters that deciders leave: sealed, each in a row of
// its own, with the job that sends it.
//
// A letter is written in the transaction that decides it, and so is its job
// (package jobs), which holds the letter's ID and nothing else. Once a letter is
// sent or given up, what was sealed in it is erased. The package sends nothing.
package letters

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Kind returns the kind of the jobs that send letters by a channel. Each channel
// has a queue of the same name: a slow gateway keeps no mail waiting.
func Kind(by address.Channel) string {
	if by == address.SMS {
		return "letter-sms"
	}
	return "letter-email"
}

// Post leaves letters in a transaction, each with its job.
func Post(ctx context.Context, t *engine.Tx, letters []otp.Letter) error {
	made := engine.Millis(time.Now()) // for their order and age
	for _, l := range letters {
		by := channel(l)
		err := t.AddMailJob(ctx, db.AddMailJobParams{
			ID: l.ID, Kind: l.Kind, Sealed: engine.Full(l.Sealed), MadeAt: made, Channel: string(by),
		})
		if err != nil {
			return engine.Added("letter", err)
		}
		if err := t.Enqueue(ctx, job(l)); err != nil {
			return err
		}
	}
	return nil
}

// channel is how a letter goes out: e-mail, unless it says otherwise.
func channel(l otp.Letter) address.Channel {
	if l.Channel == address.SMS {
		return address.SMS
	}
	return address.Email
}

func job(l otp.Letter) engine.Job {
	kind := Kind(channel(l))
	return engine.Job{Kind: kind, ID: l.ID, Queue: kind}
}

// An Outbox holds the letters of a database.
type Outbox struct{ d *engine.Database }

// New returns the letters of a database.
func New(d *engine.Database) *Outbox { return &Outbox{d} }

// Put leaves a letter that belongs to no other write. When it returns nil, the
// letter is durable.
func (o *Outbox) Put(ctx context.Context, l otp.Letter) error {
	return o.d.Write(ctx, func(t *engine.Tx) error { return Post(ctx, t, []otp.Letter{l}) })
}

// Letter returns a letter that waits. It fails with [tunnus.CodeNotFound] if it
// was sent or given up, or never was.
func (o *Outbox) Letter(ctx context.Context, id string) (otp.Letter, error) {
	r, err := o.d.Read().MailJob(ctx, id)
	if err == nil && r.State != "waiting" {
		return otp.Letter{}, engine.Found("letter that waits", sql.ErrNoRows)
	}
	if err != nil {
		return otp.Letter{}, engine.Found("letter", err)
	}
	return letter(r), nil
}

func letter(r db.MailJob) otp.Letter {
	return otp.Letter{ID: r.ID, Kind: r.Kind, Channel: address.Channel(r.Channel), Sealed: engine.Some(r.Sealed)}
}

// Pending returns letters that wait and were written before, oldest first, at most n.
func (o *Outbox) Pending(ctx context.Context, before time.Time, n int) ([]otp.Letter, error) {
	rows, err := o.d.Read().WaitingMailJobs(ctx, db.WaitingMailJobsParams{MadeAt: engine.Millis(before), Limit: engine.Many(n)})
	return engine.Each("letters", rows, err, letter)
}

// Done says that a letter was sent. What was sealed in it is erased. A second time
// does nothing.
func (o *Outbox) Done(ctx context.Context, id string) error {
	return o.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.FinishMailJob(ctx, id); err != nil {
			return fmt.Errorf("store: letter: %w", err)
		}
		return nil
	})
}

// GiveUp says that a letter cannot be sent, with a code for the reason. What was
// sealed in it is erased. Of one that was sent, nothing changes.
func (o *Outbox) GiveUp(ctx context.Context, id, reason string) error {
	return o.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.GiveUpMailJob(ctx, db.GiveUpMailJobParams{ID: id, Reason: reason}); err != nil {
			return fmt.Errorf("store: letter: %w", err)
		}
		return nil
	})
}

// Adopt gives a job to letters that have waited since before: those of a database
// from before there were jobs, and those whose job died while nobody could put
// them away. It returns how many there were; a letter with a job keeps that one.
func (o *Outbox) Adopt(ctx context.Context, before time.Time) (n int, err error) {
	list, err := o.Pending(ctx, before, 1000)
	if err != nil {
		return 0, err
	}
	for _, l := range list {
		err := o.d.Write(ctx, func(t *engine.Tx) error { return t.Enqueue(ctx, job(l)) })
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Waiting counts the letters that are not sent and not given up.
func (o *Outbox) Waiting(ctx context.Context) (int, error) {
	n, err := o.d.Read().CountWaitingMail(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: letters: %w", err)
	}
	return int(n), nil
}
