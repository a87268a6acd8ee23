package serve

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// What is done nightly is done once a night, tried again in an hour, and caught up
// with soon after a start: the process may have been down at night.
func TestNightly(t *testing.T) {
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	now := day.Add(14 * time.Hour)
	done, fails := 0, false
	do := nightly(tunnus.ClockFunc(func() time.Time { return now }), func(context.Context) error {
		done++
		if fails {
			return errors.New("not now")
		}
		return nil
	})
	for _, tt := range []struct {
		at    time.Duration
		fails bool
		want  int // done so far
	}{
		{14 * time.Hour, false, 0},
		{14*time.Hour + catchUp, false, 1},
		{26*time.Hour - time.Second, false, 1},
		{26 * time.Hour, true, 2},
		{26*time.Hour + time.Minute, false, 2},
		{27 * time.Hour, false, 3},
		{28 * time.Hour, false, 3},
		{50 * time.Hour, false, 4},
		{24*5*time.Hour + 26*time.Hour, false, 5},
		{24*5*time.Hour + 26*time.Hour + time.Minute, false, 5},
		{24 * 4000 * time.Hour, false, 6}, // the clock jumps,
		{24 * 7 * time.Hour, false, 7},    // and is right again
		{24*7*time.Hour + time.Hour, false, 7},
		{24*7*time.Hour + 2*time.Hour, false, 8},
	} {
		now, fails = day.Add(tt.at), tt.fails
		if err := do(t.Context()); (err != nil) != tt.fails {
			t.Errorf("at %s: %v", tt.at, err)
		}
		if done != tt.want {
			t.Errorf("at %s: done %d times; want %d", tt.at, done, tt.want)
		}
	}
}
