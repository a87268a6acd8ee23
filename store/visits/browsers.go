package visits

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Browsers keeps the sessions of browsers: sealed content under the hash of a token.
type Browsers struct{ d *engine.Database }

// NewBrowsers returns the sessions of browsers of a database.
func NewBrowsers(d *engine.Database) *Browsers { return &Browsers{d} }

// Find returns what is stored for a token's hash, unless it ended before now.
func (s *Browsers) Find(ctx context.Context, hash string, now time.Time) (sealed []byte, found bool, err error) {
	b, err := s.d.Read().PortalSession(ctx, db.PortalSessionParams{Token: hash, Expires: engine.Millis(now)})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("store: session of a browser: %w", err)
	}
	return b, true, nil
}

// Put writes a session, in the place of what there is of this token.
func (s *Browsers) Put(ctx context.Context, hash string, sealed []byte, expires time.Time) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.PutPortalSession(ctx, db.PutPortalSessionParams{Token: hash, Sealed: sealed, Expires: engine.Millis(expires)}); err != nil {
			return fmt.Errorf("store: session of a browser: %w", err)
		}
		return nil
	})
}

// Drop deletes a session, if there is one.
func (s *Browsers) Drop(ctx context.Context, hash string) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.DropPortalSession(ctx, hash); err != nil {
			return fmt.Errorf("store: session of a browser: %w", err)
		}
		return nil
	})
}

// What follows is how a rotation of keys goes through what is sealed.

// SealedVisits lists the records at card_visit.payload.
func SealedVisits(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedCardVisit(ctx, db.SealedCardVisitParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedCardVisitRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealVisit writes a record at card_visit.payload.
func ResealVisit(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealCardVisit(ctx, db.ResealCardVisitParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedRecords lists the records at card_visit.record.
func SealedRecords(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedCardRecord(ctx, db.SealedCardRecordParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedCardRecordRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealRecord writes a record at card_visit.record.
func ResealRecord(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealCardRecord(ctx, db.ResealCardRecordParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedSlips lists the records at card_slip.phone.
func SealedSlips(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedCardSlip(ctx, db.SealedCardSlipParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedCardSlipRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealSlip writes a record at card_slip.phone.
func ResealSlip(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealCardSlip(ctx, db.ResealCardSlipParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedBrowsers lists the records at portal_session.sealed.
func SealedBrowsers(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedPortalSession(ctx, db.SealedPortalSessionParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedPortalSessionRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealBrowser writes a record at portal_session.sealed.
func ResealBrowser(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealPortalSession(ctx, db.ResealPortalSessionParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed})
}
