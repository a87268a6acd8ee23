package support

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

func (m *memory) Finding(_ context.Context, id string) (Finding, error) {
	f, ok := m.findings[id]
	if !ok {
		return f, tunnus.NotFound(errors.New("none"))
	}
	return f, nil
}

func (m *memory) Waiting(context.Context, int) (out []Finding, err error) {
	for _, f := range m.findings {
		if f.State == Opened || f.State == Seconded {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func (m *memory) SaveFinding(_ context.Context, f Finding, events []tunnus.Event) error {
	if f.Rev != m.findings[f.ID].Rev {
		return tunnus.Conflict(errors.New("somebody was faster"))
	}
	f.Rev++
	if m.findings == nil {
		m.findings = map[string]Finding{}
	}
	m.findings[f.ID], m.events = f, append(m.events, events...)
	return nil
}

func (m *memory) Fraud(_ context.Context, account, first, second string) error {
	m.done = append(m.done, "fraud "+account+" "+first+" "+second)
	return m.fails
}

func (m *memory) Settle(_ context.Context, account, first, second string) error {
	m.done = append(m.done, "holder "+account+" "+first+" "+second)
	return m.fails
}

const someCase = "7K3QZ-M2XWA"

func (w *world) same(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(w.store.done, want) {
		t.Errorf("%s: %q; want %q", what, w.store.done, want)
	}
}

// Fraud is for two to find: nothing happens by the word of one, said as often as he
// likes, and each word is written down.
func TestR3FraudNeedsFourEyes(t *testing.T) {
	w := fresh(t)
	f, err := w.Find(t.Context(), w.agent, "acc", OfFraud, "7k3qz-m2xwa")
	if err != nil || f.State != Opened || f.Case != someCase {
		t.Fatalf("%+v, %v", f, err)
	}
	again, err := w.Find(t.Context(), w.agent, "acc", OfFraud, someCase)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{f.ID, again.ID} {
		_, err = w.Second(t.Context(), w.agent, id)
		wantCode(t, "the same member", err, tunnus.CodeStaffFourEyes)
	}
	if err := w.Run(t.Context()); err != nil {
		t.Error(err)
	}
	w.same(t, "by one")
	boss := stafftest.Actor(t, "sup-1", nil, staff.Supervisor)
	for range 2 { // its answer was lost
		f, err = w.Second(t.Context(), boss, f.ID)
		if err != nil || f.State != Applied || f.Seconded != "sup-1" || f.EndedAt.IsZero() {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	w.same(t, "by two", "fraud acc ag-1 sup-1")
	_, err = w.Second(t.Context(), stafftest.Actor(t, "sup-2", nil, staff.Supervisor), f.ID)
	wantCode(t, "a third one", err, tunnus.CodeStateConflict)
	var kinds []string
	for _, e := range w.store.events {
		if e.Detail["finding"] == f.ID && e.Subject == "acc" {
			kinds = append(kinds, e.Kind+" "+e.Detail["staff"])
		}
	}
	if want := []string{"finding.open ag-1", "finding.second sup-1", "finding.apply "}; !slices.Equal(kinds, want) {
		t.Errorf("audit lines %q; want %q", kinds, want)
	}
}

func TestWhoMayFind(t *testing.T) {
	w := fresh(t)
	reviewer, officer := stafftest.Actor(t, "rev-1", nil, staff.Reviewer, staff.Operator), stafftest.Actor(t, "reg-1", nil, staff.Officer)
	self := stafftest.Actor(t, "ag-1", nil, staff.Officer)
	for name, c := range map[string]struct {
		who     staff.Actor
		account string
		kind    Kind
		ref     string
		want    tunnus.Code
	}{
		"a reviewer":          {reviewer, "acc", OfFraud, someCase, tunnus.CodeStaffNoRight},
		"an agent settles":    {w.agent, "acc", OfHolder, someCase, tunnus.CodeStaffNoRight},
		"of oneself":          {self, "own", OfHolder, someCase, tunnus.CodeStaffOneself},
		"no account":          {officer, "none", OfFraud, someCase, tunnus.CodeNotFound},
		"no case":             {officer, "acc", OfFraud, "", tunnus.CodeBadRequest},
		"a case of nobody":    {officer, "acc", OfFraud, "7K3QZ-M2XWB", tunnus.CodeNotFound},
		"nothing of the list": {officer, "acc", "witch", someCase, tunnus.CodeBadRequest},
	} {
		_, err := w.Find(t.Context(), c.who, c.account, c.kind, c.ref)
		wantCode(t, name, err, c.want)
	}
	f, err := w.Find(t.Context(), officer, "acc", OfHolder, someCase)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Second(t.Context(), w.agent, f.ID)
	wantCode(t, "an agent agrees to settle", err, tunnus.CodeStaffNoRight)
	_, err = w.Second(t.Context(), w.agent, "7K3QZ-M2XWC")
	wantCode(t, "none of that number", err, tunnus.CodeNotFound)
	list, err := w.Findings(t.Context(), w.agent)
	if err != nil || len(list) != 0 {
		t.Errorf("an agent sees %v, %v", list, err)
	}
	if list, err = w.Findings(t.Context(), officer); err != nil || len(list) != 1 {
		t.Errorf("an officer sees %v, %v", list, err)
	}
	_, err = w.Findings(t.Context(), reviewer)
	wantCode(t, "a reviewer's list", err, tunnus.CodeStaffNoRight)
	own := w.store.findings[f.ID] // the member's own, opened by somebody else
	own.Account, own.Opened = "own", "reg-2"
	w.store.findings[f.ID] = own
	_, err = w.Second(t.Context(), self, f.ID)
	wantCode(t, "agreeing for oneself", err, tunnus.CodeStaffOneself)
	w.same(t, "done")
}

// What two stand behind is done in the end, whatever dies; a dispute that is over makes
// the finding lapse, and so does a fortnight without a second member.
func TestFindingsAreDoneOrLapse(t *testing.T) {
	w := fresh(t)
	one, two := stafftest.Actor(t, "reg-1", nil, staff.Officer), stafftest.Actor(t, "reg-2", nil, staff.Officer)
	find := func(k Kind) string {
		t.Helper()
		f, err := w.Find(t.Context(), one, "acc", k, someCase)
		if err != nil {
			t.Fatal(err)
		}
		return f.ID
	}
	stands := func(id string, want State) {
		t.Helper()
		if f := w.store.findings[id]; f.State != want || f.EndedAt.IsZero() != (want == Opened || want == Seconded) {
			t.Errorf("%+v; want %s", f, want)
		}
	}
	fraud, late := find(OfFraud), find(OfFraud)
	w.store.fails = tunnus.Conflict(errors.New("somebody moves it all the time"))
	if _, err := w.Second(t.Context(), two, fraud); err == nil {
		t.Error("what failed was not told")
	}
	stands(fraud, Seconded)
	dispute := find(OfHolder)
	_, err := w.Second(t.Context(), two, dispute)
	wantCode(t, "no dispute", err, tunnus.CodeStateConflict)
	stands(dispute, Lapsed)
	w.store.fails = nil
	if err := w.Run(t.Context()); err != nil {
		t.Error(err)
	}
	stands(fraud, Applied)
	stands(late, Opened)
	w.same(t, "done", "fraud acc reg-1 reg-2", "holder acc reg-1 reg-2", "holder acc reg-1 reg-2", "fraud acc reg-1 reg-2") // once more before a dispute is taken to be over
	w.now = w.now.Add(findingLife)
	_, err = w.Second(t.Context(), two, late)
	wantCode(t, "a fortnight later", err, tunnus.CodeStateConflict)
	if err := w.Run(t.Context()); err != nil {
		t.Error(err)
	}
	stands(late, Lapsed)
	if w.now = w.now.Add(time.Hour); w.Run(t.Context()) != nil || len(w.store.done) != 4 {
		t.Errorf("done %q", w.store.done)
	}
}
