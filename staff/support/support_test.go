package support

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

// memory is every store of the tests: one person, not a member, with one account.
type memory struct {
	rows    []LookUp
	consent map[string]string // by hash
	events  []tunnus.Event
	closed  []string

	findings map[string]Finding
	done     []string // of findings
	fails    error
}

func (m *memory) LookedUp(_ context.Context, rows []LookUp, since time.Time, events []tunnus.Event) (n int, err error) {
	m.rows = append(m.rows, rows...)
	m.events = append(m.events, events...)
	seen := map[time.Time]bool{}
	for _, r := range m.rows {
		if len(rows) > 0 && r.Member == rows[0].Member && !r.At.Before(since) {
			seen[r.At] = true
		}
	}
	return len(seen), nil
}

func (m *memory) LookUps(_ context.Context, account string, _ int) (out []LookUp, err error) {
	for _, r := range m.rows {
		if r.Account == account {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) AddConsent(_ context.Context, account string, mac []byte, _ time.Time, _ []tunnus.Event) error {
	m.consent = map[string]string{string(mac): account}
	return nil
}

func (m *memory) TakeConsent(_ context.Context, mac []byte, _ time.Time) (string, error) {
	account, ok := m.consent[string(mac)]
	if delete(m.consent, string(mac)); !ok {
		return "", tunnus.NotFound(errors.New("none"))
	}
	return account, nil
}

func (m *memory) Events(_ context.Context, subject string) ([]tunnus.Event, error) {
	switch subject {
	case "1ZM2-X0WA-0B3Q":
		return []tunnus.Event{{Kind: "enrol.start", Detail: map[string]string{"session": "s", "route": "passport/new", "confirmed_by": "another's account"}}}, nil
	case "7K3QZ-M2XWA":
	default:
		return nil, nil
	}
	return []tunnus.Event{{Kind: "enrol.end", Code: tunnus.CodeDocExpired, Detail: map[string]string{"state": "refused"}}}, nil
}

const other = "198502020018"

func (m *memory) Mine(_ context.Context, p tunnus.PersonCode) ([]Account, error) {
	if p.Value() != other {
		return nil, nil
	}
	return []Account{{ID: "acc", State: "active", Level: tunnus.Qualified}}, nil
}

func (m *memory) Person(_ context.Context, account string) (tunnus.PersonCode, error) {
	switch account {
	case "acc":
		return tunnus.ParsePersonCode("XX", other)
	case "own":
		return tunnus.ParsePersonCode("XX", stafftest.Own("ag-1"))
	}
	return tunnus.PersonCode{}, tunnus.NotFound(errors.New("none"))
}

func (m *memory) Close(_ context.Context, account string, events []tunnus.Event) error {
	m.closed = append(m.closed, account)
	m.events = append(m.events, events...)
	return nil
}

type world struct {
	*Service
	store *memory
	now   time.Time
	agent staff.Actor
}

func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{store: &memory{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), agent: stafftest.Actor(t, "ag-1", nil, staff.Agent)}
	var err error
	w.Service, err = New(Config{
		Store: w.store, Findings: w.store, Cases: w.store, Accounts: w.store, Marker: stafftest.Marker(), Secret: tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")),
		Clock: tunnus.ClockFunc(func() time.Time { w.now = w.now.Add(time.Millisecond); return w.now }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v); want %q", what, got, err, want)
	}
}

func TestLookUpNeedsACaseThatExists(t *testing.T) {
	w := fresh(t)
	p := stafftest.Person(t, other)
	for ref, code := range map[string]tunnus.Code{"": tunnus.CodeBadRequest, "'; DROP": tunnus.CodeBadRequest, "7K3QZ-M2XWB": tunnus.CodeNotFound} {
		_, err := w.Person(t.Context(), w.agent, p, ref)
		wantCode(t, "Person for "+ref, err, code)
		_, err = w.Case(t.Context(), w.agent, ref)
		wantCode(t, "Case "+ref, err, code)
	}
	list, err := w.Person(t.Context(), w.agent, p, "7k3qz-m2xwa")
	if err != nil || len(list) != 1 || list[0].ID != "acc" {
		t.Fatalf("Person = %v, %v", list, err)
	}
	lines, err := w.Case(t.Context(), w.agent, "7k3qz-m2xwa")
	if err != nil || len(lines) != 1 || lines[0].Code != tunnus.CodeDocExpired {
		t.Errorf("Case = %v, %v", lines, err)
	}
}

// A number is understood as it is typed: small letters, blanks for hyphens or none,
// letters that look like digits.
func TestCaseByANumberAsTyped(t *testing.T) {
	w := fresh(t)
	for _, typed := range []string{"1ZM2-X0WA-0B3Q", "1zm2x0wa0b3q", " lzm2 xowa ob3q ", "1zm2-x0wa 0b3q", "IZM2—X0WA"} {
		lines, err := w.Case(t.Context(), w.agent, typed)
		if bad := strings.Contains(typed, "—"); bad {
			wantCode(t, typed, err, tunnus.CodeBadRequest)
		} else if err != nil || len(lines) != 1 || lines[0].Kind != "enrol.start" {
			t.Errorf("%q: %v, %v", typed, lines, err)
		}
	}
}

// A number that nobody was given is not-found, whatever is nearly right in it, and
// trying one is written down and counted like a look-up that finds something.
func TestWrongNumbersAreCountedToo(t *testing.T) {
	w := fresh(t)
	p := stafftest.Person(t, other)
	for i := range 30 {
		var err error
		switch i % 3 {
		case 0:
			_, err = w.Case(t.Context(), w.agent, "1ZM2-X0WA-0B3R")
		case 1:
			_, err = w.Person(t.Context(), w.agent, p, "7K3QZ-M2XWB")
		default:
			err = w.Close(t.Context(), w.agent, "acc", LostAll, "7K3QZ-M2XWB")
		}
		wantCode(t, "a wrong number", err, tunnus.CodeNotFound)
		if len(w.store.rows) != i+1 || w.store.events[i].Kind != "staff.look-case" || w.store.rows[i].Account != "" {
			t.Fatalf("after %d tries: %+v", i+1, w.store.rows)
		}
	}
	if last := w.store.events[len(w.store.events)-1]; last.Kind != "staff.alarm" {
		t.Errorf("the 30th raised no alarm: %+v", last)
	}
	if len(w.store.closed) != 0 {
		t.Errorf("closed %v", w.store.closed)
	}
}

// What leads to somebody else, or to the sitting itself, is not shown.
func TestCaseShowsWhatACaseNeeds(t *testing.T) {
	w := fresh(t)
	lines, err := w.Case(t.Context(), w.agent, "1ZM2-X0WA-0B3Q")
	if err != nil || len(lines) != 1 {
		t.Fatalf("%v, %v", lines, err)
	}
	if d := lines[0].Detail; len(d) != 1 || d["route"] != "passport/new" {
		t.Errorf("shown %v", d)
	}
}

func TestEachLookUpIsVisibleToThePerson(t *testing.T) {
	w := fresh(t)
	if _, err := w.Person(t.Context(), w.agent, stafftest.Person(t, other), "7K3QZ-M2XWA"); err != nil {
		t.Fatal(err)
	}
	rows, err := w.History(t.Context(), "acc")
	if err != nil || len(rows) != 1 || rows[0].Member != "ag-1" || rows[0].Case != "7K3QZ-M2XWA" {
		t.Errorf("History = %+v, %v", rows, err)
	}
	e := w.store.events[0]
	if e.Kind != "staff.look-person" || e.Detail["staff"] != "ag-1" || e.Detail["case"] != "7K3QZ-M2XWA" || strings.Contains(fmt.Sprint(e), other) {
		t.Errorf("audit line %+v", e)
	}
}

func TestConsentOpensOnce(t *testing.T) {
	w := fresh(t)
	code, _, err := w.Consent(t.Context(), "acc")
	if err != nil {
		t.Fatal(err)
	}
	text := string(code.Reveal())
	if list, err := w.Consented(t.Context(), w.agent, strings.ToLower(text[:4])+" "+text[4:]); err != nil || len(list) != 1 {
		t.Errorf("Consented = %v, %v", list, err)
	}
	looked := len(w.store.rows)
	_, err = w.Consented(t.Context(), w.agent, text)
	wantCode(t, "the same code again", err, tunnus.CodeNotFound)
	if len(w.store.rows) != looked+1 {
		t.Error("a code that was guessed is not counted")
	}
}

func TestThirtyLookUpsAnHourAlarm(t *testing.T) {
	w := fresh(t)
	alarms := func() (n int) {
		for _, e := range w.store.events {
			if e.Kind == "staff.alarm" {
				n++
			}
		}
		return n
	}
	for i := range 31 {
		if _, err := w.Case(t.Context(), w.agent, "7K3QZ-M2XWA"); err != nil {
			t.Fatal(err)
		}
		if want := max(0, i-28); alarms() != want {
			t.Fatalf("after %d look-ups: %d alarms; want %d", i+1, alarms(), want)
		}
	}
	before := alarms()
	w.now = w.now.Add(time.Hour)
	if _, err := w.Case(t.Context(), w.agent, "7K3QZ-M2XWA"); err != nil || alarms() != before {
		t.Errorf("an hour later: %d alarms more, %v", alarms()-before, err)
	}
}

func TestR8SupportNeverForOneself(t *testing.T) {
	w := fresh(t)
	_, err := w.Person(t.Context(), w.agent, stafftest.Person(t, stafftest.Own("ag-1")), "7K3QZ-M2XWA")
	wantCode(t, "Person", err, tunnus.CodeStaffOneself)
	wantCode(t, "Close", w.Close(t.Context(), w.agent, "own", Asked, "7K3QZ-M2XWA"), tunnus.CodeStaffOneself)
	code, _, err := w.Consent(t.Context(), "own")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Consented(t.Context(), w.agent, string(code.Reveal()))
	wantCode(t, "Consented", err, tunnus.CodeStaffOneself)
}

func TestClosingNeedsReasonAndCase(t *testing.T) {
	w := fresh(t)
	wantCode(t, "no reason", w.Close(t.Context(), w.agent, "acc", "because", "7K3QZ-M2XWA"), tunnus.CodeBadRequest)
	wantCode(t, "fraud, by one", w.Close(t.Context(), w.agent, "acc", "fraud", "7K3QZ-M2XWA"), tunnus.CodeBadRequest)
	wantCode(t, "no case", w.Close(t.Context(), w.agent, "acc", LostAll, ""), tunnus.CodeBadRequest)
	wantCode(t, "no account", w.Close(t.Context(), w.agent, "none", LostAll, "7K3QZ-M2XWA"), tunnus.CodeNotFound)
	officer := stafftest.Actor(t, "reg-1", nil, staff.Officer, staff.Reviewer, staff.Operator)
	wantCode(t, "an officer", w.Close(t.Context(), officer, "acc", LostAll, "7K3QZ-M2XWA"), tunnus.CodeStaffNoRight)
	if len(w.store.closed) != 0 {
		t.Fatalf("closed %v", w.store.closed)
	}
	if err := w.Close(t.Context(), w.agent, "acc", LostAll, "7K3QZ-M2XWA"); err != nil || len(w.store.closed) != 1 {
		t.Errorf("Close: %v, closed %v", err, w.store.closed)
	}
	if e := w.store.events[len(w.store.events)-1]; e.Kind != "staff.close" || e.Detail["reason"] != "lost" || e.Subject != "acc" {
		t.Errorf("audit line %+v", e)
	}
}
