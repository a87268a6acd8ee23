//go:build faults

package serve

import (
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/fault"
)

// machineClock is the machine's, shifted as the fault harness says.
func machineClock() tunnus.Clock { return fault.Clock() }

// breakable lets the process die with an answer that was worked out.
func breakable(h http.Handler) http.Handler { return fault.Handler(h) }
