package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/store/engine"
)

func moment(s string) time.Time {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPeriods(t *testing.T) {
	night := Periodic{Kind: "note", Every: 24 * time.Hour, At: 2 * time.Hour}
	for now, want := range map[string][2]string{
		"2026-11-22 01:59:59": {"2026-11-21 02:00:00", "2026-11-22 02:00:00"},
		"2026-11-22 02:00:00": {"2026-11-22 02:00:00", "2026-11-23 02:00:00"},
		"2026-11-22 23:00:00": {"2026-11-22 02:00:00", "2026-11-23 02:00:00"},
	} {
		if b, n := night.begin(moment(now)), night.Next(moment(now)); !b.Equal(moment(want[0])) || !n.Equal(moment(want[1])) {
			t.Errorf("%s: begin %v, next %v", now, b, n)
		}
	}
	_, opts := night.job(moment("2026-11-22 02:00:01"), "work")
	if !opts.ScheduledAt.IsZero() {
		t.Errorf("on time, and yet only at %v", opts.ScheduledAt)
	}
	if _, opts = night.job(moment("2026-11-22 09:00:00"), "work"); !opts.ScheduledAt.Equal(moment("2026-11-22 09:15:00")) {
		t.Errorf("made up for at %v", opts.ScheduledAt)
	}
}

// Each period has one job, whoever leads and however often.
func TestOneJobAPeriod(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		p := Periodic{Kind: "note", Every: 24 * time.Hour, At: time.Since(time.Now().UTC().Truncate(24*time.Hour)) - time.Minute}
		id := p.begin(time.Now()).Format(time.RFC3339)
		y := newDiary(func(Job) error { return nil })
		for range 2 {
			c := Config{Database: d, Kinds: []Kind{y.kind("note")}, Periodic: []Periodic{p}}
			t.Run("", func(t *testing.T) {
				work(t, c)
				until(t, "the job of the period", func() bool { n, _ := y.seen(id); return n == 1 })
				var leaders int
				_, r := d.Raw()
				until(t, "a leader", func() bool {
					return r.QueryRowContext(context.Background(), `SELECT count(*) FROM river_leader`).Scan(&leaders) == nil && leaders == 1
				})
				time.Sleep(5 * poll)
				if n, _ := y.seen(id); n != 1 {
					t.Errorf("done %d times", n)
				}
			})
		}
	})
}
