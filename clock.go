package tunnus

import "time"

// A Clock tells the time. It is handed to whoever needs it, so that tests can
// move it: libraries that fake the system's time do not work on Go programs.
type Clock interface {
	Now() time.Time
}

// SystemClock reads the machine's clock, in UTC.
type SystemClock struct{}

// Now implements [Clock].
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// ClockFunc makes a [Clock] of a function.
type ClockFunc func() time.Time

// Now implements [Clock].
func (f ClockFunc) Now() time.Time { return f() }
