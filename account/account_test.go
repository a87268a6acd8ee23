package account

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

func TestNext(t *testing.T) {
	// One letter an event, in the order of Events: the state it leads to, or a dot.
	want := map[State]string{
		Issued:    "A.......RC.",
		Active:    ".B.F...SRCE",
		Blocked:   "..AB...SRCE",
		Frozen:    ".B.FAD.SRCE",
		Disputed:  "......ASRCE",
		Suspended: "........RCE",
		Revoked:   "...........",
		Closed:    "...........",
		Expired:   "...........",
	}
	letter := map[State]byte{Active: 'A', Blocked: 'B', Frozen: 'F', Disputed: 'D', Suspended: 'S', Revoked: 'R', Closed: 'C', Expired: 'E'}
	if len(want) != len(States()) {
		t.Errorf("%d states, %d rows", len(States()), len(want))
	}
	for _, s := range States() {
		row := want[s]
		for i, e := range Events() {
			to, err := Next(s, e)
			if w := row[i]; w == '.' {
				if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
					t.Errorf("Next(%s, %s) = %s, %v; want state-conflict", s, e, to, err)
				}
			} else if err != nil || letter[to] != w {
				t.Errorf("Next(%s, %s) = %s, %v; want %c", s, e, to, err, w)
			}
		}
	}
}

// Whatever happens, and whenever: an account that has ended stays so, none is in use
// that was never activated, none comes back from a hold because of a copy, from a
// block only by an unblock, from a dispute only by the desk, and from a freeze not
// before its time.
func TestWalksOfTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
		a := Account{ID: "a", State: Issued, ExpiresAt: now.AddDate(3, 0, 0)}
		stopped := false // a copy was seen
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 80).Draw(t, "hours")) * time.Hour)
			e := rapid.SampledFrom(Events()).Draw(t, "event")
			before := a
			after, line, err := a.After(e, "", now)
			if err != nil {
				if after.State != a.State || line.Kind != "" {
					t.Fatalf("%s was refused and did something: %+v", e, after)
				}
				continue
			}
			a = after
			stopped = stopped || e == Suspend
			back := map[State]Event{Issued: Activate, Blocked: Unblock, Disputed: Settle, Frozen: Thaw}[before.State]
			switch {
			case !before.State.Live():
				t.Fatalf("%s happened to an account that is %s", e, before.State)
			case a.State == Active && e != back:
				t.Fatalf("active out of %s by %s", before.State, e)
			case a.State == Active && stopped:
				t.Fatal("a hold because of a copy was lifted")
			case a.State == Active && (e == Thaw || e == Unblock) && now.Before(before.FrozenUntil):
				t.Fatalf("%s before the freeze is over", e)
			case e != Activate && !a.Behind:
				t.Fatalf("after %s keys and certificates are not looked after", e)
			case line.Detail["from"] != string(before.State) || line.Detail["to"] != string(a.State):
				t.Fatalf("the line says %v", line.Detail)
			}
		}
	})
}

// An account that is frozen cannot be got free by blocking and unblocking it.
func TestFreezeOutlastsABlock(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	a := Account{State: Active}
	for _, e := range []Event{Freeze, Block} {
		var err error
		if a, _, err = a.After(e, "", now); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := a.After(Unblock, "", now.Add(FreezeFor-time.Second)); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("unblocked: %v", err)
	}
	if a, _, err := a.After(Unblock, "", now.Add(FreezeFor)); err != nil || a.State != Active {
		t.Errorf("%s, %v", a.State, err)
	}
}

