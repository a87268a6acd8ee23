//go:build !faults

package engine

import (
	"context"

	"github.com/tunnus-id/tunnus"
)

// A trap and marks are what a build for the fault harness dies by (fault_on.go).
// In this one they are nothing.
type (
	trap  struct{}
	marks struct{}
)

func (*trap) set() {}

func (*marks) note(tunnus.Event) {}

func (trap) before(marks) {}

func (trap) after(context.Context, marks) {}
