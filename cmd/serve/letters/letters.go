// Package letters sends what waits in the outbox, in the words of package notify.
package letters

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/notice"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/store"
)

// A batch is sent one by one and well within its lease: past it, another sender
// would take the letters too.
const (
	mailBatch = 2
	mailLease = time.Minute
	sender    = "tunnus" // who writes, as mails say it
)

// Held is the kind of the letter about an account that was copied.
const Held = "account-held"

// A Sender sends the letters of an outbox.
type Sender struct {
	Outbox *store.Outbox
	Sealer otp.Sealer
	Mail   *notify.Mailer
}

// Send sends the letters that are due. A letter that could not be sent goes
// back and is tried again later; the person's tries are not touched by that.
func (p Sender) Send(ctx context.Context) error {
	jobs, err := p.Outbox.Claim(ctx, time.Now(), mailBatch, mailLease)
	if err != nil {
		return err
	}
	var errs []error
	for _, j := range jobs {
		errs = append(errs, p.one(ctx, j))
	}
	return errors.Join(errs...)
}

func (p Sender) one(ctx context.Context, j store.Job) error {
	m, err := otp.OpenLetter(p.Sealer, j.Letter)
	if late := !m.Expires.IsZero() && time.Now().After(m.Expires); late && err == nil {
		return p.Outbox.Done(ctx, j.ID) // a code that is good for nothing any more
	}
	if err == nil {
		var text notify.Message
		if text, err = Write(j.Kind, m); err == nil {
			err = p.Mail.Send(ctx, text)
		}
	}
	if err == nil {
		return p.Outbox.Done(ctx, j.ID)
	}
	refused, said := errors.AsType[*notify.Undelivered](err)
	dead, failed := p.Outbox.Fail(ctx, j, time.Now(), said && !refused.Temporary)
	if dead {
		err = fmt.Errorf("a letter was given up: %w", err)
	}
	return errors.Join(err, failed)
}

// Write makes the mail of a letter.
func Write(kind string, m otp.Message) (notify.Message, error) {
	switch kind {
	case "otp":
		return notify.CodeMail{
			To: m.To, Scheme: sender, Purpose: "to make " + m.Purpose, Device: m.Device,
			Code: tunnus.NewSecret([]byte(m.Code)), Life: time.Until(m.Expires).Round(time.Minute),
		}.Message(), nil
	case notice.Started:
		return notify.Notice{To: m.To, Scheme: sender, Device: m.Device, At: time.Now()}.Started(), nil
	case notice.Active, notice.New:
		return notify.Notice{To: m.To, Scheme: sender, Device: m.Device, At: time.Now()}.Active(), nil
	case Held:
		return notify.Notice{To: m.To, Scheme: sender, At: time.Now()}.Held(), nil
	}
	return notify.Message{}, fmt.Errorf("no template for letters of kind %q", kind)
}
