// Package hall lets few in at a time, to what costs much and is asked for by anybody;
// some more wait before it.
package hall

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
)

// Busy is the refusal of whoever comes too often, or while too much is under way.
func Busy(why string) error { return tunnus.Fail(tunnus.CodeRateLimited, errors.New("hall: "+why)) }

// A Hall has few seats, and a queue of a bounded length before it.
type Hall struct{ seats, queue chan struct{} }

// New makes a hall.
func New(seats, queue int) Hall {
	return Hall{make(chan struct{}, seats), make(chan struct{}, queue)}
}

// Enter takes a seat and returns how to leave it. It waits for one so long at most;
// false if none is free by then, or if too many wait already.
func (h Hall) Enter(ctx context.Context, patience time.Duration) (leave func(), ok bool) {
	leave = func() { <-h.seats }
	select {
	case h.seats <- struct{}{}:
		return leave, true
	default:
	}
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, false
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case h.seats <- struct{}{}:
		return leave, true
	case <-limit.C:
	case <-ctx.Done():
	}
	return nil, false
}

// Halls are one for each caller, for as long as somebody is in it or before it.
type Halls struct {
	seats, queue int

	mu    sync.Mutex
	known map[string]*shared
}

// shared is a hall with the number of those who are in it or before it.
type shared struct {
	Hall

	people int
}

// Each makes halls of that size.
func Each(seats, queue int) *Halls {
	return &Halls{seats: seats, queue: queue, known: map[string]*shared{}}
}

// Enter takes a seat in the hall of a caller, as [Hall.Enter] does.
func (h *Halls) Enter(ctx context.Context, who string, patience time.Duration) (leave func(), ok bool) {
	h.mu.Lock()
	own := h.known[who]
	if own == nil {
		own = &shared{Hall: New(h.seats, h.queue)}
		h.known[who] = own
	}
	own.people++
	h.mu.Unlock()
	gone := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if own.people--; own.people == 0 {
			delete(h.known, who)
		}
	}
	up, ok := own.Enter(ctx, patience)
	if !ok {
		gone()
		return nil, false
	}
	return func() { up(); gone() }, true
}
