package confirm

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

func TestAskedAgainItIsTheSameLink(t *testing.T) {
	w := newWorld(t)
	link := w.ask(statement.Vouch)
	if again := w.ask(statement.Vouch); again != link || len(w.events) != 1 {
		t.Errorf("links %s and %s, %d lines", link, again, len(w.events))
	}
	other := order(statement.Vouch)
	other.Session = "another sitting"
	if l, err := w.Ask(t.Context(), other); err != nil || l == link {
		t.Errorf("another sitting's link = %s, %v", l, err)
	}
	other = order(statement.Vouch)
	other.Device = "another phone"
	_, err := w.Ask(t.Context(), other)
	w.wants("Ask by another device", err, tunnus.CodeStateConflict)
}

func TestWrongLinksLeadNowhere(t *testing.T) {
	w := newWorld(t)
	link := w.ask(statement.Vouch)
	id, word, _ := strings.Cut(link, ".")
	for _, bad := range []string{"", ".", id, id + ".", "." + word, word + "." + id, link + "A", link[:len(link)-1], id + "." + word + ".x", "tunnus://" + link} {
		_, err := w.Claim(t.Context(), bad, holder("old", ada))
		w.wants("Claim of "+bad, err, tunnus.CodeNotFound)
		w.wants("Refuse of "+bad, w.Refuse(t.Context(), bad, holder("old", ada)), tunnus.CodeNotFound)
	}
	if q := w.row(); q.State != Asked || len(w.offers) != 0 {
		t.Errorf("the question is %s, %d offers", q.State, len(w.offers))
	}
}

func TestFirstClaimBinds(t *testing.T) {
	w := newWorld(t)
	link, by := w.ask(statement.Vouch), holder("old", ada)
	c := w.claim(link, by)
	login, sign := w.offers[c.Login], w.offers[c.Sign]
	if login.KeyID != by.LoginKey || login.Padding != splitkey.Internal || sign.KeyID != by.SignKey || sign.Padding != splitkey.PSS {
		t.Errorf("offers: %+v %+v", login, sign)
	}
	says, err := statement.Parse(sign.Record)
	if err != nil || string(login.Record) != string(sign.Record) {
		t.Fatalf("two statements, or none: %v", err)
	}
	if says.Person != ada.SemanticsID() || says.Device != "new-phone" || says.Session != "sitting" || says.Code != "42" || says.Level != "QUALIFIED" {
		t.Errorf("statement: %+v", says)
	}
	if q := w.row(); q.State != Claimed || q.Account != "old" {
		t.Errorf("the question is %s by %s", q.State, q.Account)
	}
	w.now = w.now.Add(time.Minute)
	if again := w.claim(link, by); again != c || len(w.offers) != 2 {
		t.Errorf("claimed again: %+v; want %+v; %d offers", again, c, len(w.offers))
	}
	_, err = w.Claim(t.Context(), link, account.Account{ID: "x", Device: "new-phone"})
	w.wants("Claim by the phone that registers", err, tunnus.CodeStateConflict)
}

func TestSecondClaimAbortsBoth(t *testing.T) {
	for _, done := range []bool{false, true} {
		w := newWorld(t)
		link := w.ask(statement.Vouch)
		c := w.claim(link, holder("old", ada))
		if done && !(w.pin(c.Login) && w.pin(c.Sign)) {
			t.Fatal("the PINs came to nothing")
		}
		_, err := w.Claim(t.Context(), link, holder("thief", ada))
		w.wants("second Claim", err, tunnus.CodeStateConflict)
		if q := w.row(); q.State != Disputed || q.Sealed != nil || len(w.live()) != 0 {
			t.Errorf("the question is %s, holds %d bytes; %v live on", q.State, len(q.Sealed), w.live())
		}
		for _, by := range []string{"old", "thief"} {
			_, err = w.Claim(t.Context(), link, holder(by, ada))
			w.wants("Claim afterwards", err, tunnus.CodeStateConflict)
		}
		w.answer(statement.Vouch, false, tunnus.CodeConfirmNo)
		_, err = w.Ask(t.Context(), order(statement.Vouch))
		w.wants("Ask afterwards", err, tunnus.CodeStateConflict)
	}
}

