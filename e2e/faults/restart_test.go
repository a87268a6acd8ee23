package faults

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
)

// F3: the database dies as in a power cut and comes again, twice, in the middle of a
// registration. The server lives on; the registration ends well, and what was told
// has stayed.
func TestDatabaseRestarts(t *testing.T) {
	needPostgreSQL(t)
	p, err := cluster.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	h := built(t).alone(p).running(t, PostgreSQL)
	done := h.register(t, "ben")
	for _, arrow := range []string{"enrol.fact/form", "enrol.fact/register"} {
		h.soon(t, arrow, 1, done)
		p.Crash()
		time.Sleep(time.Second)
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.outlives(t, done)
}
