package trust

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/status"
)

var (
	_ issue.Holds   = (*Certificates)(nil)
	_ status.Source = (*Statuses)(nil)
	_ status.Shelf  = (*Statuses)(nil)
)

// keptLists is how many revocation lists of an issuer are kept.
const keptLists = 3

// Hold implements [issue.Holds].
func (c *Certificates) Hold(ctx context.Context, serial string, at time.Time, events []tunnus.Event) error {
	return c.suspend(ctx, serial, true, at, events, func(t *engine.Tx, at int64) (int64, error) {
		return t.HoldCertificate(ctx, db.HoldCertificateParams{Serial: serial, Held: at})
	})
}

// Lift implements [issue.Holds].
func (c *Certificates) Lift(ctx context.Context, serial string, at time.Time, events []tunnus.Event) error {
	return c.suspend(ctx, serial, false, at, events, func(t *engine.Tx, at int64) (int64, error) {
		return t.LiftCertificate(ctx, db.LiftCertificateParams{Serial: serial, Changed: at})
	})
}

// suspend sets or clears a suspension, unless it is so already. A time is no
// earlier than that of the change before, whatever clocks say, for copies are
// told apart by it: an older state would stay in the second place.
func (c *Certificates) suspend(
	ctx context.Context, serial string, held bool, at time.Time, events []tunnus.Event, set func(t *engine.Tx, at int64) (int64, error),
) error {
	return c.d.Write(ctx, func(t *engine.Tx) error {
		r, err := t.Certificate(ctx, serial)
		switch {
		case err != nil:
			return engine.Found("certificate", err)
		case r.Revoked != 0:
			return tunnus.Conflict(errors.New("store: certificate: it is revoked"))
		case held == (r.Held != 0):
			return copies.CertificateOf(ctx, t, serial) // maybe the second place was away then
		}
		n, err := set(t, max(engine.Millis(at), 1+max(r.Intent, r.Issued, r.Changed)))
		if err != nil || n != 1 {
			return engine.Swapped("certificate", n, err)
		}
		if err := copies.CertificateOf(ctx, t, serial); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Statuses implements [status.Source] and [status.Shelf].
type Statuses struct{ d *engine.Database }

// NewStatuses returns what is known of certificates, and the revocation lists.
func NewStatuses(d *engine.Database) *Statuses { return &Statuses{d} }

// Standing implements [status.Source].
func (s *Statuses) Standing(ctx context.Context, serial string) (status.Standing, error) {
	r, err := s.d.Read().Standing(ctx, serial)
	if err != nil {
		return status.Standing{}, engine.Found("certificate", err)
	}
	return toStanding(r), nil
}

// Mark implements [status.Shelf].
func (s *Statuses) Mark(ctx context.Context) (status.Mark, error) {
	n, err := s.d.Read().CountBadCertificates(ctx)
	if err != nil {
		return status.Mark{}, fmt.Errorf("store: certificates: %w", err)
	}
	newest, err := s.d.Read().NewestChange(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return status.Mark{}, fmt.Errorf("store: certificates: %w", err)
	}
	return status.Mark{Count: n, Newest: engine.Moment(newest)}, nil
}

// Bad implements [status.Shelf].
func (s *Statuses) Bad(ctx context.Context, ends time.Time, after string, limit int) ([]status.Standing, error) {
	rows, err := s.d.Read().BadCertificates(ctx, db.BadCertificatesParams{Ends: engine.Millis(ends), After: after, Most: engine.Many(limit)})
	return engine.Each("certificates", rows, err, func(r db.BadCertificatesRow) status.Standing { return toStanding(db.StandingRow(r)) })
}

// Latest implements [status.Shelf].
func (s *Statuses) Latest(ctx context.Context, issuer string) (status.List, error) {
	r, err := s.d.Read().LatestRevocationList(ctx, issuer)
	if errors.Is(err, sql.ErrNoRows) {
		return status.List{}, nil
	}
	if err != nil {
		return status.List{}, fmt.Errorf("store: revocation list: %w", err)
	}
	return status.List{
		Issuer: r.Issuer, Number: r.Number, Made: engine.Moment(r.Made), Next: engine.Moment(r.Next),
		Mark: status.Mark{Count: r.Count, Newest: engine.Moment(r.Newest)}, DER: r.Der,
	}, nil
}

// Publish implements [status.Shelf].
func (s *Statuses) Publish(ctx context.Context, l status.List, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		last, err := t.LatestRevocationList(ctx, l.Issuer)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: revocation list: %w", err)
		}
		if l.Number != last.Number+1 { // last is zero if there is none
			return tunnus.Conflict(errors.New("store: revocation list: not the next number"))
		}
		n, err := t.AddRevocationList(ctx, db.AddRevocationListParams{
			Issuer: l.Issuer, Number: l.Number, Made: engine.Millis(l.Made), Next: engine.Millis(l.Next),
			Count: l.Mark.Count, Newest: engine.Millis(l.Mark.Newest), Der: engine.Full(l.DER),
		})
		if err != nil || n != 1 {
			return engine.Swapped("revocation list", n, err)
		}
		err = t.DropRevocationLists(ctx, db.DropRevocationListsParams{Issuer: l.Issuer, Number: l.Number - keptLists + 1})
		if err != nil {
			return fmt.Errorf("store: revocation list: %w", err)
		}
		return t.Events(ctx, events)
	})
}

func toStanding(r db.StandingRow) status.Standing {
	return status.Standing{
		Serial: r.Serial, Certificate: engine.Some(r.Certificate), Held: engine.Moment(r.Held),
		Revoked: engine.Moment(r.Revoked), Reason: pki.Reason(r.Reason),
	}
}
