package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

// sealer is a [otp.Sealer] that binds to places and hides nothing but from a look.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) ([]byte, error) {
	out := []byte(fmt.Sprintf("%x|", aad))
	for _, b := range plain {
		out = append(out, b^0x5a)
	}
	return out, nil
}

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(fmt.Sprintf("%x|", aad)))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	var out []byte
	for _, b := range rest {
		out = append(out, b^0x5a)
	}
	return out, nil
}

// memory is a [Store] of one process.
type memory struct {
	cases   map[string]Case
	letters []otp.Letter
	events  []tunnus.Event
}

func (m *memory) Case(_ context.Context, id string) (Case, error) {
	c, ok := m.cases[id]
	if !ok {
		return c, tunnus.NotFound(errors.New("none"))
	}
	return c, nil
}

func (m *memory) Of(_ context.Context, session string) (Case, error) {
	for _, c := range m.cases {
		if c.Session == session {
			return c, nil
		}
	}
	return Case{}, tunnus.NotFound(errors.New("none"))
}

func (m *memory) List(_ context.Context, which Which, now, claimed time.Time, after string, limit int) (ids []string, err error) {
	for id, c := range m.cases {
		stale := c.Pictures != nil && !now.Before(c.Until) || !now.Before(c.Expires) || c.Claimant != "" && !claimed.Before(c.ClaimedAt)
		if !c.State.Ended() && id > after && (which == Waiting || stale) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

func (m *memory) Save(_ context.Context, c Case, letters []otp.Letter, events []tunnus.Event) error {
	if m.cases[c.ID].Rev != c.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	c.Rev++
	m.cases[c.ID] = c
	m.letters = append(m.letters, letters...)
	m.events = append(m.events, events...)
	return nil
}

type world struct {
	*Service
	store *memory
	now   time.Time
	id    string
	first staff.Actor
	other staff.Actor
}

func parcel() Parcel {
	return Parcel{
		Session: "s", Kind: DoubtfulFace, Mark: "applicant", Contact: "ada@mail.example", Device: "Phone",
		Pictures: Pictures{[]byte("PORTRAIT-CANARY"), [][]byte{[]byte("FRAME-CANARY")}},
		Folder:   Folder{"P<UTOZONE-CANARY", map[string]string{"fused": "0.512"}},
	}
}

func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{store: &memory{cases: map[string]Case{}}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	w.Service = New(w.store, sealer{}, DefaultRules, tunnus.ClockFunc(func() time.Time { return w.now }))
	c, err := w.Park(t.Context(), parcel())
	if err != nil {
		t.Fatal(err)
	}
	w.id = c.ID
	w.first = stafftest.Actor(t, "rev-1", nil, staff.Reviewer)
	w.other = stafftest.Actor(t, "rev-2", nil, staff.Reviewer)
	return w
}

// claim claims the case and decides it.
func (w *world) decide(t *testing.T, a staff.Actor, e Event, why Reason) (Brief, error) {
	t.Helper()
	if _, err := w.Claim(t.Context(), a, w.id); err != nil {
		return Brief{}, err
	}
	return w.Decide(t.Context(), a, w.id, e, why)
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v); want %q", what, got, err, want)
	}
}

func TestStates(t *testing.T) {
	want := map[State]string{ // one letter an event: where it leads, or a dot
		Open:     "C...L",
		Claimed:  ".OodL",
		Once:     "ooAdL",
		Approved: ".....", Declined: ".....", Lapsed: ".....",
	}
	letter := map[State]string{Open: "O", Claimed: "C", Once: "o", Approved: "A", Declined: "d", Lapsed: "L"}
	for _, s := range States() {
		got := ""
		for _, e := range Events() {
			to, err := s.After(e)
			if err != nil {
				got += "."
			} else {
				got += letter[to]
			}
		}
		if got != want[s] || s.Ended() != (want[s] == ".....") {
			t.Errorf("%s: %s; want %s", s, got, want[s])
		}
	}
}

func TestR13ParkedCaseIsSealed(t *testing.T) {
	w := fresh(t)
	c := w.store.cases[w.id]
	row := fmt.Sprintf("%q %q %q %+v %+v", c.Folder, c.Pictures, c.Contact, c.Brief(), w.store.events)
	for _, canary := range []string{"PORTRAIT", "FRAME", "ZONE", "ada@"} {
		if strings.Contains(row, canary) {
			t.Errorf("%s stands in the row in clear", canary)
		}
	}
	if c.Expires.Sub(c.ParkedAt) != DefaultRules.Life {
		t.Errorf("parked for %s", c.Expires.Sub(c.ParkedAt))
	}
	moved := c
	moved.ID = "OTHER"
	if _, err := w.sealer.Open(c.Pictures, moved.place("pictures")); err == nil {
		t.Error("pictures open in another case")
	}
	again, err := w.Park(t.Context(), parcel())
	if err != nil || again.ID != w.id || len(w.store.cases) != 1 {
		t.Errorf("parking twice made two cases: %v", err)
	}
}

