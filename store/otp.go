package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	outbox "github.com/tunnus-id/tunnus/store/letters"
)

var _ otp.Store = (*Codes)(nil)

// Codes implements [otp.Store].
type Codes struct{ d *engine.Database }

// Codes returns the one-time codes.
func (s *Store) Codes() *Codes { return &Codes{s.d} }

// Sheet implements [otp.Store].
func (c *Codes) Sheet(ctx context.Context, session string) (otp.Sheet, error) {
	r, err := c.d.Read().OTPSheet(ctx, session)
	if err != nil {
		return otp.Sheet{}, engine.Found("sheet of codes", err)
	}
	return sheet(r)
}

// Save implements [otp.Store].
func (c *Codes) Save(ctx context.Context, v otp.Sheet, spends []otp.Spend, letters []otp.Letter, events []tunnus.Event) error {
	codes, err := json.Marshal(v.Codes)
	if err != nil {
		return fmt.Errorf("store: sheet of codes: %w", err)
	}
	var sent int64
	for _, code := range v.Codes {
		sent = max(sent, engine.Millis(code.SentAt))
	}
	return c.d.Write(ctx, func(t *engine.Tx) error {
		err := saveSheet(ctx, t, v, codes, sent)
		for _, s := range spends {
			if err == nil {
				err = spend(ctx, t, s)
			}
		}
		if err != nil {
			return err
		}
		if err := outbox.Post(ctx, t, letters); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

func saveSheet(ctx context.Context, t *engine.Tx, v otp.Sheet, codes []byte, sent int64) error {
	if v.Rev == 0 {
		return engine.Added("sheet of codes", t.AddOTPSheet(ctx, db.AddOTPSheetParams{
			Session: v.Session, Owner: v.Owner, Contact: v.Contact, Codes: codes, IsOver: v.Over, SentAt: sent,
		}))
	}
	n, err := t.SaveOTPSheet(ctx, db.SaveOTPSheetParams{
		Session: v.Session, Rev: v.Rev, Owner: v.Owner, Contact: v.Contact, Codes: codes, IsOver: v.Over, SentAt: sent,
	})
	return engine.Swapped("sheet of codes", n, err)
}

func spend(ctx context.Context, t *engine.Tx, s otp.Spend) error {
	if s.Max <= 0 {
		return &otp.Exhausted{Spend: s}
	}
	n, err := t.SpendOTP(ctx, db.SpendOTPParams{Key: s.Key, Day: s.Day, Most: int64(s.Max)})
	if err != nil {
		return fmt.Errorf("store: budget: %w", err)
	}
	if n == 0 {
		return &otp.Exhausted{Spend: s}
	}
	return nil
}

// Spent implements [otp.Store].
func (c *Codes) Spent(ctx context.Context, key, from, before string) (int, error) {
	n, err := c.d.Read().SpentOTP(ctx, db.SpentOTPParams{Key: key, Since: from, Before: before})
	if err != nil {
		return 0, fmt.Errorf("store: budget: %w", err)
	}
	return int(n), nil
}

// Others implements [otp.Store].
func (c *Codes) Others(ctx context.Context, session, owner, contact string) ([]otp.Sheet, error) {
	rows, err := c.d.Read().OtherOTPSheets(ctx, db.OtherOTPSheetsParams{Session: session, Owner: owner, Contact: contact})
	return engine.Parsed("sheets of codes", rows, err, sheet)
}

func sheet(r db.OtpSheet) (otp.Sheet, error) {
	v := otp.Sheet{Session: r.Session, Owner: r.Owner, Contact: r.Contact, Over: r.IsOver, Rev: r.Rev}
	if err := json.Unmarshal(r.Codes, &v.Codes); err != nil {
		return otp.Sheet{}, fmt.Errorf("store: sheet of codes: %w", err)
	}
	return v, nil
}
