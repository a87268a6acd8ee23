//go:build faults

package engine

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/fault"
)

// A trap kills the process at an arrow, on both engines.
type trap struct{ *fault.Trap }

// marks are the arrows of one transaction.
type marks struct{ arrows []string }

func (t *trap) set() { t.Trap = fault.Set() }

func (m *marks) note(e tunnus.Event) { m.arrows = append(m.arrows, fault.Arrow(e)) }

// before is called for each transaction that a COMMIT is about to make durable.
func (t trap) before(m marks) { t.Before(m.arrows) }

// after is called once it is durable, for each transaction with the context of its caller.
func (t trap) after(ctx context.Context, m marks) { t.After(ctx, m.arrows) }
