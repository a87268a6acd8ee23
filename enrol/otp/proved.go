package otp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
)

// Whoever is paid for messages to numbers of his own lets registrations send as many
// as the budgets allow, and types none of the codes. Of real people most do. So the
// codes to each country are counted, and those of them that were typed rightly or
// never went out; where too few are, text messages to that country stop, and mail is
// offered, until an hour has passed without them.

// Counts of codes to a country, in slots of ten minutes by the time of sending.
const (
	countSent    = "sms-sent:"
	countSettled = "sms-settled:" // proved, or never went out
	countAlarm   = "sms-alarm:"   // one line for the audit log a slot

	aSlot   = "2006-01-02T15:04"
	slotFor = 10 * time.Minute
	judged  = 6 // slots
)

func slot(at time.Time) string { return at.UTC().Truncate(slotFor).Format(aSlot) }

// counts adds one to a count of the slot of a time; of no country, nothing.
func counts(what, region string, at time.Time) []Spend {
	if region == "" {
		return nil
	}
	return []Spend{{what + region, slot(at), math.MaxInt32}}
}

// settles counts a code that was typed rightly, or did not go out.
func (c Code) settles() []Spend { return counts(countSettled, c.Region, c.SentAt) }

// proving refuses a text message to a country whose codes hardly anybody types. Only
// those count that nobody can type any more. The first one that is refused in a slot
// leaves a line in the audit log.
func (c *Codes) proving(ctx context.Context, s Sheet, to address.Address, now time.Time) error {
	if to.Channel != address.SMS || c.rules.Proved == 0 {
		return nil
	}
	end := now.Add(-c.rules.SMSLife).Truncate(slotFor)
	from, before := slot(end.Add(-judged*slotFor)), slot(end)
	sent, err := c.store.Spent(ctx, countSent+to.Region, from, before)
	if err != nil {
		return fmt.Errorf("otp: counting: %w", err)
	}
	settled, err := c.store.Spent(ctx, countSettled+to.Region, from, before)
	if err != nil {
		return fmt.Errorf("otp: counting: %w", err)
	}
	if sent < c.rules.JudgedFrom || 100*settled >= c.rules.Proved*sent {
		return nil
	}
	line := tunnus.Event{At: now, Kind: "otp.alarm", Subject: s.Session, Detail: map[string]string{
		"country": to.Region, "sent": fmt.Sprint(sent), "proved": fmt.Sprint(settled),
	}}
	err = c.store.Save(ctx, s, []Spend{{countAlarm + to.Region, slot(now), 1}}, nil, []tunnus.Event{line})
	if err != nil && !errors.Is(err, ErrBudget) && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		return fmt.Errorf("otp: writing an alarm: %w", err)
	}
	return noSMS("hardly a code to this country comes back")
}
