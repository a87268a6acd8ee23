package route

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/e2e/faults"
)

// somebodyElse is whose portrait the passport has of people whose face never matches.
const somebodyElse = "finn"

// The times at which a document's lock is at its next step, by the ladder of the
// scheme: the second sitting comes when the 24 hours of the first lock are over, the
// third behind the 72 of the second one, and the last behind the grace of 14 days.
var (
	days       = 14*24*time.Hour + time.Hour
	thirdTime  = 73 * time.Hour
	secondTime = 25 * time.Hour
)

// lockedTwice lets somebody be refused in two sittings, some days ago.
func lockedTwice(ctx context.Context, h *faults.House, name string) error {
	return lockedBefore(ctx, h, name, 0)
}

// lockedForGood lets somebody be refused in three, the last of them so long ago that
// its lock is for ever.
func lockedForGood(ctx context.Context, h *faults.House, name string) error {
	err := lockedBefore(ctx, h, name, days)
	if err != nil {
		return err
	}
	return h.Earlier(days, func() error { return turnedAway(ctx, h, name, name+"-third", tunnus.CodeFaceNoMatch) })
}

func lockedBefore(ctx context.Context, h *faults.House, name string, ago time.Duration) error {
	other, err := portrait(somebodyElse)
	if err == nil {
		err = prints(h, name, other)
	}
	if err != nil {
		return err
	}
	for _, sitting := range []struct {
		phone string
		ago   time.Duration
	}{{name + "-first", secondTime + thirdTime}, {name + "-second", thirdTime}} {
		again := func() error { return turnedAway(ctx, h, name, sitting.phone, tunnus.CodeFaceNoMatch) }
		if err := h.Earlier(ago+sitting.ago, again); err != nil {
			return fmt.Errorf("%s: %w", sitting.phone, err)
		}
	}
	return nil
}

// unlike is somebody who tries until the document is locked for the third time.
func unlike(ctx context.Context, h *faults.House, name string) error {
	return turnedAway(ctx, h, name, name, tunnus.CodeFaceNoMatch, tunnus.CodeDocLockPerm)
}

// barred is somebody whose document is locked for ever.
func barred(ctx context.Context, h *faults.House, name string) error {
	return turnedAway(ctx, h, name, name, tunnus.CodeDocLockPerm)
}

// turnedAway lets somebody register who must be refused by one of some codes, and tries
// again as long as the sitting is open.
func turnedAway(ctx context.Context, h *faults.House, name, phone string, codes ...tunnus.Code) error {
	err := h.Goes(ctx, name, phone, wire.Begin{}, func(_ context.Context, p *faults.Holder) {
		p.Again = func(err error) bool {
			open, _ := h.Open(ctx)
			return open && slices.Contains(codes, tunnus.CodeOf(err))
		}
	})
	return told(err, codes...)
}

// told demands that a registration has ended by one of some codes.
func told(err error, codes ...tunnus.Code) error {
	switch {
	case err == nil:
		return errors.New("the registration ended well")
	case !slices.Contains(codes, tunnus.CodeOf(err)):
		return fmt.Errorf("want one of %s: %w", codes, err)
	}
	return nil
}
