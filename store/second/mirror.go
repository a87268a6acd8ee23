package second

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// patience is how long a write to the second place may take: the person waits
// for it, and nothing else bounds it.
const patience = 5 * time.Second

// most is how many copies the mirror owes at most before it stops taking more
// into memory. What it refuses then is found again by a restore, or at the next
// start: it is in the database.
const most = 100_000

// A Mirror writes copies to the second place: those of all who ask at the same
// time in one transaction. It is safe for use by many goroutines.
type Mirror struct {
	to interface {
		put(ctx context.Context, copies []Copy) error
	}

	mu      sync.Mutex
	owed    map[name]Copy // what is not written yet, by what it is a copy of
	waiting []chan error  // who waits for that
	running bool
}

type name struct{ kind, id string }

// NewMirror makes a mirror of a place.
func NewMirror(p *Place) *Mirror { return &Mirror{to: p, owed: map[name]Copy{}} }

// errFull says that the second place was away for too long.
var errFull = errors.New("second: too many copies are owed")

// Write writes copies, and returns nil once they are durable, together with all
// that is still owed from earlier failures. After an error they are owed.
func (m *Mirror) Write(copies []Copy) error {
	if len(copies) == 0 {
		return nil
	}
	done := make(chan error, 1)
	m.mu.Lock()
	for _, c := range copies {
		if err := m.owe(c); err != nil {
			m.mu.Unlock()
			return err
		}
	}
	m.waiting = append(m.waiting, done)
	if !m.running {
		m.running = true
		go m.run()
	}
	m.mu.Unlock()
	return <-done
}

// owe notes a copy, unless a newer one of the same thing is noted already.
func (m *Mirror) owe(c Copy) error {
	if c.Kind == "" || c.ID == "" || c.Rev < 1 {
		return fmt.Errorf("second: a copy without kind, id or revision: %q %q %d", c.Kind, c.ID, c.Rev)
	}
	n := name{c.Kind, c.ID}
	old, ok := m.owed[n]
	switch {
	case ok && old.Rev >= c.Rev:
		return nil
	case !ok && len(m.owed) >= most:
		return errFull
	}
	m.owed[n] = c
	return nil
}

// run writes what is owed until nobody waits.
func (m *Mirror) run() {
	for {
		m.mu.Lock()
		waiting := m.waiting
		m.waiting = nil
		if m.running = len(waiting) > 0; !m.running {
			m.mu.Unlock()
			return
		}
		copies := make([]Copy, 0, len(m.owed))
		for _, c := range m.owed {
			copies = append(copies, c)
		}
		m.mu.Unlock()
		err := m.put(copies)
		for _, done := range waiting {
			done <- err
		}
	}
}

// portion is how many copies are written in one transaction.
const portion = 2000

// put writes copies, and takes those that are durable off what is owed.
func (m *Mirror) put(copies []Copy) error {
	slices.SortFunc(copies, func(a, b Copy) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	for part := range slices.Chunk(copies, portion) {
		if err := m.putPart(part); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mirror) putPart(copies []Copy) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.to.put(ctx, copies); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range copies {
		if n := (name{c.Kind, c.ID}); m.owed[n].Rev == c.Rev {
			delete(m.owed, n)
		}
	}
	return nil
}

// Owed tells how many copies are not written yet: 0 but while the second place
// is away.
func (m *Mirror) Owed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.owed)
}

// Flush writes what is owed, if anything is. Call it now and then: else what is
// owed waits for the next one who writes.
func (m *Mirror) Flush() error {
	m.mu.Lock()
	if len(m.owed) == 0 {
		m.mu.Unlock()
		return nil
	}
	done := make(chan error, 1)
	m.waiting = append(m.waiting, done)
	if !m.running {
		m.running = true
		go m.run()
	}
	m.mu.Unlock()
	return <-done
}
