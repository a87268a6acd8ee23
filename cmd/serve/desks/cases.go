package desks

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/staff/support"
)

// A Log is the audit log, by subject.
type Log interface {
	Events(ctx context.Context, subject string) ([]tunnus.Event, error)
}

// Cases finds what the log has of a reference number.
type Cases struct{ Log Log }

var _ support.Cases = Cases{}

// Events implements [support.Cases]: from the number of a sitting it follows to the
// lines of that sitting.
func (c Cases) Events(ctx context.Context, reference string) ([]tunnus.Event, error) {
	events, err := c.Log.Events(ctx, reference)
	if err != nil || len(events) == 0 || events[0].Kind != sitting.KindStart {
		return events, err
	}
	own, err := c.Log.Events(ctx, events[0].Detail["session"])
	return append(events, own...), err
}
