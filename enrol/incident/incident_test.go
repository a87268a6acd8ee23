package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

const day = 24 * time.Hour

// memory is every store of the tests.
type memory struct {
	incidents map[string]Incident
	books     map[lock.Key][]lock.Entry
	events    []tunnus.Event
}

func (m *memory) Incident(_ context.Context, id string) (Incident, error) {
	i, ok := m.incidents[id]
	if !ok {
		return i, tunnus.NotFound(errors.New("none"))
	}
	return i, nil
}

func (m *memory) Incidents(context.Context, int) (all []Incident, err error) {
	for _, i := range m.incidents {
		all = append(all, i)
	}
	return all, nil
}

func (m *memory) SaveIncident(_ context.Context, i Incident, events []tunnus.Event) error {
	if m.incidents[i.ID].Rev != i.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	i.Rev++
	m.incidents[i.ID] = i
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Touched(_ context.Context, release string, from, until time.Time, after lock.Key, _ int) (keys []lock.Key, err error) {
	for k, entries := range m.books {
		if k > after && slices.ContainsFunc(entries, func(e lock.Entry) bool { return e.Release == release && !e.At.Before(from) && e.At.Before(until) }) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (m *memory) Entries(_ context.Context, key lock.Key) ([]lock.Entry, error) {
	return slices.Clone(m.books[key]), nil
}

func (m *memory) Append(_ context.Context, key lock.Key, _ int, e lock.Entry, _ []tunnus.Event) error {
	m.books[key] = append(m.books[key], e)
	return nil
}

type world struct {
	*Service
	*memory
	now     time.Time
	ledger  *lock.Ledger
	pending []lock.Key
}

// fresh is a world in which two documents stand at the last step by failures of
// release 1.2, and a third one has one failure.
func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{memory: &memory{incidents: map[string]Incident{}, books: map[lock.Key][]lock.Entry{}}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	clock := tunnus.ClockFunc(func() time.Time { return w.now })
	rules := lock.Rules{
		Phase: lock.Judgement, Release: "1.2", Ladder: tunnus.Ladder{{Failures: 2, Permanent: true}}, Forget: 365 * day, Grace: 14 * day, Life: time.Hour,
	}
	w.ledger = lock.New(w.memory, rules, tunnus.NewSecret([]byte("k")), clock)
	for n, failures := range []int{2, 2, 1} {
		key := w.ledger.DocumentKey("XX", "P", fmt.Sprint(n), "300101")
		if failures == 2 {
			w.pending = append(w.pending, key)
		}
		for i := range failures {
			if _, err := w.ledger.Charge(t.Context(), key, fmt.Sprint(i), false); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ledger.Close(t.Context(), key, fmt.Sprint(i), lock.Failed, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.now = w.now.Add(time.Hour)
	w.Service = New(w.memory, w.ledger, 14*day, clock)
	return w
}

func (w *world) open(t *testing.T, a staff.Actor) Incident {
	t.Helper()
	i, err := w.Open(t.Context(), a, "1.2", w.now.Add(-2*time.Hour), w.now, "OPS-17")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (w *world) locked(t *testing.T) (n int) {
	t.Helper()
	for _, k := range w.pending {
		if w.ledger.Check(t.Context(), k) != nil {
			n++
		}
	}
	return n
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v); want %q", what, got, err, want)
	}
}

func TestStates(t *testing.T) {
	want := map[State]string{Opened: "S.L", Seconded: ".A.", Applied: "...", Lapsed: "..."}
	letter := map[State]string{Seconded: "S", Applied: "A", Lapsed: "L"}
	for _, s := range States() {
		got := ""
		for _, e := range Events() {
			if to, err := s.After(e); err != nil {
				got += "."
			} else {
				got += letter[to]
			}
		}
		if got != want[s] {
			t.Errorf("%s: %s; want %s", s, got, want[s])
		}
	}
}

func TestL3IncidentNeedsFourEyes(t *testing.T) {
	w := fresh(t)
	op, sup := stafftest.Actor(t, "op-1", nil, staff.Operator), stafftest.Actor(t, "sup-1", nil, staff.Supervisor)
	i := w.open(t, op)
	if err := w.Run(t.Context()); err != nil || w.locked(t) != 2 {
		t.Fatalf("one member was enough: %d locked, %v", w.locked(t), err)
	}
	_, err := w.Second(t.Context(), op, i.ID)
	wantCode(t, "the same member twice", err, tunnus.CodeStaffFourEyes)
	_, err = w.Second(t.Context(), stafftest.Actor(t, "ag-1", nil, staff.Agent, staff.Officer, staff.Reviewer), i.ID)
	wantCode(t, "an agent", err, tunnus.CodeStaffNoRight)
	if _, err := w.Second(t.Context(), sup, i.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Run(t.Context()); err != nil || w.locked(t) != 0 {
			t.Errorf("after two members: %d locked, %v", w.locked(t), err)
		}
	}
	if got := w.incidents[i.ID]; got.State != Applied || got.Spared != 2 || got.Opened != "op-1" || got.Seconded != "sup-1" {
		t.Errorf("incident %+v", got)
	}
	if n := len(w.books[w.ledger.DocumentKey("XX", "P", "2", "300101")]); n != 2 {
		t.Errorf("a ledger that was not pending has %d entries", n)
	}
	_, err = w.Second(t.Context(), sup, i.ID)
	wantCode(t, "Second of an applied one", err, tunnus.CodeStateConflict)
}

func TestL3IncidentIsAWindowWithinTheGrace(t *testing.T) {
	w := fresh(t)
	op := stafftest.Actor(t, "op-1", nil, staff.Operator)
	for name, try := range map[string]func() (Incident, error){
		"no release": func() (Incident, error) { return w.Open(t.Context(), op, "", w.now.Add(-day), w.now, "C") },
		"no case":    func() (Incident, error) { return w.Open(t.Context(), op, "1.2", w.now.Add(-day), w.now, "") },
		"ahead":      func() (Incident, error) { return w.Open(t.Context(), op, "1.2", w.now.Add(-day), w.now.Add(day), "C") },
		"backwards":  func() (Incident, error) { return w.Open(t.Context(), op, "1.2", w.now, w.now.Add(-day), "C") },
		"too long": func() (Incident, error) {
			return w.Open(t.Context(), op, "1.2", w.now.Add(-14*day-time.Second), w.now, "C")
		},
	} {
		_, err := try()
		wantCode(t, name, err, tunnus.CodeBadRequest)
	}
}

func TestL3IncidentComesTooLate(t *testing.T) {
	w := fresh(t)
	i := w.open(t, stafftest.Actor(t, "op-1", nil, staff.Operator))
	w.now = w.now.Add(14 * day)
	_, err := w.Second(t.Context(), stafftest.Actor(t, "op-2", nil, staff.Operator), i.ID)
	wantCode(t, "Second after the grace", err, tunnus.CodeStateConflict)
	if err := w.Run(t.Context()); err != nil || w.incidents[i.ID].State != Lapsed || w.locked(t) != 2 {
		t.Errorf("after the grace: %s, %d locked, %v", w.incidents[i.ID].State, w.locked(t), err)
	}
}

// Two members who stand behind one another only after the lock became permanent
// change nothing, though the incident was opened in time.
func TestL3PermanentStaysThoughSeconded(t *testing.T) {
	w := fresh(t)
	i := w.open(t, stafftest.Actor(t, "op-1", nil, staff.Operator))
	w.now = w.now.Add(13*day + 23*time.Hour + 30*time.Minute) // the locks are permanent, the incident is not yet too old
	if _, err := w.Second(t.Context(), stafftest.Actor(t, "op-2", nil, staff.Operator), i.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.incidents[i.ID]; w.locked(t) != 2 || got.Spared != 0 || got.State != Applied {
		t.Errorf("%d locked, %+v", w.locked(t), got)
	}
}
