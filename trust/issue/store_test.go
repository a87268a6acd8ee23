package issue_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// memory is the port in memory, as its contract says.
type memory struct {
	mu     sync.Mutex
	rows   []issue.Row
	events []tunnus.Event

	lost map[string]bool // names of calls that fail before they write
}

var errLost = errors.New("the database is gone")

func (m *memory) Intend(_ context.Context, r issue.Row, ev []tunnus.Event) (issue.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost["Intend"] {
		return issue.Row{}, errLost
	}
	for _, have := range m.rows {
		if have.Request == r.Request {
			return have, nil
		}
	}
	for _, have := range m.rows {
		if have.Serial == r.Serial || bytes.Equal(have.Key, r.Key) {
			return issue.Row{}, tunnus.Conflict(errors.New("serial or key taken"))
		}
	}
	m.rows, m.events = append(m.rows, r), append(m.events, ev...)
	return r, nil
}

func (m *memory) at(serial string) *issue.Row {
	i := slices.IndexFunc(m.rows, func(r issue.Row) bool { return r.Serial == serial })
	if i < 0 {
		return nil
	}
	return &m.rows[i]
}

func (m *memory) Issued(_ context.Context, serial string, cert []byte, at time.Time, ev []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost["Issued"] {
		return errLost
	}
	r := m.at(serial)
	switch {
	case r == nil:
		return tunnus.NotFound(errors.New("no intent"))
	case r.Certificate != nil && !bytes.Equal(r.Certificate, cert):
		return tunnus.Conflict(errors.New("another certificate"))
	case r.Certificate != nil:
		return nil
	}
	r.Certificate, r.Issued = cert, at
	m.events = append(m.events, ev...)
	return nil
}

func (m *memory) Revoke(_ context.Context, serial string, at time.Time, why issue.Reason, ev []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.at(serial)
	if r == nil {
		return tunnus.NotFound(errors.New("no row"))
	}
	if r.Revoked.IsZero() {
		r.Revoked, r.Reason = at, why
		m.events = append(m.events, ev...)
	}
	return nil
}

// Hold implements [issue.Holds].
func (m *memory) Hold(_ context.Context, serial string, at time.Time, ev []tunnus.Event) error {
	return m.suspend(serial, at, ev)
}

// Lift implements [issue.Holds].
func (m *memory) Lift(_ context.Context, serial string, _ time.Time, ev []tunnus.Event) error {
	return m.suspend(serial, time.Time{}, ev)
}

func (m *memory) suspend(serial string, since time.Time, ev []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.at(serial)
	switch {
	case r == nil:
		return tunnus.NotFound(errors.New("no row"))
	case !r.Revoked.IsZero():
		return tunnus.Conflict(errors.New("revoked"))
	case r.Held.IsZero() != since.IsZero():
		r.Held = since
		m.events = append(m.events, ev...)
	}
	return nil
}

func (m *memory) ByAccount(_ context.Context, account string) ([]issue.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []issue.Row
	for _, r := range m.rows {
		if r.Account == account {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Record(_ context.Context, ev []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost["Record"] {
		return errLost
	}
	m.events = append(m.events, ev...)
	return nil
}
