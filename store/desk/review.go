package desk

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/letters"
)

var _ review.Store = (*Reviews)(nil)

// Reviews implements [review.Store].
type Reviews struct{ d *engine.Database }

// NewReviews returns the cases of a database.
func NewReviews(d *engine.Database) *Reviews { return &Reviews{d} }

// Case implements [review.Store].
func (s *Reviews) Case(ctx context.Context, id string) (review.Case, error) {
	r, err := s.d.Read().ReviewCase(ctx, id)
	if err != nil {
		return review.Case{}, engine.Found("case", err)
	}
	return toCase(r), nil
}

// Of implements [review.Store].
func (s *Reviews) Of(ctx context.Context, session string) (review.Case, error) {
	r, err := s.d.Read().ReviewCaseOf(ctx, session)
	if err != nil {
		return review.Case{}, engine.Found("case", err)
	}
	return toCase(r), nil
}

// List implements [review.Store].
func (s *Reviews) List(ctx context.Context, which review.Which, now, claimed time.Time, after string, limit int) ([]string, error) {
	parked := int64(-1)
	if after != "" {
		last, err := s.Case(ctx, after)
		if err != nil {
			return nil, err
		}
		parked = engine.Millis(last.ParkedAt)
	}
	if which == review.Stale {
		ids, err := s.d.Read().StaleReviewCases(ctx, db.StaleReviewCasesParams{
			Now: engine.Millis(now), Claimed: engine.Millis(claimed), Parked: parked, After: after, Many: engine.Many(limit),
		})
		return engine.Each("cases", ids, err, same)
	}
	ids, err := s.d.Read().WaitingReviewCases(ctx, db.WaitingReviewCasesParams{Parked: parked, After: after, Many: engine.Many(limit)})
	return engine.Each("cases", ids, err, same)
}

// Save implements [review.Store].
func (s *Reviews) Save(ctx context.Context, c review.Case, mail []otp.Letter, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		p := fromCase(c)
		if c.Rev == 0 {
			p.Rev = 1
			if err := engine.Added("case", t.AddReviewCase(ctx, db.AddReviewCaseParams(p))); err != nil {
				return err
			}
		} else {
			n, err := t.SaveReviewCase(ctx, p)
			if err := engine.Swapped("case", n, err); err != nil {
				return err
			}
		}
		if err := letters.Post(ctx, t, mail); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

func fromCase(c review.Case) db.SaveReviewCaseParams {
	return db.SaveReviewCaseParams{
		ID: c.ID, Rev: c.Rev, Session: c.Session, Kind: string(c.Kind), State: string(c.State), Mark: c.Mark,
		Claimant: c.Claimant, ClaimedAt: engine.Millis(c.ClaimedAt), First: c.First, Second: c.Second, Reason: string(c.Reason),
		Folder: engine.Full(c.Folder), Pictures: engine.Full(c.Pictures), Contact: engine.Full(c.Contact),
		PicturesUntil: engine.Millis(c.Until), ParkedAt: engine.Millis(c.ParkedAt), Expires: engine.Millis(c.Expires), EndedAt: engine.Millis(c.EndedAt),
	}
}

func toCase(r db.ReviewCase) review.Case {
	return review.Case{
		ID: r.ID, Session: r.Session, Kind: review.Kind(r.Kind), State: review.State(r.State), Mark: r.Mark,
		Claimant: r.Claimant, ClaimedAt: engine.Moment(r.ClaimedAt), First: r.First, Second: r.Second, Reason: review.Reason(r.Reason),
		Folder: engine.Some(r.Folder), Pictures: engine.Some(r.Pictures), Contact: engine.Some(r.Contact),
		Until: engine.Moment(r.PicturesUntil), ParkedAt: engine.Moment(r.ParkedAt), Expires: engine.Moment(r.Expires), EndedAt: engine.Moment(r.EndedAt),
		Rev: r.Rev,
	}
}
