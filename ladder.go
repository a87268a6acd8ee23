package tunnus

import "time"

// A Rung is one step of a [Ladder]: so many failures in a row lead to a lock of
// so long, or to one that never ends.
type Rung struct {
	Failures  int
	Lock      time.Duration
	Permanent bool // Lock is not used then
}

// A Ladder says what counted failures lead to. Whoever climbs past the last
// rung starts it again, unless it is permanent.
type Ladder []Rung

// A Standing is where somebody stands on a ladder: the value of a fold over
// failures and successes.
type Standing struct {
	Rung        int // rungs climbed: earlier locks that are not forgotten
	Failures    int // since the last lock or success
	LockedUntil time.Time
	Permanent   bool
}

// Fail returns the standing after one more counted failure at the time given. A
// permanent lock absorbs everything.
func (l Ladder) Fail(s Standing, at time.Time) Standing {
	if s.Permanent || len(l) == 0 {
		return s
	}
	r := l[min(s.Rung, len(l)-1)]
	s.Failures++
	if s.Failures < r.Failures {
		return s
	}
	s.Failures = 0
	s.Rung++
	if r.Permanent {
		s.Permanent = true
		return s
	}
	s.LockedUntil = at.Add(r.Lock)
	return s
}

// Left tells how many more failures the standing allows before the next lock.
func (l Ladder) Left(s Standing) int {
	if s.Permanent || len(l) == 0 {
		return 0
	}
	return l[min(s.Rung, len(l)-1)].Failures - s.Failures
}

// Locked reports whether the standing refuses tries at the time given.
func (s Standing) Locked(at time.Time) bool { return s.Permanent || at.Before(s.LockedUntil) }
