package hall

import (
	"fmt"
	"testing"
	"time"
)

// One caller is slowed by itself; others are not, and time makes it good again.
func TestMeter(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	m := NewMeter(time.Second, 3)
	for i := range 3 {
		if m.Spent("a", now) || !m.Allow("a", now) {
			t.Errorf("call %d is refused", i+1)
		}
	}
	if !m.Spent("a", now) || m.Allow("a", now) {
		t.Error("the fourth call at once is taken")
	}
	if !m.Allow("b", now) {
		t.Error("another caller is refused")
	}
	if !m.Allow("a", now.Add(time.Second)) {
		t.Error("refused though a second has passed")
	}
}

// The memory of a meter is bounded, and who is slowed is not forgotten for it.
func TestMeterForgetsTheQuietOnly(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	m := NewMeter(time.Hour, 1)
	for i := range maxKnown {
		if !m.Allow(fmt.Sprint(i), now) {
			t.Fatalf("caller %d is refused", i)
		}
	}
	if m.Allow("one more", now) || len(m.known) > maxKnown {
		t.Errorf("%d callers are remembered", len(m.known))
	}
	if m.Allow("0", now.Add(time.Minute)) {
		t.Error("a slowed caller was forgotten")
	}
	if !m.Allow("one more", now.Add(2*time.Hour)) {
		t.Error("nobody is forgotten though all are quiet")
	}
}