func TestAnswerNeedsBothPINs(t *testing.T) {
	for _, which := range []string{"", "pin1", "pin2", "both"} {
		w := newWorld(t)
		w.answer(statement.Vouch, false, "") // not even asked
		link := w.ask(statement.Vouch)
		w.answer(statement.Vouch, false, "")
		c := w.claim(link, holder("old", ada))
		if which == "pin1" || which == "both" {
			w.pin(c.Login)
		}
		if which == "pin2" || which == "both" {
			w.pin(c.Sign)
		}
		a := w.answer(statement.Vouch, which == "both", "")
		if which == "both" && (a.Account != "old" || a.Person != ada || a.Level != tunnus.Qualified || a.Detail["pin1"] == "" || a.Detail["pin1"] == a.Detail["pin2"]) {
			t.Errorf("answer: %+v", a)
		}
	}
}

// The answer of one sitting is no other's, and what is answered is one matter.
func TestAnswerIsBoundToSittingAndMatter(t *testing.T) {
	w := newWorld(t)
	c := w.claim(w.ask(statement.Vouch), holder("old", ada))
	w.pin(c.Login)
	w.pin(c.Sign)
	for _, of := range []struct {
		session string
		about   statement.About
	}{{"another", statement.Vouch}, {"", statement.Vouch}, {"sitting", statement.Replace}, {"sitting", statement.Guardian}} {
		if _, ok, err := w.Answer(t.Context(), of.session, of.about); ok || err != nil {
			t.Errorf("%v has an answer, %v", of, err)
		}
	}
	w.answer(statement.Vouch, true, "")
}

func TestRefusal(t *testing.T) {
	w := newWorld(t)
	link, by := w.ask(statement.Vouch), holder("old", ada)
	c := w.claim(link, by)
	w.wants("Refuse by another", w.Refuse(t.Context(), link, holder("other", ada)), tunnus.CodeNotFound)
	w.wants("Refuse by the phone that registers", w.Refuse(t.Context(), link, account.Account{ID: "old", Device: "new-phone"}), tunnus.CodeNotFound)
	for range 2 { // the answer may get lost
		w.wants("Refuse", w.Refuse(t.Context(), link, by), "")
	}
	if q := w.row(); q.State != Refused || q.Sealed != nil || !w.cancelled[c.Login] || !w.cancelled[c.Sign] {
		t.Errorf("the question is %s; cancelled %v", q.State, w.cancelled)
	}
	w.answer(statement.Vouch, false, tunnus.CodeConfirmNo)
}

func TestLapse(t *testing.T) {
	for _, about := range []statement.About{statement.Vouch, statement.Guardian} {
		for _, claimed := range []bool{false, true} {
			w := newWorld(t)
			w.guardians[ada] = true
			link, code := w.ask(about), tunnus.CodeConfirmNo
			if about == statement.Guardian {
				code = tunnus.CodeGuardLate
			}
			if claimed {
				w.claim(link, holder("old", ada))
			}
			w.now = order(about).Until
			for range 2 {
				w.answer(about, false, code)
			}
			if q := w.row(); q.State != Lapsed || q.Sealed != nil || len(w.live()) != 0 {
				t.Errorf("the question is %s, %d bytes, live: %v", q.State, len(q.Sealed), w.live())
			}
			_, err := w.Claim(t.Context(), link, holder("old", ada))
			w.wants("Claim of what has lapsed", err, tunnus.CodeStateConflict)
		}
	}
}

// Whoever follows the link is told that time is over, before anybody else looked.
func TestClaimTooLate(t *testing.T) {
	w := newWorld(t)
	link := w.ask(statement.Vouch)
	w.now = start.Add(30 * time.Minute)
	_, err := w.Claim(t.Context(), link, holder("old", ada))
	w.wants("Claim", err, tunnus.CodeConfirmNo)
	if w.row().State != Lapsed || len(w.offers) != 0 {
		t.Errorf("the question is %s, %d offers", w.row().State, len(w.offers))
	}
}

// Answered in time, asked for late: it counts.
func TestAnswerInTimeIsNotLost(t *testing.T) {
	w := newWorld(t)
	c := w.claim(w.ask(statement.Vouch), holder("old", ada))
	w.pin(c.Login)
	w.pin(c.Sign)
	w.now = start.Add(time.Hour)
	w.answer(statement.Vouch, true, "")
}

