package serve

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

// sendMail sends the letters that are due. A letter that could not be sent goes
// back and is tried again later; the person's tries are not touched by that.
func (p *parts) sendMail(ctx context.Context) error {
	jobs, err := p.store.Outbox().Claim(ctx, time.Now(), mailBatch, mailLease)
	if err != nil {
		return err
	}
	var errs []error
	for _, j := range jobs {
		errs = append(errs, p.sendLetter(ctx, j))
	}
	return errors.Join(errs...)
}

func (p *parts) sendLetter(ctx context.Context, j store.Job) error {
	m, err := otp.OpenLetter(p.sealer, j.Letter)
	if late := !m.Expires.IsZero() && time.Now().After(m.Expires); late && err == nil {
		return p.store.Outbox().Done(ctx, j.ID) // a code that is good for nothing any more
	}
	if err == nil {
		var text notify.Message
		if text, err = write(j.Kind, m); err == nil {
			err = p.mail.Send(ctx, text)
		}
	}
	if err == nil {
		return p.store.Outbox().Done(ctx, j.ID)
	}
	refused, said := errors.AsType[*notify.Undelivered](err)
	dead, failed := p.store.Outbox().Fail(ctx, j, time.Now(), said && !refused.Temporary)
	if dead {
		err = fmt.Errorf("a letter was given up: %w", err)
	}
	return errors.Join(err, failed)
}

// write makes the mail of a letter.
func write(kind string, m otp.Message) (notify.Message, error) {
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
	case heldLetter:
		return notify.Notice{To: m.To, Scheme: sender, At: time.Now()}.Held(), nil
	}
	return notify.Message{}, fmt.Errorf("no template for letters of kind %q", kind)
}
