package card

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
)

// Ten thousand visits type one code at once: one gets it, and since others came,
// nobody keeps it.
func TestR7CodeIsConsumedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	const many = 10_000
	ids := make([]string, many)
	for i := range ids {
		ids[i] = w.crowd(i)
	}
	w.m.atSlip = meet(many)
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { errs[i] = w.Match(t.Context(), ids[i], c.Text, From{}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	matched := 0
	for _, e := range w.m.events {
		if e.Kind == "card.matched" {
			matched++
		}
	}
	if won != 1 || matched != 1 {
		t.Errorf("%d of %d got the code, %d events say so; want 1", won, many, matched)
	}
	_, _, err := w.Outcome(t.Context(), "sitting", "hk-sitting")
	w.want("Outcome", err, tunnus.CodeSesTerminated)
	for id, v := range w.m.clone() {
		if v.State == Matched || v.State == Signed {
			t.Errorf("visit %s is %s", id, v.State)
		}
	}
}

// A second visit that types a code ends the first one too, even after the card has
// signed, and an alarm stands in the log.
func TestR7SecondConsumerAbortsBoth(t *testing.T) {
	for _, signed := range []bool{false, true} {
		w := newWorld(t)
		c := w.code("sitting")
		first, second := w.ready(w.card), w.crowd(1)
		w.must("Match", w.Match(t.Context(), first, c.Text, From{}))
		if signed {
			w.must("sign", w.sign(w.card, first))
		}
		w.want("the second one", w.Match(t.Context(), second, c.Text, From{}), tunnus.CodeSesTerminated)
		for _, v := range []string{first, second} {
			_, err := w.Who(t.Context(), v)
			w.want("a visit after it", err, tunnus.CodeNotFound)
		}
		_, _, err := w.Outcome(t.Context(), "sitting", "hk-sitting")
		w.want("Outcome", err, tunnus.CodeSesTerminated)
		_, err = w.Code(t.Context(), w.phone("sitting"))
		w.want("Code", err, tunnus.CodeSesTerminated)
		i := slices.IndexFunc(w.m.events, func(e tunnus.Event) bool { return e.Kind == "card.clash" && e.Detail["alarm"] == "true" })
		if i < 0 {
			t.Errorf("no alarm among %v", w.kinds())
		}
	}
}

// A person whose browser was closed types the code again in another visit, and goes on
// there under a new pairing; the first visit is over. Nobody else could.
func TestR7OnePersonIsOneConsumer(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	first, second := w.ready(w.card), w.ready(w.card)
	w.must("Match", w.Match(t.Context(), first, c.Text, From{}))
	before, err := w.Who(t.Context(), first)
	w.must("Who", err)
	w.must("Match again", w.Match(t.Context(), second, c.Text, From{}))
	_, err = w.Who(t.Context(), first)
	w.want("the first visit", err, tunnus.CodeNotFound)
	after, err := w.Who(t.Context(), second)
	if err != nil || after.Pairing == before.Pairing || after.Pairing == "" {
		t.Errorf("pairing %q after %q, %v", after.Pairing, before.Pairing, err)
	}
	w.must("sign", w.sign(w.card, second))
	w.want("once it is signed", w.Match(t.Context(), w.ready(w.card), c.Text, From{}), tunnus.CodeRegcodeOld)
	if _, ok, err := w.Outcome(t.Context(), "sitting", "hk-sitting"); !ok || err != nil {
		t.Errorf("Outcome: %v, %v", ok, err)
	}
}

// Whoever guesses is stopped, ten thousand times, and the code of somebody else
// works as if nothing had been.
func TestR7GuessingHurtsNoHolder(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	judged, visits := 0, 0
	for n := 0; n < 10_000; visits++ {
		v := w.crowd(visits)
		for {
			err := w.Match(t.Context(), v, wrongCode(n, c.Text), From{})
			if tunnus.CodeOf(err) != tunnus.CodeRegcodeBad {
				t.Fatalf("guess %d: %v", n, err)
			}
			n++
			judged++
			if w.m.visits[v].State == Ended {
				break
			}
		}
	}
	if allowed := DefaultRules.Guesses + visits + DefaultRules.CodeTries; judged > allowed {
		t.Errorf("%d guesses were judged for %d visits; want at most %d", judged, visits, allowed)
	}
	v := w.ready(w.card)
	w.must("the right code", w.Match(t.Context(), v, c.Text, From{}))
	w.must("sign", w.sign(w.card, v))
}

// Five wrong codes of one person, in however many visits, end the right to type
// any code that is shown now; the person is charged, and locked if it goes on.
func TestR7FiveTriesOfAPerson(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	first := w.ready(w.card)
	for i := range 3 {
		w.want("a wrong code", w.Match(t.Context(), first, wrongCode(i, c.Text), From{}), tunnus.CodeRegcodeBad)
	}
	second := w.ready(w.card)
	w.want("the fourth", w.Match(t.Context(), second, wrongCode(4, c.Text), From{}), tunnus.CodeRegcodeBad)
	w.want("the fifth", w.Match(t.Context(), second, wrongCode(5, c.Text), From{}), tunnus.CodeRegcodeBad)
	_, err := w.Who(t.Context(), second)
	w.want("the visit", err, tunnus.CodeNotFound)
	w.want("the right code, too late", w.Match(t.Context(), first, c.Text, From{}), tunnus.CodeRegcodeBad)
	w.want("the right code, in another visit", w.Match(t.Context(), w.ready(w.card), c.Text, From{}), tunnus.CodeRegcodeBad)
	key := w.cfg.People.AccountKey("card/" + w.mark(code(t, 1)))
	w.want("three dead visits", w.cfg.People.Check(t.Context(), key), tunnus.CodeReqTooOften)
	w.now = w.now.Add(2 * time.Hour)
	w.must("when the lock is over", w.Match(t.Context(), w.ready(w.card), w.code("later").Text, From{}))
}

// A try is paid for before it is judged: a hundred at once are five.
func TestR7TriesAreChargedFirst(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	v := w.crowd(1)
	w.m.atVisit = meet(100)
	errs := make([]error, 100)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = w.Match(t.Context(), v, wrongCode(i, c.Text), From{}) })
	}
	wg.Wait()
	judged := 0
	for _, err := range errs {
		if tunnus.CodeOf(err) == tunnus.CodeRegcodeBad {
			judged++
		}
	}
	if judged > DefaultRules.CodeTries {
		t.Errorf("%d tries were judged", judged)
	}
}

