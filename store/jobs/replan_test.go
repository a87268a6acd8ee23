package jobs

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/store/engine"
)

// What a clock that was a day ahead has planned is done once a crew starts whose clock
// is right; what waits for as long as a job may wait is left to wait.
func TestPlannedByAClockThatWasAhead(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		w, _ := d.Raw()
		for state, by := range map[string]time.Duration{"scheduled": 24 * time.Hour, "retryable": 25 * time.Hour, "available": 87600 * time.Hour, "patient": headstart} {
			put(t, d, engine.Job{Kind: "note", ID: state})
			in := state
			if in == "patient" {
				in = "scheduled"
			}
			at := time.Now().UTC().Add(by).Format("2006-01-02 15:04:05.000")
			if _, err := w.Exec(`UPDATE river_job SET state = '` + in + `', scheduled_at = '` + at + `' WHERE CAST(args AS text) LIKE '%"` + state + `"%'`); err != nil {
				t.Fatal(err)
			}
		}
		y := newDiary(func(Job) error { return nil })
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "all three", func() bool {
			a, _ := y.seen("scheduled")
			b, _ := y.seen("retryable")
			c, _ := y.seen("available")
			return a == 1 && b == 1 && c == 1
		})
		if n, _ := y.seen("patient"); n != 0 {
			t.Error("a job was done before its time")
		}
	})
}
