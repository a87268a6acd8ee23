package confirm

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/statement"
)

var (
	dov     = person(utopian("19710521001"))
	request = idcard.Request{Hash: []byte("digest"), HashFunction: "SHA-384"}
	signed  = map[string]string{"record": "digest of it", "text": "t"}
)

// childs is the world with a child's question; ada and dov are guardians.
func childs(t *testing.T) (w *world, id string) {
	t.Helper()
	w = newWorld(t)
	w.guardians[ada], w.guardians[dov] = true, true
	id, _, _ = strings.Cut(w.ask(statement.Guardian), ".")
	return w, id
}

// cardSays has a guardian's card say yes.
func (w *world) cardSays(id string, who tunnus.PersonCode) error {
	w.Helper()
	if err := w.Hold(w.Context(), id, who, request); err != nil {
		return err
	}
	return w.Sign(w.Context(), id, who, request, []byte("evidence"), signed)
}

// R9: a guardian without an account answers by an ID-card: once, for this sitting, and
// the evidence stays.
func TestR9GuardianSignsByIDCard(t *testing.T) {
	w, id := childs(t)
	list, err := w.About(t.Context(), child, ada)
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].Busy || list[0].Signed || list[0].Request != nil {
		t.Fatalf("%+v, %v", list, err)
	}
	says := list[0].Statement
	if says.Device != "new-phone" || says.Person != child.SemanticsID() || !strings.Contains(list[0].Text, says.Text()) || !strings.HasSuffix(list[0].Text, "\nRegistration: sitting\n") {
		t.Errorf("the card would sign %q, %v", list[0].Text, err)
	}
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	w.answer(statement.Guardian, false, "")
	w.wants("Sign", w.Sign(t.Context(), id, ada, request, []byte("evidence"), signed), "")
	a := w.answer(statement.Guardian, true, "")
	if a.By != ada || a.Person != child || a.Detail["record"] != signed["record"] || !strings.HasPrefix(a.Account, cardholder) || strings.Contains(a.Account, ada.Value()) {
		t.Errorf("answer: %+v", a)
	}
	w.wants("Sign again", w.Sign(t.Context(), id, ada, request, []byte("other"), signed), tunnus.CodeStateConflict)
	w.wants("Hold again", w.Hold(t.Context(), id, ada, request), tunnus.CodeStateConflict)
	w.wants("Decline", w.Decline(t.Context(), id, ada), tunnus.CodeStateConflict)
	w.wants("End", w.End(t.Context(), "sitting"), "")
	if b, err := w.Evidence(t.Context(), id); string(b) != "evidence" || err != nil {
		t.Errorf("evidence: %q, %v", b, err)
	}
	w.wants("Sign, once taken", w.Sign(t.Context(), id, ada, request, []byte("other"), signed), tunnus.CodeNotFound)
	if list, err = w.About(t.Context(), child, ada); len(list) != 0 || err != nil {
		t.Errorf("still there: %+v, %v", list, err)
	}
}

// R9: by card or by account, the same people may answer, at each step of it.
func TestR9CardIsAskedOfTheRegisterToo(t *testing.T) {
	ben := person(utopian("19840703001"))
	for name, who := range map[string]tunnus.PersonCode{"a stranger": ben, "the child itself": child} {
		w, id := childs(t)
		if list, err := w.About(t.Context(), child, who); len(list) != 0 || err != nil {
			t.Errorf("%s sees %+v, %v", name, list, err)
		}
		c, err := w.Consent(t.Context(), id, who)
		if w.wants(name, err, tunnus.CodeNotFound); c != (Consent{}) {
			t.Errorf("%s is shown %+v", name, c)
		}
		w.wants(name, w.Hold(t.Context(), id, who, request), tunnus.CodeNotFound)
		w.wants(name, w.Decline(t.Context(), id, who), tunnus.CodeNotFound)
		if w.row().State != Asked {
			t.Errorf("%s: the question is %s", name, w.row().State)
		}
	}
	w, id := childs(t)
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	w.guardians[ada] = false // since then
	w.wants("no guardian any more", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeNotFound)
	w.guardians[ada], w.down = true, true
	w.wants("the register is down", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeRegiDown)
	_, err := w.About(t.Context(), child, ada)
	w.wants("the register is down", err, tunnus.CodeRegiDown)
	w.down = false
	w.answer(statement.Guardian, false, "")
	w.wants("in the end", w.Sign(t.Context(), id, ada, request, nil, signed), "")
}

