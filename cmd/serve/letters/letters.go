// Package letters sends the letters that wait in the outbox, by mail and to
// phones, in the words of package notify/words. It is what the jobs of letters do.
//
// A letter that could not be sent stays, and is tried again later. One that nothing
// helps, or that came too late, is given up: what was sealed in it is erased, and
// if it held a one-time code, that costs the applicant nothing (otp.Codes.Unsent).
package letters

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/notify/words"
	"github.com/tunnus-id/tunnus/store/jobs"
	"github.com/tunnus-id/tunnus/store/letters"
)

// Scheme is who writes, as letters say it.
const Scheme = "tunnus"

// A Mailer sends mail; a [notify.Mailer] does.
type Mailer interface {
	Send(ctx context.Context, m notify.Message) error
}

// A Sender sends letters.
type Sender struct {
	Outbox *letters.Outbox
	Sealer otp.Sealer
	Words  *words.Writer
	Mail   Mailer
	SMS    sms.Gateway // nil without one
	Codes  otp.Returns // told of codes that were not sent
	Clock  tunnus.Clock
}

// Sending one letter is bounded; a gateway may take half a minute. What warns a holder
// must outlive a day without mail; a code ends with its own time.
const (
	mailTimeout = 30 * time.Second
	smsTimeout  = 45 * time.Second
	tries       = 48 // 28 to 56 hours
	firstPause  = 3 * time.Second
	longest     = 90 * time.Minute
)

// Kinds are the kinds of jobs that send letters.
func (s Sender) Kinds() []jobs.Kind {
	mail, phone := letters.Kind(address.Email), letters.Kind(address.SMS)
	return []jobs.Kind{
		{Name: mail, Queue: mail, Do: s.do, GivenUp: s.givenUp, Tries: tries, Timeout: mailTimeout, First: firstPause, Longest: longest},
		{Name: phone, Queue: phone, Do: s.do, GivenUp: s.givenUp, Tries: tries, Timeout: smsTimeout, First: firstPause, Longest: longest},
	}
}

// errLate and errNoGateway end a letter.
var (
	errLate      = &ended{"too-late"}
	errNoGateway = &ended{"no-sms-gateway"}
)

// ended is why a letter is not sent any more.
type ended struct{ why string }

func (e *ended) Error() string  { return "letters: " + e.why }
func (e *ended) Reason() string { return e.why }

// do sends one letter.
func (s Sender) do(ctx context.Context, j jobs.Job) error {
	l, err := s.Outbox.Letter(ctx, j.ID)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil // sent before, or given up
	}
	if err != nil {
		return err
	}
	m, err := otp.OpenLetter(s.Sealer, l)
	if err != nil {
		return err
	}
	if !m.Expires.IsZero() && !s.Clock.Now().Before(m.Expires) {
		return jobs.Hopeless(errLate)
	}
	if err := s.send(ctx, l, m); err != nil {
		return verdict(err)
	}
	return s.Outbox.Done(ctx, l.ID)
}

// verdict says whether trying again may help.
func verdict(err error) error {
	mail, byMail := errors.AsType[*notify.Undelivered](err)
	phone, byPhone := errors.AsType[*sms.Undelivered](err)
	_, over := errors.AsType[*ended](err)
	if over || byMail && !mail.Temporary || byPhone && !phone.Temporary || tunnus.CodeOf(err) == tunnus.CodeBadRequest {
		return jobs.Hopeless(err)
	}
	return err
}

// send hands a letter to the server or gateway of its channel.
func (s Sender) send(ctx context.Context, l otp.Letter, m otp.Message) error {
	now := s.Clock.Now()
	text, err := s.Words.Write(Letter(l.Kind, m, now))
	if err != nil {
		return jobs.Hopeless(err)
	}
	if m.Channel() == address.Email {
		return s.Mail.Send(ctx, notify.Message{ID: l.ID, To: m.To, Subject: text.Subject, Text: text.Mail})
	}
	if s.SMS == nil {
		return errNoGateway
	}
	out := sms.Message{ID: l.ID, To: m.To, Text: text.SMS}
	if !m.Expires.IsZero() {
		out.Life = m.Expires.Sub(now)
	}
	return s.SMS.Send(ctx, out)
}

// Letter is a message as package words takes it.
func Letter(kind string, m otp.Message, now time.Time) words.Letter {
	l := words.Letter{
		Kind: kind, Language: m.Language, Purpose: m.Purpose, Device: m.Device, Code: m.Code, At: now, About: m.About, Link: m.Link,
	}
	switch {
	case m.Code != "":
		l.Life = m.Expires.Sub(now)
	case !m.Expires.IsZero(): // of an appointment, or until when pictures are asked for
		l.At, l.About = m.Expires, m.Purpose
	case l.About == "":
		l.About = m.Purpose // the number of a case
	}
	return l
}

// givenUp puts away a letter that nothing helps.
func (s Sender) givenUp(ctx context.Context, id, reason string) error {
	l, err := s.Outbox.Letter(ctx, id)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if m, err := otp.OpenLetter(s.Sealer, l); err == nil && m.CodeID != "" {
		if err := s.Codes.Unsent(ctx, m.Session, m.CodeID); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return err
		}
	}
	return s.Outbox.GiveUp(ctx, id, reason)
}
