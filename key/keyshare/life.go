package keyshare

import (
	"context"
	"time"
)

// Suspend blocks a key until [Service.Resume]; the reason is a word of the
// system. A key that is held or has ended stays so.
func (s *Service) Suspend(ctx context.Context, keyID, reason string) error {
	return s.closer.Suspend(ctx, keyID, reason)
}

// Resume lifts what [Service.Suspend] did, and nothing else.
func (s *Service) Resume(ctx context.Context, keyID string) error { return s.closer.Resume(ctx, keyID) }

// Revoke ends a key for ever; the reason is a word of the system. A key that is
// held keeps the reason of that. [Service.Settle] tells of it, so that the
// account is closed if the caller does not see to that. Again, it does nothing.
func (s *Service) Revoke(ctx context.Context, keyID, reason string) error {
	return s.closer.Revoke(ctx, keyID, reason)
}

// Settle ends the keys whose time has come, and tells whose account has to be
// seen to, until [Service.Done]: see [closing.Closer.Settle]. Call it until it
// returns nothing; notices returned beside an error are good.
func (s *Service) Settle(ctx context.Context) ([]Notice, error) { return s.closer.Settle(ctx) }

// Done says that what a notice asks for has been done, durably.
func (s *Service) Done(ctx context.Context, n Notice) error { return s.closer.Done(ctx, n) }

// FillPool makes server halves until the pool holds n, or ctx ends. It takes a
// good part of a second of CPU for each; call it in the background.
func (s *Service) FillPool(ctx context.Context, n int) error { return s.keeper.FillPool(ctx, n) }

// AuditModuli searches all moduli ever made for two that share a factor, and ends
// the keys concerned ([ReasonFactor]): see [moduli.Keeper.AuditModuli]. Run it
// every night (K10).
func (s *Service) AuditModuli(ctx context.Context) (seen, hits int, err error) {
	return s.keeper.AuditModuli(ctx)
}

// DeclareRestore says that the store was restored from a copy, just now: until
// the time given, at most 90 days ahead, phones may show one-time values newer
// than ours (K1). It empties the pool, whose halves may have been given away
// since. Call it before the server opens, after [Service.Reapply] of all that the
// second place has.
func (s *Service) DeclareRestore(ctx context.Context, until time.Time) error {
	return s.restorer.Declare(ctx, until)
}

// Reapply merges what the second place has of a key into the store
// ([restore.Merge]). It may be run again.
func (s *Service) Reapply(ctx context.Context, c Copy) error { return s.restorer.Reapply(ctx, c) }
