// Package flight keeps a request from being served twice at a time in this process.
// In another process the deciders' own rows see to that.
package flight

import (
	"context"
	"sync"
)

// A flight is one request of one session that is being answered.
type flight struct {
	session string
	counter int64
}

// Flights are the requests that are being answered. The zero value is none.
type Flights struct {
	mu  sync.Mutex
	air map[flight]chan struct{} // closed when it has landed
}

// Board waits until the same request is no longer being served, or ctx ends.
// Whoever boards calls done.
func (f *Flights) Board(ctx context.Context, session string, counter int64) (done func(), err error) {
	me := flight{session, counter}
	for {
		f.mu.Lock()
		before, busy := f.air[me]
		if !busy {
			mine := make(chan struct{})
			if f.air == nil {
				f.air = map[flight]chan struct{}{}
			}
			f.air[me] = mine
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				delete(f.air, me)
				close(mine)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
