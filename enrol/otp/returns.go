package otp

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// Returns takes back codes whose letters could not be delivered.
type Returns struct {
	Store Store
	Clock tunnus.Clock
}

// Unsent tells that a code could not be delivered: it is dead, and costs neither a
// resend nor waiting. Of a code that somebody tried, or that is not the newest any
// more, nothing changes: it was read, or has been paid for. A session that is gone
// is no error.
func (r Returns) Unsent(ctx context.Context, session, id string) error {
	c := &Codes{store: r.Store, clock: r.Clock}
	s, err := r.Store.Sheet(ctx, session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("otp: reading a sheet: %w", err)
	}
	last := len(s.Codes) - 1
	if s.Over || last < 0 || s.Codes[last].ID != id || s.Codes[last].Tries > 0 || s.Codes[last].Unsent {
		return nil
	}
	now, live := c.now(), &s.Codes[last]
	live.Unsent = true
	if now.Before(live.ExpiresAt) {
		live.ExpiresAt = now
	}
	return c.save(ctx, &s, "otp.unsent", "", now, live.settles()...)
}
