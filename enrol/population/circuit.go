package population

import (
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/people"
)

// A circuit leaves a service alone that has failed some times in a row: those who
// wait are told at once, and the service is not pushed while it comes back.
// After the rest one question goes through; its outcome decides for the others.
type circuit struct {
	clock tunnus.Clock
	after int
	rest  time.Duration

	mu       sync.Mutex
	failures int // in a row
	until    time.Time
	probing  bool
}

// enter lets a question through, or fails with [people.ErrDown].
func (c *circuit) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < c.after {
		return nil
	}
	if c.clock.Now().Before(c.until) || c.probing {
		return fmt.Errorf("%w: it is left alone for a while", people.ErrDown)
	}
	c.probing = true
	return nil
}

// leave tells how a question that was let through has ended.
func (c *circuit) leave(well bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
	if well {
		c.failures = 0
		return
	}
	c.failures++
	c.until = c.clock.Now().Add(c.rest)
}

// left ends a question that nobody waited for.
func (c *circuit) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
}