// Guessing slows the address, and typing the right code does not.
func TestR7GuessingSlowsTheAddress(t *testing.T) {
	w := newWorld(t)
	w.cfg.Paces = lock.Addresses{Paces: ledger{w.m}, Rules: lock.Pace{Window: time.Hour, Free: 3, Every: time.Minute}, Names: w.cfg.People, Clock: w.cfg.Clock}
	here := From{Address: "192.0.2.7"}
	for i := range 9 {
		w.must("the right code", w.Match(t.Context(), w.crowd(100+i), w.code(string(rune('a'+i))).Text, here))
	}
	for i := range 3 {
		w.want("a wrong code", w.Match(t.Context(), w.crowd(i), wrongCode(i, ""), here), tunnus.CodeRegcodeBad)
	}
	w.want("one more", w.Match(t.Context(), w.crowd(9), wrongCode(9, ""), here), tunnus.CodeReqTooOften)
}

// A code lives for fifteen minutes, and then no try is charged for it.
func TestR7CodeLives15Minutes(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	if got := c.Until.Sub(w.now); got != 15*time.Minute {
		t.Errorf("it lives for %v", got)
	}
	w.now = c.Until
	v := w.ready(w.card)
	w.want("Match", w.Match(t.Context(), v, c.Text, From{}), tunnus.CodeRegcodeOld)
	if n := w.m.visits[v].Tries; n != 0 {
		t.Errorf("%d tries were charged", n)
	}
	_, err := w.Code(t.Context(), w.phone("sitting"))
	w.want("Code", err, tunnus.CodeRegcodeOld)
	_, _, err = w.Outcome(t.Context(), "sitting", "hk-sitting")
	w.want("Outcome", err, tunnus.CodeRegcodeOld)
}

// What has not the form of a code is no guess.
func TestWhatIsNoCode(t *testing.T) {
	w := newWorld(t)
	v := w.crowd(1)
	for _, typed := range []string{"", "ABC", "ABCDEFGHJ", "0BCDEFGH", "ABCDEFG1", "<script>", "ABCDEFG\x00", "ÄBCDEFGH", string(make([]byte, 1<<20))} {
		w.want("Match", w.Match(t.Context(), v, typed, From{}), tunnus.CodeBadRequest)
	}
	if n := w.m.visits[v].Tries; n != 0 {
		t.Errorf("%d tries were charged", n)
	}
}

// What is typed is read back as it was shown, or refused.
func FuzzNormal(f *testing.F) {
	f.Add("abcd efgh")
	f.Fuzz(func(t *testing.T, typed string) {
		text, ok := normal(typed)
		if !ok {
			return
		}
		if again, ok := normal(text); !ok || again != text || len(text) != length {
			t.Errorf("%q became %q, then %q", typed, text, again)
		}
	})
}
