package roster

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
)

// memory is a [Store] of one process.
type memory struct {
	members map[string]staff.Member
	events  []string
}

func (m *memory) Member(_ context.Context, id string) (staff.Member, error) {
	v, ok := m.members[id]
	if !ok {
		return v, tunnus.NotFound(errors.New("none"))
	}
	return v, nil
}

func (m *memory) Members(context.Context) (all []staff.Member, err error) {
	for _, v := range m.members {
		all = append(all, v)
	}
	return all, nil
}

func (m *memory) ByMark(_ context.Context, mark string) (same []staff.Member, err error) {
	for _, v := range m.members {
		if v.Mark == mark {
			same = append(same, v)
		}
	}
	return same, nil
}

func (m *memory) SaveMember(_ context.Context, v staff.Member, events []tunnus.Event) error {
	have := m.members[v.ID]
	if have.Rev != v.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	v.Rev++
	v.Counter = have.Counter
	m.members[v.ID] = v
	for _, e := range events {
		m.events = append(m.events, e.Kind)
	}
	return nil
}

func (m *memory) Count(_ context.Context, id string, n int64) error {
	v := m.members[id]
	if n <= v.Counter || !v.EndedAt.IsZero() {
		return tunnus.Conflict(errors.New("not higher"))
	}
	v.Counter = n
	m.members[id] = v
	return nil
}

type world struct {
	*Roster
	store *memory
	key   *ecdsa.PrivateKey
	now   atomic.Int64
}

func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{store: &memory{members: map[string]staff.Member{}}}
	w.now.Store(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMilli())
	w.Roster = New(w.store, "demo", tunnus.ClockFunc(func() time.Time { return time.UnixMilli(w.now.Load()) }))
	var err error
	if w.key, err = device.GenerateKey(); err != nil {
		t.Fatal(err)
	}
	public, err := device.Public(w.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(t.Context(), staff.Member{ID: "reg-1", Roles: []staff.Role{staff.Officer}, Key: public, Mark: "own"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) request(t *testing.T, change func(*device.Request)) device.Signed {
	t.Helper()
	r := device.Request{Method: "POST", Path: "/staff/v1/x", Session: staff.Session, Counter: uint64(w.now.Load()), Nonce: "demo", Body: []byte("{}")}
	if change != nil {
		change(&r)
	}
	s, err := device.Sign(w.key, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Four eyes are two people: somebody works here under one ID at a time, and whoever
// comes again under another one does not stand behind what he began under the first.
func TestFourEyesAreTwoPeople(t *testing.T) {
	w := fresh(t)
	again := staff.Member{ID: "reg-9", Roles: []staff.Role{staff.Officer}, Key: w.store.members["reg-1"].Key, Mark: "own"}
	var e *tunnus.Error
	if err := w.Add(t.Context(), again); !errors.As(err, &e) || e.Code != tunnus.CodeBadRequest || e.Field != "person" {
		t.Errorf("one person under two IDs: %v", err)
	}
	if err := w.End(t.Context(), "reg-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	a, err := w.Identify(t.Context(), "reg-9", w.request(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Second("reg-1"); tunnus.CodeOf(err) != tunnus.CodeStaffFourEyes {
		t.Errorf("behind what the same person began: %v", err)
	}
	if err := a.Second("reg-2"); err != nil {
		t.Errorf("behind what another began: %v", err)
	}
}

func TestARequestIsServedOnce(t *testing.T) {
	w := fresh(t)
	s := w.request(t, nil)
	a, err := w.Identify(t.Context(), "reg-1", s)
	if err != nil || a.ID() != "reg-1" || a.May(staff.Serve) != nil {
		t.Fatalf("Identify = %v, %v", a.ID(), err)
	}
	for range 2 {
		if _, err := w.Identify(t.Context(), "reg-1", s); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
			t.Errorf("served twice: %v", err)
		}
	}
}

func TestOnlyWhatWasSignedForHereAndNow(t *testing.T) {
	for name, change := range map[string]func(*device.Request){
		"another scheme": func(r *device.Request) { r.Nonce = "tunnus" },
		"an app session": func(r *device.Request) { r.Session = "s" },
		"too old":        func(r *device.Request) { r.Counter -= 120_001 },
		"too new":        func(r *device.Request) { r.Counter += 120_001 },
		"overflow":       func(r *device.Request) { r.Counter = 1 << 63 },
	} {
		w := fresh(t)
		if _, err := w.Identify(t.Context(), "reg-1", w.request(t, change)); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := fresh(t)
	if _, err := w.Identify(t.Context(), "reg-2", w.request(t, nil)); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		t.Errorf("a stranger: %v", err)
	}
}

func TestWhoHasEndedIsNotLetIn(t *testing.T) {
	w := fresh(t)
	for range 2 {
		if err := w.End(t.Context(), "reg-1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Identify(t.Context(), "reg-1", w.request(t, nil)); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		t.Errorf("let in: %v", err)
	}
	if got := w.store.events; len(got) != 2 || got[0] != "staff.add" || got[1] != "staff.end" {
		t.Errorf("events %v", got)
	}
	m := w.store.members["reg-1"]
	if err := w.Add(t.Context(), m); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("an ID was given twice: %v", err)
	}
}