func TestFourEyesAreTwo(t *testing.T) {
	w := fresh(t)
	b, err := w.decide(t, w.first, Approve, SamePerson)
	if err != nil || b.State != Once {
		t.Fatalf("first approval = %+v, %v", b, err)
	}
	_, err = w.decide(t, w.first, Approve, SamePerson)
	wantCode(t, "the same reviewer twice", err, tunnus.CodeStaffFourEyes)
	_, err = w.Decide(t.Context(), w.first, w.id, Approve, SamePerson)
	wantCode(t, "without a claim", err, tunnus.CodeStaffFourEyes)
	if _, ok, _ := w.Outcome(t.Context(), "s"); ok {
		t.Fatal("one approval was enough")
	}
	if b, err = w.decide(t, w.other, Approve, SamePerson); err != nil || b.State != Approved {
		t.Fatalf("second approval = %+v, %v", b, err)
	}
	v, ok, err := w.Outcome(t.Context(), "s")
	if !ok || err != nil || v.First != "rev-1" || v.Second != "rev-2" || v.State != Approved || v.Detail()["approval"] != "review" {
		t.Errorf("Outcome = %+v, %v, %v", v, ok, err)
	}
	if len(w.store.letters) != 1 || w.store.letters[0].Kind != "review-approved" {
		t.Errorf("letters %v", w.store.letters)
	}
}

func TestR8ReviewerNeverForOneself(t *testing.T) {
	w := fresh(t)
	p := parcel()
	p.Session, p.Mark = "own", stafftest.Mark(t, "rev-1")
	c, err := w.Park(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Claim(t.Context(), w.first, c.ID)
	wantCode(t, "Claim of one's own case", err, tunnus.CodeStaffOneself)
	if _, err := w.Claim(t.Context(), w.first, w.id); err != nil {
		t.Errorf("the case of another: %v", err)
	}
}

func TestOneDeclineIsEnough(t *testing.T) {
	for _, before := range []bool{false, true} {
		w := fresh(t)
		if before {
			if _, err := w.decide(t, w.other, Approve, SamePerson); err != nil {
				t.Fatal(err)
			}
		}
		b, err := w.decide(t, w.first, Decline, OtherPerson)
		if err != nil || b.State != Declined {
			t.Fatalf("Decline = %+v, %v", b, err)
		}
		v, ok, _ := w.Outcome(t.Context(), "s")
		if !ok || v.Reason != OtherPerson {
			t.Errorf("Outcome = %+v, %v", v, ok)
		}
		wantCode(t, "Refusal", v.Refusal(), tunnus.CodeRevDeclined)
		if len(w.store.letters) != 1 || w.store.letters[0].Kind != "review-declined" {
			t.Errorf("letters %v", w.store.letters)
		}
	}
}

func TestReasonsComeFromTheList(t *testing.T) {
	w := fresh(t)
	for e, why := range map[Event]Reason{Approve: OtherPerson, Decline: SamePerson, Lapse: SamePerson, Claim: ""} {
		_, err := w.decide(t, w.first, e, why)
		wantCode(t, string(e), err, tunnus.CodeBadRequest)
	}
}

func TestOnlyTheClaimantSees(t *testing.T) {
	w := fresh(t)
	_, _, err := w.View(t.Context(), w.first, w.id)
	wantCode(t, "View without a claim", err, tunnus.CodeStateConflict)
	if _, err := w.Claim(t.Context(), w.first, w.id); err != nil {
		t.Fatal(err)
	}
	f, p, err := w.View(t.Context(), w.first, w.id)
	if err != nil || string(p.Portrait) != "PORTRAIT-CANARY" || f.Results["fused"] != "0.512" {
		t.Errorf("View = %v, %v, %v", f, p, err)
	}
	_, _, err = w.View(t.Context(), w.other, w.id)
	wantCode(t, "View of a colleague's", err, tunnus.CodeStateConflict)
	_, err = w.Claim(t.Context(), w.other, w.id)
	wantCode(t, "Claim of a colleague's", err, tunnus.CodeStateConflict)
	w.now = w.now.Add(DefaultRules.Claim)
	_, _, err = w.View(t.Context(), w.first, w.id)
	wantCode(t, "View too late", err, tunnus.CodeStateConflict)
	last := w.store.events[len(w.store.events)-1]
	if last.Kind != "review.view" || last.Detail["staff"] != "rev-1" || last.Detail["case"] != w.id || strings.Contains(fmt.Sprint(last), "CANARY") {
		t.Errorf("audit line %+v", last)
	}
	agent := stafftest.Actor(t, "sup-1", nil, staff.Agent, staff.Officer, staff.Operator)
	_, err = w.Claim(t.Context(), agent, w.id)
	wantCode(t, "Claim without the right", err, tunnus.CodeStaffNoRight)
}
