package faults

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	holders "github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/store"
)

// Two nodes make the last account that a person may have, at the same time: one is
// made, and the other registration is told that there are as many as there may be.
func TestTwoNodesOneLastPlace(t *testing.T) {
	const most = 2
	engines(t, func(t *testing.T, a, b *store.Store) {
		began, wins, n := time.Now(), [2]int{}, rounds(t)/10 // each makes three accounts and ends them
		for round := range n {
			person, err := tunnus.ParseSemanticsID(fmt.Sprintf("PNOXX-%s", utopian(fmt.Sprintf("%011d", 19900101000+round%999))))
			if err != nil {
				t.Fatal(err)
			}
			made := func(s *store.Store, who string) func() error {
				id := fmt.Sprint(round, "-", who)
				v, err := holders.New(holders.Holder{Person: person, Surname: "A", GivenNames: "B", Level: tunnus.Qualified, Device: id, LoginKey: id + "l", SignKey: id + "s"}, began)
				if err != nil {
					t.Fatal(err)
				}
				return func() error {
					sits := sitting.Session{ID: id, Device: id, Route: way.Route{Way: way.Passport, Purpose: way.New}, State: way.Open, Payload: []byte{0}}
					return s.Enrolments().Commit(t.Context(), sitting.Change{Session: sits, Account: &v, Most: most, Events: note("account.create", v.ID)})
				}
			}
			if err := made(a, "before")(); err != nil {
				t.Fatal(err)
			}
			winner := place(t, round, made(a, "a"), made(b, "b"))
			wins[winner]++
			all, err := b.Accounts().ByPerson(t.Context(), person)
			all = slices.DeleteFunc(all, func(v holders.Account) bool { return !v.State.Live() })
			if err != nil || len(all) != most {
				t.Fatalf("round %d: %d accounts, %v", round, len(all), err)
			}
			for _, v := range all { // a later round has the same person
				if v, line, err := v.After(holders.Close, "", began); err != nil {
					t.Fatal(err)
				} else if err := a.Accounts().Save(t.Context(), v, []tunnus.Event{line}); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Logf("%d rounds in %v, won %v", n, time.Since(began).Round(time.Millisecond), wins)
	})
}

// place is a race of which exactly one gets its place, and the other has come too late.
func place(t *testing.T, round int, both ...func() error) (winner int) {
	t.Helper()
	errs := make([]error, len(both))
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, do := range both {
		wg.Go(func() { <-start; errs[i] = do() })
	}
	close(start)
	wg.Wait()
	winner = -1
	for i, err := range errs {
		switch code := tunnus.CodeOf(err); {
		case err == nil && winner >= 0:
			t.Fatalf("round %d: both have a place", round)
		case err == nil:
			winner = i
		case code != tunnus.CodeDevTooMany:
			t.Fatalf("round %d: node %d: %v", round, i, err)
		}
	}
	if winner < 0 {
		t.Fatalf("round %d: nobody has a place: %v", round, errs)
	}
	return winner
}

// utopian adds the check digit to eleven digits of a personal code.
func utopian(s string) string {
	sum := 0
	for i := range s {
		sum += int(s[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return s + string(rune('0'+sum%10))
}
