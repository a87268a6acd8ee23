//go:build !faults

package serve

import (
	"net/http"

	"github.com/tunnus-id/tunnus"
)

// machineClock is the machine's.
func machineClock() tunnus.Clock { return tunnus.SystemClock{} }

// breakable lets the fault harness lose answers; in this build nothing does.
func breakable(h http.Handler) http.Handler { return h }