// Nothing but a guardian's question is answered by a card.
func TestCardAnswersForChildrenOnly(t *testing.T) {
	w := newWorld(t)
	w.guardians[ada] = true
	id, _, _ := strings.Cut(w.ask(statement.Vouch), ".")
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), tunnus.CodeNotFound)
	w.wants("Hold of nothing", w.Hold(t.Context(), "x", ada, request), tunnus.CodeNotFound)
	if list, err := w.About(t.Context(), ada, ada); len(list) != 0 || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
}

// What is signed is the request that was made last, in its time, by the card that was asked.
func TestCardSignsWhatItWasAskedFor(t *testing.T) {
	w, id := childs(t)
	w.wants("Sign unasked", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeStateConflict)
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	other := idcard.Request{Hash: []byte("another")}
	w.wants("another text", w.Sign(t.Context(), id, ada, other, nil, signed), tunnus.CodeStateConflict)
	w.wants("another tab", w.Hold(t.Context(), id, ada, other), "")
	w.wants("the first tab", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeStateConflict)
	w.wants("the other guardian", w.Sign(t.Context(), id, dov, other, nil, signed), tunnus.CodeStateConflict)
	w.now = w.now.Add(answerWithin)
	w.wants("too late for the PIN", w.Sign(t.Context(), id, ada, other, nil, signed), tunnus.CodeStateConflict)
	w.answer(statement.Guardian, false, "")
	w.wants("anew", w.cardSays(id, ada), "")
	w.answer(statement.Guardian, true, "")
}

// The deadline is that of the question, for a card too.
func TestR9CardIsTooLate(t *testing.T) {
	w, id := childs(t)
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	w.now = order(statement.Guardian).Until
	w.wants("Sign", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeGuardLate)
	if q := w.row(); q.State != Lapsed || q.Sealed != nil || q.Record != nil {
		t.Errorf("the question is %s", q.State)
	}
	w, id = childs(t)
	w.now = order(statement.Guardian).Until
	if list, err := w.About(t.Context(), child, ada); len(list) != 0 || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), tunnus.CodeGuardLate)
}

// Two guardians answer: the question ends for both, as with two accounts; whoever only
// looks sees that another one answers, and ends nothing.
func TestSecondGuardianEndsIt(t *testing.T) {
	for name, first := range map[string]func(w *world, id, link string){
		"by card":          func(w *world, id, _ string) { w.wants("Hold", w.Hold(w.Context(), id, ada, request), "") },
		"by card, signed":  func(w *world, id, _ string) { w.wants("card", w.cardSays(id, ada), "") },
		"on a phone":       func(w *world, _, link string) { w.claim(link, holder("mother", ada)) },
		"on a phone, done": func(w *world, _, link string) { w.pin(w.claim(link, holder("mother", ada)).Sign) },
	} {
		w, id := childs(t)
		link := w.ask(statement.Guardian)
		first(w, id, link)
		if c, err := w.Consent(t.Context(), id, dov); !c.Busy || c.Mine || c.Request != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		w.wants("Decline, "+name, w.Decline(t.Context(), id, dov), tunnus.CodeStateConflict)
		w.wants("Hold, "+name, w.Hold(t.Context(), id, dov, request), tunnus.CodeStateConflict)
		if q := w.row(); q.State != Disputed || q.Sealed != nil || len(w.live()) != 0 {
			t.Errorf("%s: the question is %s", name, q.State)
		}
		w.answer(statement.Guardian, false, tunnus.CodeConfirmNo)
	}
	w, id := childs(t)
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	_, err := w.Claim(t.Context(), w.ask(statement.Guardian), holder("father", dov))
	w.wants("Claim by another's account", err, tunnus.CodeStateConflict)
	if w.row().State != Disputed {
		t.Errorf("the question is %s", w.row().State)
	}
}

