package faults

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"

	"github.com/tunnus-id/tunnus/need"
)

// F3: the database dies as in a power cut and comes again, twice, in the middle of a
// registration. The server lives on; the registration ends well, and what was told
// has stayed.
func TestDatabaseRestarts(t *testing.T) {
	if _, err := cluster.Program("postgres"); err != nil {
		need.Missing(t, "PostgreSQL is not installed")
	}
	h, err := built(t).Open(t.Context(), PostgreSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	done := h.register(t, "ben")
	for _, arrow := range []string{"enrol.fact/form", "enrol.fact/register"} {
		h.soon(t, arrow, 1, done)
		h.build.postgres.Crash()
		time.Sleep(time.Second)
		if err := h.build.postgres.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v; %s", err, h.Tail())
		}
	case <-h.ended:
		t.Fatalf("the server ended: %s", h.Tail())
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
}
