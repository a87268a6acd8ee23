package review

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// batch is how many cases one round goes through at a time.
const batch = 50

// wanted is the letter that asks for new pictures.
const wanted = "review-pictures"

// Sweep deletes pictures whose time is over and tells the applicant by letter that new
// ones are needed, and until when; it gives back cases whose reviewer does not come
// back, and lets those lapse that nobody decided. It goes on after a failure, may run on several nodes at a time, and returns how many it changed.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	return s.each(ctx, Stale, func(c *Case, now time.Time) (bool, error) {
		if !now.Before(c.Expires) {
			if err := s.step(c, Lapse); err != nil {
				return false, err
			}
			return true, s.end(ctx, c, tunnus.Event{At: now, Kind: "review.lapse", Subject: c.ID, Code: tunnus.CodeSesTimeout})
		}
		gone := c.Pictures != nil && !now.Before(c.Until)
		left := c.Claimant != "" && !now.Before(c.ClaimedAt.Add(s.rules.Claim))
		if !gone && !left {
			return false, nil
		}
		line := tunnus.Event{At: now, Kind: "review.sweep", Subject: c.ID, Detail: map[string]string{}}
		var letters []otp.Letter
		if gone {
			var err error
			if letters, err = s.letters(*c, wanted, c.Expires); err != nil {
				return false, err
			}
			c.Pictures, line.Detail["pictures"] = nil, "deleted"
		}
		if left {
			if err := s.step(c, Leave); err != nil {
				return false, err
			}
			c.Claimant, c.ClaimedAt, line.Detail["claim"] = "", time.Time{}, "over"
		}
		return true, s.save(ctx, c, letters, line)
	})
}

// each does something with every case of a list, once.
func (s *Service) each(ctx context.Context, which Which, do func(c *Case, now time.Time) (bool, error)) (n int, err error) {
	var errs []error
	for after := ""; ; {
		now := s.now()
		ids, err := s.store.List(ctx, which, now, now.Add(-s.rules.Claim), after, batch)
		if err != nil {
			return n, errors.Join(append(errs, err)...)
		}
		for _, id := range ids {
			after = id
			c, err := s.store.Case(ctx, id)
			done := false
			if err == nil {
				done, err = do(&c, now)
			}
			switch {
			case err == nil && done:
				n++
			case err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict: // else somebody was faster
				errs = append(errs, err)
			}
		}
		if len(ids) < batch || ctx.Err() != nil {
			return n, errors.Join(append(errs, ctx.Err())...)
		}
	}
}