// One guardian with phone and card is one: the later one goes on, and what was put up
// for the earlier one is worth nothing (ADR 9).
func TestOneGuardianWithPhoneAndCard(t *testing.T) {
	w, id := childs(t)
	link := w.ask(statement.Guardian)
	c := w.claim(link, holder("mother", ada))
	w.wants("Hold", w.Hold(t.Context(), id, ada, request), "")
	if w.pin(c.Sign) || len(w.live()) != 0 {
		t.Error("the phone could still answer")
	}
	c = w.claim(link, holder("mother", ada))
	w.wants("Sign, for the phone came later", w.Sign(t.Context(), id, ada, request, nil, signed), tunnus.CodeStateConflict)
	w.answer(statement.Guardian, false, "")
	if !w.pin(c.Sign) {
		t.Error("the phone cannot answer")
	}
	w.wants("Hold of what is answered", w.Hold(t.Context(), id, ada, request), tunnus.CodeStateConflict)
	if a := w.answer(statement.Guardian, true, ""); a.Account != "mother" || a.By != ada {
		t.Errorf("%+v", a)
	}
	w, id = childs(t)
	w.wants("card", w.cardSays(id, ada), "")
	_, err := w.Claim(t.Context(), w.ask(statement.Guardian), holder("mother", ada))
	w.wants("Claim of what the card has signed", err, tunnus.CodeStateConflict)
	w.answer(statement.Guardian, true, "")
}

func TestGuardianDeclines(t *testing.T) {
	w, id := childs(t)
	c := w.claim(w.ask(statement.Guardian), holder("mother", ada))
	w.wants("Decline", w.Decline(t.Context(), id, ada), "")
	if w.pin(c.Sign) || w.row().State != Refused || w.row().Sealed != nil {
		t.Errorf("the question is %s", w.row().State)
	}
	w.answer(statement.Guardian, false, tunnus.CodeConfirmNo)
	w.wants("Decline again", w.Decline(t.Context(), id, ada), tunnus.CodeNotFound)
}

// Who says no at the moment at which something else happens to the question has changed
// nothing: the phone can still answer.
func TestDeclineThatCameTooLateCancelsNothing(t *testing.T) {
	w, id := childs(t)
	c := w.claim(w.ask(statement.Guardian), holder("mother", ada))
	w.die = 1
	if err := w.Decline(t.Context(), id, ada); !errors.Is(err, errKilled) {
		t.Errorf("Decline = %v", err)
	}
	if w.row().State != Claimed || !w.pin(c.Sign) {
		t.Errorf("the question is %s, and the phone cannot answer", w.row().State)
	}
}

// The register is not asked about children for whom nothing waits: each look at the
// page would ask it about all of them.
func TestNothingWaitsAndNobodyIsAsked(t *testing.T) {
	w, _ := childs(t)
	w.now, w.down = order(statement.Guardian).Until, true
	if list, err := w.About(t.Context(), child, ada); len(list) != 0 || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
}

// What an account has signed stays as evidence too, once the sitting has taken it.
func TestEvidenceOfAnAccount(t *testing.T) {
	w, id := childs(t)
	c := w.claim(w.ask(statement.Guardian), holder("mother", ada))
	w.pin(c.Sign)
	w.answer(statement.Guardian, true, "")
	_, err := w.Evidence(t.Context(), id)
	w.wants("Evidence, before it is taken", err, tunnus.CodeNotFound)
	w.wants("End", w.End(t.Context(), "sitting"), "")
	b, err := w.Evidence(t.Context(), id)
	var r Record
	if err != nil || json.Unmarshal(b, &r) != nil || r.Account != "mother" || string(r.Signature) != "by "+c.Sign || string(r.Payload) != string(w.offers[c.Sign].Record) {
		t.Errorf("%s, %v", b, err)
	}
	w.now = w.now.Add(time.Hour)
	w, id = childs(t)
	w.wants("End", w.End(t.Context(), "sitting"), "")
	_, err = w.Evidence(t.Context(), id)
	w.wants("Evidence of nothing", err, tunnus.CodeNotFound)
}