// R3: who vouches was proved by a document, is at least 72 hours old, of the level,
// and not held.
func TestR3WhoMayVouch(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	good := Account{State: Active, Level: tunnus.Qualified, Proofed: ByIDCard, ActiveAt: now.Add(-young), ExpiresAt: now.Add(time.Hour)}
	for name, c := range map[string]struct {
		change func(*Account)
		may    bool
	}{
		"card":     {func(*Account) {}, true},
		"passport": {func(a *Account) { a.Proofed = ByPassport }, true},
		"desk":     {func(a *Account) { a.Proofed = ByDesk }, true},
		"vouched":  {func(a *Account) { a.Proofed = ByAccount }, false},
		"unknown":  {func(a *Account) { a.Proofed = ByOther }, false},
		"young":    {func(a *Account) { a.ActiveAt = now.Add(time.Second - young) }, false},
		"blocked":  {func(a *Account) { a.State = Blocked }, false},
		"frozen":   {func(a *Account) { a.State = Frozen }, false},
		"held":     {func(a *Account) { a.State = Suspended }, false},
		"over":     {func(a *Account) { a.ExpiresAt = now }, false},
		"weaker":   {func(a *Account) { a.Level = tunnus.Advanced }, false},
	} {
		a := good
		c.change(&a)
		if got := a.MayVouch(tunnus.Qualified, now); got != c.may {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRoom(t *testing.T) {
	all := []Account{{ID: "a", State: Active}, {ID: "b", State: Blocked}, {ID: "c", State: Closed}}
	for _, tt := range []struct {
		all      []Account
		replaces string
		most     int
		want     tunnus.Code
	}{{all, "", 2, tunnus.CodeDevTooMany}, {all, "", 3, ""}, {all, "a", 2, ""}, {all, "c", 2, tunnus.CodeDevTooMany}, {nil, "", 1, ""}} {
		if got := tunnus.CodeOf(Room(tt.all, tt.replaces, tt.most)); got != tt.want {
			t.Errorf("%d accounts, at most %d, replacing %q: %q; want %q", len(tt.all), tt.most, tt.replaces, got, tt.want)
		}
	}
}

func holder(t *testing.T, level tunnus.Level) Holder {
	t.Helper()
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	return Holder{Person: p, Surname: "Utopian", GivenNames: "Ada", Level: level, Device: "d1", LoginKey: "k1", SignKey: "k2"}
}

func TestNew(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 5, time.UTC)
	for level, form := range map[tunnus.Level]string{
		tunnus.Qualified: `^PNOXX-199002140017-[A-Z]{4}-Q$`,
		tunnus.Advanced:  `^PNOXX-199002140017-[A-Z]{4}-NQ$`,
	} {
		a, err := New(holder(t, level), now)
		if err != nil || !regexp.MustCompile(form).MatchString(a.Document) || len(a.ID) != 32 {
			t.Fatalf("New = %+v, %v", a, err)
		}
		if a.State != Issued || a.Usable(now) {
			t.Errorf("a new account is %s, usable %v", a.State, a.Usable(now))
		}
		if got := a.ExpiresAt.Format(time.DateOnly); got != "2029-11-22" {
			t.Errorf("expires %s", got)
		}
	}
	same := holder(t, tunnus.Qualified)
	same.SignKey = same.LoginKey
	for _, bad := range []Holder{{}, same, {Person: same.Person, Level: "HIGH", Device: "d", LoginKey: "a", SignKey: "b"}} {
		if _, err := New(bad, now); err == nil {
			t.Errorf("New(%+v) succeeded", bad)
		}
	}
}

// memory is a [Store] that forgets everything at its end.
type memory struct {
	mu    sync.Mutex
	rows  []Account
	stuck map[string]bool // Save fails for these
}

func (m *memory) find(ok func(Account) bool) []Account {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Account
	for _, a := range slices.Backward(m.rows) {
		if ok(a) {
			out = append(out, a)
		}
	}
	return out
}

func one(as []Account) (Account, error) {
	if len(as) == 0 {
		return Account{}, tunnus.NotFound(nil)
	}
	return as[0], nil
}

func (m *memory) Get(_ context.Context, id string) (Account, error) {
	return one(m.find(func(a Account) bool { return a.ID == id }))
}

func (m *memory) ByDocument(_ context.Context, d string) (Account, error) {
	return one(m.find(func(a Account) bool { return a.Document == d }))
}

func (m *memory) ByPerson(_ context.Context, p tunnus.PersonCode) ([]Account, error) {
	return m.find(func(a Account) bool { return a.Person == p }), nil
}

func (m *memory) ByDevice(_ context.Context, d string) ([]Account, error) {
	return m.find(func(a Account) bool { return a.Device == d }), nil
}

func (m *memory) Over(_ context.Context, now time.Time, limit int) (ids []string, err error) {
	for _, a := range slices.Backward(m.find(func(a Account) bool { return a.Over(now) })) {
		ids = append(ids, a.ID)
	}
	return ids[:min(limit, len(ids))], nil
}

func (m *memory) Save(_ context.Context, a Account, _ []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stuck[a.ID] {
		return errors.New("damaged")
	}
	for i, b := range m.rows {
		if b.ID == a.ID {
			if b.Rev != a.Rev {
				return tunnus.Conflict(errors.New("moved"))
			}
			a.Rev++
			m.rows[i] = a
			return nil
		}
	}
	a.Rev++
	m.rows = append(m.rows, a)
	return nil
}

func TestOnlyActiveAccountsAreFound(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	s := NewService(&memory{}, tunnus.ClockFunc(func() time.Time { return now }))
	a, err := s.Create(t.Context(), holder(t, tunnus.Qualified))
	if err != nil {
		t.Fatal(err)
	}
	found := func() (n int) {
		t.Helper()
		all, err := s.ByPerson(t.Context(), a.Person)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.ByDocument(t.Context(), a.Document)
		if (err == nil) != (len(all) == 1) || err != nil && tunnus.CodeOf(err) != tunnus.CodeNotFound {
			t.Errorf("ByDocument = %v while ByPerson finds %d", err, len(all))
		}
		return len(all)
	}
	if found() != 0 {
		t.Error("an issued account is shown to relying parties")
	}
	if _, err := s.Apply(t.Context(), a.ID, Activate, ""); err != nil || found() != 1 {
		t.Errorf("after activation: %v, %d found", err, found())
	}
	now = now.AddDate(3, 0, 0)
	if found() != 0 {
		t.Error("an expired account is shown to relying parties")
	}
	if all, err := s.ByDevice(t.Context(), "d1"); err != nil || len(all) != 1 || all[0].State != Expired {
		t.Errorf("ByDevice = %+v, %v; want one that is expired", all, err)
	}
	now = now.AddDate(-1, 0, 0)
	if _, err := s.Apply(t.Context(), a.ID, Suspend, tunnus.CodeAccCloned); err != nil || found() != 0 {
		t.Errorf("after a hold: %v, %d found", err, found())
	}
	if _, err := s.Apply(t.Context(), a.ID, Activate, ""); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("a hold was lifted: %v", err)
	}
}

func TestExpireDue(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	m := &memory{}
	s := NewService(m, tunnus.ClockFunc(func() time.Time { return now }))
	for i := range 250 {
		a, err := New(holder(t, tunnus.Qualified), now)
		if err != nil {
			t.Fatal(err)
		}
		a.State = []State{Active, Suspended}[i%2]
		m.rows = append(m.rows, a)
	}
	issued, err := s.Create(t.Context(), holder(t, tunnus.Qualified))
	if err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(3, 0, 0).Add(-time.Second)
	if n, err := s.ExpireDue(t.Context(), m); n != 0 || err != nil {
		t.Errorf("before their time: %d, %v", n, err)
	}
	now = now.Add(time.Second)
	m.stuck = map[string]bool{m.rows[0].ID: true}
	if n, err := s.ExpireDue(t.Context(), m); n != 249 || err == nil {
		t.Errorf("ExpireDue = %d, %v; want all but the one that fails, and its failure", n, err)
	}
	m.stuck = nil
	if n, err := s.ExpireDue(t.Context(), m); n != 1 || err != nil {
		t.Errorf("ExpireDue = %d, %v; want the last one", n, err)
	}
	if a, err := s.Get(t.Context(), issued.ID); err != nil || a.State != Issued {
		t.Errorf("the issued one is %s, %v", a.State, err)
	}
}