// The ten minutes for the PINs are over, but not the guardian's week: the same
// account may claim again, and both halves of the first time are worth nothing.
func TestClaimedAgainAfterTheTimeForPINs(t *testing.T) {
	w := newWorld(t)
	link, by := w.ask(statement.Replace), holder("old", ada)
	first := w.claim(link, by)
	w.pin(first.Login)
	w.now = w.now.Add(answerWithin)
	second := w.claim(link, by)
	if second.Login == first.Login || second.Sign == first.Sign || !second.Until.Equal(w.now.Add(answerWithin)) {
		t.Fatalf("claimed again: %+v, before %+v", second, first)
	}
	if !w.pin(second.Sign) {
		t.Fatal("PIN2 comes to nothing")
	}
	w.answer(statement.Replace, false, "")
	if !w.pin(second.Login) {
		t.Fatal("PIN1 comes to nothing")
	}
	w.answer(statement.Replace, true, "")
	if again := w.claim(link, by); again.Sign != second.Sign {
		t.Error("what is answered was put up once more")
	}
}

// The process dies at any write of a claim: the same request does what is left.
func TestClaimIsRepeatedAfterACrash(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t)
		link, by := w.ask(statement.Vouch), holder("old", ada)
		w.die = n
		_, err := w.Claim(t.Context(), link, by)
		if !w.dead {
			if n < 3 || err != nil {
				t.Errorf("a claim has %d writes, %v", n-1, err)
			}
			return
		}
		w.answer(statement.Vouch, false, "")
		w.now = w.now.Add(3 * time.Second) // the phone asks again
		c := w.claim(link, by)
		if len(w.offers) != 2 || !w.pin(c.Login) || !w.pin(c.Sign) {
			t.Errorf("killed at write %d: %d offers, claim %+v", n, len(w.offers), c)
		}
		w.answer(statement.Vouch, true, "")
	}
}

// A question ends while it is put up: nothing stays that could be answered.
func TestClaimRacesWithItsEnd(t *testing.T) {
	for name, end := range map[string]func(*world, string){
		"lapse": func(w *world, _ string) {
			w.now = start.Add(30 * time.Minute)
			w.answer(statement.Vouch, false, tunnus.CodeConfirmNo)
			w.now = start
		},
		"second": func(w *world, link string) { _, _ = w.Claim(w.Context(), link, holder("other", ada)) },
		"refuse": func(w *world, link string) { w.wants("Refuse", w.Refuse(w.Context(), link, holder("old", ada)), "") },
		"end":    func(w *world, _ string) { w.wants("End", w.End(w.Context(), "sitting"), "") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			link := w.ask(statement.Vouch)
			w.before = func() { end(w, link) }
			_, err := w.Claim(t.Context(), link, holder("old", ada))
			w.wants("Claim", err, tunnus.CodeStateConflict)
			if q := w.row(); !q.State.Over() || q.Sealed != nil || len(w.live()) != 0 {
				t.Errorf("the question is %s, holds %d bytes; live: %v", q.State, len(q.Sealed), w.live())
			}
		})
	}
}

// A sitting that has taken its answer, or that ends, leaves nothing behind.
func TestNothingSealedIsLeft(t *testing.T) {
	for _, answered := range []bool{false, true} {
		w := newWorld(t)
		c := w.claim(w.ask(statement.Vouch), holder("old", ada))
		want := Lapsed
		if answered {
			w.pin(c.Login)
			w.pin(c.Sign)
			want = Answered
		}
		for range 2 {
			w.wants("End", w.End(t.Context(), "sitting"), "")
		}
		if q := w.row(); q.State != want || q.Sealed != nil || len(w.live()) != 0 {
			t.Errorf("the question is %s, holds %d bytes; live: %v", q.State, len(q.Sealed), w.live())
		}
		w.answer(statement.Vouch, false, tunnus.CodeConfirmNo) // one use
	}
}

func TestSweepEndsWhatNobodyEnds(t *testing.T) {
	w := newWorld(t)
	w.guardians[ada] = true
	asked := w.ask(statement.Vouch)
	w.claim(w.ask(statement.Guardian), holder("old", ada))
	w.now = start.Add(31 * time.Minute)
	if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("Sweep before its time = %d, %v", n, err)
	}
	w.now = start.Add(32 * time.Minute)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v; want the one that is due", n, err)
	}
	w.now = start.Add(8 * 24 * time.Hour)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v; want the guardian's", n, err)
	}
	for _, q := range w.rows {
		if q.State != Lapsed || q.Sealed != nil {
			t.Errorf("%s is %s and holds %d bytes", q.About, q.State, len(q.Sealed))
		}
	}
	_, err := w.Claim(t.Context(), asked, holder("old", ada))
	w.wants("Claim", err, tunnus.CodeStateConflict)
}
