package quality

import (
	"testing"
	"time"
)

func TestCoach(t *testing.T) {
	steps := []struct {
		at    int // ms
		give  Hint
		want  Hint
		ready bool
	}{
		{0, Closer, Closer, false},
		{100, Dark, Closer, false}, // what is there is read first
		{200, None, Closer, false}, // even when all is well again
		{699, Dark, Closer, false},
		{700, Dark, Dark, false},
		{1399, None, Dark, false},
		{1400, None, None, false},
		{2099, None, None, false},
		{2100, None, None, true},
		{2101, EyesShut, EyesShut, false}, // a fault shows at once
		{2102, None, EyesShut, false},
		{500, None, EyesShut, false}, // a time from the past is no time
		{2802, None, None, false},
		{3502, None, None, true},
	}
	var c Coach
	for _, s := range steps {
		show, ready := c.Next(time.Duration(s.at)*time.Millisecond, s.give)
		if show != s.want || ready != s.ready {
			t.Errorf("at %d ms, %q: shows %q, ready %v; want %q, %v", s.at, s.give, show, ready, s.want, s.ready)
		}
	}
}

// However frames come, a hint that was shown stays for 0.7 s.
func TestCoachNeverFlickers(t *testing.T) {
	var c Coach
	hints := append(Hints(), None)
	shown, since := Hint("-"), time.Duration(0)
	var at time.Duration
	for i := range 2000 {
		at += time.Duration(i*i%97) * time.Millisecond
		show, _ := c.Next(at, hints[(i*i+3*i)%len(hints)])
		if show == shown {
			continue
		}
		if shown != None && shown != "-" && at-since < Hold {
			t.Fatalf("%q stood for %v", shown, at-since)
		}
		shown, since = show, at
	}
}
