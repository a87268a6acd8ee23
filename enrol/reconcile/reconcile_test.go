package reconcile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
)

func TestFind(t *testing.T) {
	c := code(t, 1)
	a := account.Account{Person: c, Surname: "Åsk", GivenNames: "Ada Maria"}
	alike := match.Person{Code: c, Surname: "Åsk", GivenNames: "Ada Maria"}
	for name, tt := range map[string]struct {
		change func(*match.Person)
		gone   error
		want   Finding
		demand Demand
	}{
		"alike":                {func(*match.Person) {}, nil, Agrees, Nothing},
		"other capitals":       {func(p *match.Person) { p.Surname = "ÅSK" }, nil, Agrees, Nothing},
		"another composition":  {func(p *match.Person) { p.Surname = "A\u030ask" }, nil, Agrees, Nothing},
		"two spaces":           {func(p *match.Person) { p.GivenNames = "Ada  Maria " }, nil, Agrees, Nothing},
		"another surname":      {func(p *match.Person) { p.Surname = "Ek" }, nil, Renamed, Warn},
		"a mark is a name":     {func(p *match.Person) { p.Surname = "Ask" }, nil, Renamed, Warn},
		"another given name":   {func(p *match.Person) { p.GivenNames = "Ada" }, nil, Renamed, Warn},
		"a name of tomorrow":   {func(p *match.Person) { p.Surname, p.NamesSince = "Ek", start.Add(time.Hour) }, nil, Agrees, Nothing},
		"a name since today":   {func(p *match.Person) { p.Surname, p.NamesSince = "Ek", start }, nil, Renamed, Warn},
		"dead":                 {func(p *match.Person) { p.Deceased = true }, nil, Deceased, Revoke},
		"dead, with a new one": {func(p *match.Person) { p.Deceased, p.Successor, p.Surname = true, code(t, 2), "Ek" }, nil, Deceased, Revoke},
		"another code":         {func(p *match.Person) { p.Successor = code(t, 2) }, nil, Replaced, Review},
		"unknown":              {func(p *match.Person) { *p = match.Person{} }, match.ErrNoPerson, Absent, Review},
		"document stolen":      {func(p *match.Person) { p.Documents = []match.Document{{Number: "A", State: match.Stolen}} }, nil, Agrees, Nothing},
		"abroad, restricted":   {func(p *match.Person) { p.Address, p.Restricted = match.Abroad, true }, nil, Agrees, Nothing},
	} {
		p := alike
		tt.change(&p)
		if got := Find(p, tt.gone, a, start); got != tt.want || Demands(got) != tt.demand {
			t.Errorf("%s: %s demands %s; want %s, %s", name, got, Demands(got), tt.want, tt.demand)
		}
	}
}

func TestTheDeadLoseTheirAccounts(t *testing.T) {
	w := newWorld(t, 6)
	w.change(2, func(p *match.Person) { p.Deceased = true })
	w.accounts[w.codes[2]] = append(w.accounts[w.codes[2]],
		account.Account{ID: "second", Person: w.codes[2], State: account.Suspended, Surname: "Åsk", GivenNames: "Ada"},
		account.Account{ID: "making", Person: w.codes[2], State: account.Issued})
	for range 2 { // a second night has nothing to do
		if err := w.night(t); err != nil {
			t.Fatal(err)
		}
		if len(w.ended) != 2 || w.ended["a002"] != tunnus.CodeRegiDeceased || w.ended["second"] != tunnus.CodeRegiDeceased {
			t.Errorf("ended: %v", w.ended)
		}
		if got := w.kinds("a002"); !slices.Equal(got, []string{"reconcile.end", "reconcile.settle"}) {
			t.Errorf("lines: %v", got)
		}
	}
	if w.accounts[w.codes[2]][0].State != account.Revoked {
		t.Error("not revoked")
	}
}

func TestANewNameGivesTimeToRenew(t *testing.T) {
	w := newWorld(t, 3)
	w.change(1, func(p *match.Person) { p.Surname = "Ek" })
	for day := range 32 {
		if err := w.night(t); err != nil {
			t.Fatal(err)
		}
		if closed := day >= 30; (len(w.ended) == 1) != closed || w.told["a001"] != 1 {
			t.Fatalf("night %d: ended %v, told %d times", day, w.ended, w.told["a001"])
		}
	}
	if w.ended["a001"] != tunnus.CodeRegiMismatch || w.accounts[w.codes[1]][0].State != account.Closed {
		t.Errorf("ended: %v", w.ended)
	}
}

