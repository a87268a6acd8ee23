package quality

import "time"

// Hold is how long a hint stays before another takes its place: long enough to be
// read, or read out.
const Hold = 700 * time.Millisecond

// A Coach chooses what is said while frames come in. The zero one has said nothing
// yet. Times are those of the frames, from any beginning; one that goes backwards
// is taken for no time at all.
type Coach struct {
	said  Hint
	since time.Duration // when said began, or good began
	last  time.Duration // the latest time seen
	begun bool
}

// Next takes the hint of the frame at a time and returns the one to show: the one
// that is there until it has stood for [Hold], then the newest, or [None]. Ready
// tells that nothing has been wrong for as long: a capture may begin.
func (c *Coach) Next(at time.Duration, h Hint) (show Hint, ready bool) {
	at = max(at, c.last)
	c.last = at
	switch {
	case !c.begun:
		c.said, c.since, c.begun = h, at, true
	case h == c.said:
	case c.said == None, at-c.since >= Hold:
		c.said, c.since = h, at
	}
	return c.said, c.said == None && h == None && at-c.since >= Hold
}