// Whoever has renewed has an account with the new name, which stays; a register
// that takes its word back closes nothing, and the next change gives time anew.
func TestANameThatAgreesAgainIsSettled(t *testing.T) {
	w := newWorld(t, 1)
	w.change(0, func(p *match.Person) { p.Surname = "Ek" })
	w.accounts[w.codes[0]] = append(w.accounts[w.codes[0]], account.Account{ID: "renewed", Person: w.codes[0], State: account.Active, Surname: "Ek", GivenNames: "Ada"})
	if err := w.night(t); err != nil || w.told["a000"] != 1 || w.told["renewed"] != 0 {
		t.Fatalf("%v, told %v", err, w.told)
	}
	w.change(0, func(p *match.Person) { p.Surname = "Åsk" })
	w.accounts[w.codes[0]] = w.accounts[w.codes[0]][:1]
	if err := w.night(t); err != nil || !w.cases["a000"].Settled {
		t.Fatalf("%v: %+v", err, w.cases["a000"])
	}
	w.now = w.now.Add(40 * 24 * time.Hour)
	w.change(0, func(p *match.Person) { p.Surname = "Ek" })
	if err := w.night(t); err != nil || len(w.ended) != 0 || w.told["a000"] != 2 {
		t.Errorf("%v: ended %v, told %v", err, w.ended, w.told)
	}
}

func TestWhatIsDoubtfulIsLookedAtOnce(t *testing.T) {
	w := newWorld(t, 4)
	delete(w.people, w.codes[1])
	w.change(3, func(p *match.Person) { p.Successor = code(t, 500) })
	for range 3 {
		if err := w.night(t); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"a001", "a003"} {
		if got := w.kinds(id); !slices.Equal(got, []string{"reconcile.review"}) {
			t.Errorf("%s: %v", id, got)
		}
	}
	if len(w.ended) != 0 || len(w.told) != 0 {
		t.Errorf("ended %v, told %v", w.ended, w.told)
	}
	for _, e := range w.events {
		for k, v := range e.Detail {
			if strings.Contains(v, "19900214") || strings.Contains(v, "sk") && k != "step" && k != "asked" {
				t.Errorf("a line tells %s=%q", k, v)
			}
		}
	}
}

// A register that is down for half of the walk revokes nobody wrongly, forgets
// nobody, and the walk goes on where it stopped.
func TestDownForHalfOfTheWalk(t *testing.T) {
	w := newWorld(t, 20)
	for _, i := range []int{3, 14} {
		w.change(i, func(p *match.Person) { p.Deceased = true })
	}
	w.answer = func(n int, p match.Person) (match.Person, error) {
		if n > 10 {
			return match.Person{}, errDown
		}
		return p, nil
	}
	if err := w.night(t); !errors.Is(err, ErrDown) {
		t.Fatalf("Run = %v", err)
	}
	if len(w.ended) != 1 || w.ended["a003"] == "" || w.run.Cursor == "" {
		t.Fatalf("ended %v, cursor %v", w.ended, w.run.Cursor != "")
	}
	before := w.asked
	w.answer = nil
	if err := w.night(t); err != nil || len(w.ended) != 2 || w.ended["a014"] == "" {
		t.Errorf("the next night: %v, ended %v", err, w.ended)
	}
	if again := w.asked - before; again != 20-9+1 { // the one who died is asked twice
		t.Errorf("%d were asked in the second night", again)
	}
	if w.run.Cursor != "" || w.run.Asked != 20 {
		t.Errorf("run: asked %d", w.run.Asked)
	}
}

// Nothing is concluded from an answer that cannot be used, whoever it is about.
func TestUnusableAnswersChangeNothing(t *testing.T) {
	w := newWorld(t, 50)
	other := w.people[w.codes[0]]
	other.Deceased = true
	w.answer = func(n int, p match.Person) (match.Person, error) {
		switch n % 3 {
		case 0:
			return match.Person{}, errors.New("garbage")
		case 1:
			return other, nil
		}
		return p, nil
	}
	w.codes = w.codes[1:]
	if err := w.night(t); err != nil || len(w.ended)+len(w.cases)+len(w.told) != 0 || w.run.Failed < 30 {
		t.Errorf("%v: ended %v, %d cases, %d failed", err, w.ended, len(w.cases), w.run.Failed)
	}
	w.answer = func(int, match.Person) (match.Person, error) { return match.Person{}, errors.New("garbage") }
	if err := w.night(t); !errors.Is(err, ErrDown) {
		t.Errorf("nothing but garbage: %v", err)
	}
}

// What cannot be undone does not rest on one answer.
func TestADeathIsAskedTwice(t *testing.T) {
	w := newWorld(t, 2)
	w.answer = func(n int, p match.Person) (match.Person, error) { p.Deceased = n == 1; return p, nil }
	if err := w.night(t); err == nil || len(w.ended) != 0 || len(w.cases) != 0 {
		t.Errorf("%v: ended %v", err, w.ended)
	}
}

// A register that says of everybody that they are dead, or that it knows nobody,
// is stopped.
func TestTheBrake(t *testing.T) {
	for name, answer := range map[string]func(int, match.Person) (match.Person, error){
		"all dead":    func(_ int, p match.Person) (match.Person, error) { p.Deceased = true; return p, nil },
		"all unknown": func(int, match.Person) (match.Person, error) { return match.Person{}, match.ErrNoPerson },
		"all renamed": func(_ int, p match.Person) (match.Person, error) { p.Surname = "X"; return p, nil },
	} {
		w := newWorld(t, 100)
		w.answer = answer
		if err := w.night(t); !errors.Is(err, ErrBrake) || len(w.cases) != rules.Floor {
			t.Errorf("%s: %v, %d touched", name, err, len(w.cases))
		}
		if err := w.service(t, nil).Run(t.Context()); err != nil || len(w.cases) != rules.Floor {
			t.Errorf("%s: again in that night: %v, %d touched", name, err, len(w.cases))
		}
		if got := w.kinds("register"); !slices.Contains(got, "reconcile.brake") {
			t.Errorf("%s: lines %v", name, got)
		}
	}
}

func TestAnAccountThatCannotBeEndedIsTriedAgain(t *testing.T) {
	w := newWorld(t, 3)
	w.change(0, func(p *match.Person) { p.Deceased = true })
	w.change(2, func(p *match.Person) { p.Deceased = true })
	w.broken["a000"] = true
	if err := w.night(t); err == nil || len(w.ended) != 1 || w.ended["a002"] == "" {
		t.Fatalf("%v: %v", err, w.ended)
	}
	w.broken["a000"] = false
	if err := w.night(t); err != nil || len(w.ended) != 2 {
		t.Errorf("%v: %v", err, w.ended)
	}
}

// Of several nodes one walks; a node that died holds the walk for a while only.
func TestOneNodeWalks(t *testing.T) {
	w := newWorld(t, 8)
	one := w.service(t, func(c *Config) {
		c.Pace = func(ctx context.Context) error {
			before := w.asked
			if err := w.service(t, nil).Run(ctx); err != nil || w.asked != before { // another node meanwhile
				t.Errorf("a second node asked: %v", err)
			}
			return nil
		}
	})
	if err := one.Run(t.Context()); err != nil || w.asked != 8 {
		t.Fatalf("%v, %d asked", err, w.asked)
	}
	if err := w.service(t, nil).Run(t.Context()); err != nil || w.asked != 8 {
		t.Errorf("a second walk in one night: %v, %d asked", err, w.asked)
	}
	w.run.Cursor, w.run.Lease = w.codes[3].SemanticsID(), w.now.Add(time.Minute) // who held it is dead
	if err := w.service(t, nil).Run(t.Context()); err != nil || w.asked != 8 {
		t.Errorf("the walk was taken away: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if err := w.service(t, nil).Run(t.Context()); err != nil || w.asked != 12 {
		t.Errorf("the walk was not taken over: %v, %d asked", err, w.asked)
	}
}

// Whatever the register says and however often it fails, an account ends only if
// it said so of this person at least twice, or for as long as the time to renew.
func TestNobodyEndsWithoutCause(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, 6)
		said := map[tunnus.PersonCode]int{} // deaths and other names, by person
		w.answer = func(_ int, p match.Person) (match.Person, error) {
			switch rapid.IntRange(0, 9).Draw(rt, "mood") {
			case 0:
				return match.Person{}, errDown
			case 1:
				return match.Person{}, errors.New("garbage")
			case 2:
				return match.Person{}, match.ErrNoPerson
			case 3:
				said[p.Code]++
				p.Deceased = true
			case 4:
				said[p.Code]++
				p.Surname = "Ek"
			}
			return p, nil
		}
		for range rapid.IntRange(1, 40).Draw(rt, "nights") {
			_ = w.night(t)
		}
		for c, list := range w.accounts {
			if !list[0].State.Live() && said[c] < 2 {
				rt.Fatalf("%s ended after it was said %d times", list[0].ID, said[c])
			}
		}
	})
}
