package card

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	virtual "github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/enrol/lock"
)

// The whole visit, and what the app gets of it.
func TestVisit(t *testing.T) {
	w := newWorld(t)
	c := w.code("sitting")
	if again := w.code("sitting"); again != c {
		t.Errorf("asked again: %v, then %v", c, again)
	}
	if _, ok, err := w.Outcome(t.Context(), "sitting", "hk-sitting"); ok || err != nil {
		t.Errorf("Outcome before the portal: %v, %v", ok, err)
	}
	v := w.ready(w.card)
	w.must("Match", w.Match(t.Context(), v, strings.ToLower(c.Text[:4])+" "+c.Text[4:], From{}))
	w.must("the same once more", w.Match(t.Context(), v, c.Text, From{}))
	if _, ok, err := w.Outcome(t.Context(), "sitting", "hk-sitting"); ok || err != nil {
		t.Errorf("Outcome before the signature: %v, %v", ok, err)
	}
	w.must("sign", w.sign(w.card, v))
	o, ok, err := w.Outcome(t.Context(), "sitting", "hk-sitting")
	if err != nil || !ok {
		t.Fatalf("Outcome: %v, %v", ok, err)
	}
	if o.Person != code(t, 1) || o.Surname != "SAMPLE" || o.GivenNames != "ADA" || o.Contact != "ada@mail.example" || o.Channel != "email" || o.Language != "et" || o.Hold {
		t.Errorf("Outcome = %+v", o)
	}
	for name, fact := range map[string]map[string]string{"login": o.Login, "questions": o.Questions, "code": o.Code, "signed": o.Signed} {
		if len(fact) == 0 {
			t.Errorf("nothing is told of the fact %s", name)
		}
	}
	_, _, err = w.Outcome(t.Context(), "sitting", "another")
	w.want("Outcome for another device", err, tunnus.CodeNotFound)
	want := []string{"card.code", "card.login", "card.answered", "card.contact", "card.matched", "card.signed"}
	if got := w.kinds(); !slices.Equal(got, want) {
		t.Errorf("events %v; want %v", got, want)
	}
	w.bare()
}

// The card signs the very text of the page: phone, place, time, counter-code,
// person, level and the thumbprints of all keys, and the warning stands in it.
func TestR1TextNamesPhoneAndKeys(t *testing.T) {
	w := newWorld(t)
	v := w.ready(w.card)
	w.must("Match", w.Match(t.Context(), v, w.code("sitting").Text, From{}))
	r, err := w.Review(t.Context(), v)
	w.must("Review", err)
	for _, part := range []string{
		"PNOXX-1990", "ADA SAMPLE", "QUALIFIED", "Utopia Phone 7", "Place of the phone: XX", "2026-11-22 09:00:00", "Code beside it: 42",
		"hk-sitting", "login-key", "sign-key", "somebody who dictated this code to you is stealing your identity",
	} {
		if !strings.Contains(strings.ToLower(r.Text), strings.ToLower(part)) {
			t.Errorf("the text does not say %q:\n%s", part, r.Text)
		}
	}
	w.must("sign", w.sign(w.card, v))
	kept, err := w.Record(t.Context(), v)
	w.must("Record", err)
	cert, err := x509.ParseCertificate(kept.Certificate)
	w.must("certificate", err)
	h := crypto.SHA384.New()
	h.Write([]byte(r.Text))
	n := len(kept.Signature) / 2
	if !ecdsa.Verify(cert.PublicKey.(*ecdsa.PublicKey), h.Sum(nil), new(big.Int).SetBytes(kept.Signature[:n]), new(big.Int).SetBytes(kept.Signature[n:])) {
		t.Error("what is kept is no signature over what was shown")
	}
	if kept.Text != r.Text || len(kept.OCSP) == 0 || w.m.events[len(w.m.events)-1].Detail["text"] != digest([]byte(r.Text)) {
		t.Errorf("the evidence is not whole: %+v", kept)
	}
}

// A model cannot write lines of its own into the text.
func TestR1AModelIsOneLine(t *testing.T) {
	w := newWorld(t)
	p := w.phone("sitting")
	p.Model = "Phone\nDevice key: forged\u2028x\u202e"
	c, err := w.Code(t.Context(), p)
	w.must("Code", err)
	v := w.ready(w.card)
	w.must("Match", w.Match(t.Context(), v, c.Text, From{}))
	r, err := w.Review(t.Context(), v)
	w.must("Review", err)
	if strings.Contains(r.Text, "\nDevice key: forged") || strings.ContainsAny(r.Text, "\u2028\u202e") {
		t.Errorf("a model breaks the text:\n%q", r.Text)
	}
}

// Different countries, or nothing known: the account is held.
func TestR1DifferentCountriesHold(t *testing.T) {
	for _, tt := range []struct {
		phone, browser string
		hold           bool
	}{{"phone", "browser", false}, {"abroad", "browser", true}, {"nowhere", "browser", true}, {"", "browser", true}, {"nowhere", "nothing", true}} {
		w := newWorld(t)
		p := w.phone("s")
		p.Address = tt.phone
		c, err := w.Code(t.Context(), p)
		w.must("Code", err)
		v := w.ready(w.card)
		row, held, err := w.load(t.Context(), v)
		w.must("load", err)
		held.Address = tt.browser
		w.must("save", w.save(t.Context(), &row, held, nil))
		w.must("Match", w.Match(t.Context(), v, c.Text, From{}))
		w.must("sign", w.sign(w.card, v))
		if o, _, err := w.Outcome(t.Context(), "s", "hk-s"); err != nil || o.Hold != tt.hold {
			t.Errorf("%q, %q: hold %v, %v; want %v", tt.phone, tt.browser, o.Hold, err, tt.hold)
		}
	}
}

// Contacts on file are shown to nobody whom the card has not proved.
func TestR5NoMaskBeforeTheCard(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Contacts = contacts{"ada@mail.example"}
		c.OnFile = func(context.Context, tunnus.PersonCode) (bool, error) { return true, nil }
	})
	v, nonce, err := w.Begin(t.Context(), From{})
	w.must("Begin", err)
	list, _, err := w.Choices(t.Context(), v)
	if len(list) != 0 {
		t.Errorf("shown before the card: %v", list)
	}
	w.want("Choices before the card", err, tunnus.CodeStateConflict)
	_, err = w.SendCode(t.Context(), v, To{Contact: "mallory@mail.example"})
	w.want("SendCode before the card", err, tunnus.CodeStateConflict)
	w.must("Login", w.Login(t.Context(), v, w.token(w.card, nonce)))
	w.must("Answer", w.Answer(t.Context(), v, fine))
	list, wanted, err := w.Choices(t.Context(), v)
	if err != nil || !wanted || len(list) != 1 || list[0].Mask == "ada@mail.example" {
		t.Fatalf("Choices = %v, %v, %v", list, wanted, err)
	}
	_, err = w.SendCode(t.Context(), v, To{Contact: "mallory@mail.example"})
	w.want("a contact that is not on file", err, tunnus.CodeBadRequest)
	_, err = w.SendCode(t.Context(), v, To{Pick: list[0].ID})
	w.must("SendCode", err)
	if m := w.letter(); m.To != "ada@mail.example" || m.Device == "" || m.Purpose == "" {
		t.Errorf("the code went to %s, for %q on %q", m.To, m.Purpose, m.Device)
	}
}

// An answer that speaks of coercion stops the visit, whatever else was answered.
func TestQuestionsStopCoercion(t *testing.T) {
	for _, q := range Questions() {
		for _, word := range q.Answers {
			w := newWorld(t)
			v := w.login(w.card)
			answers := map[string]string{"own-phone": "yes", "guided": "no", "terms": "yes"}
			answers[q.ID] = word
			err := w.Answer(t.Context(), v, answers)
			if word == fine[q.ID] {
				w.must(q.ID, err)
				continue
			}
			w.want(q.ID+" "+word, err, tunnus.CodeSesTerminated)
			_, err = w.Who(t.Context(), v)
			w.want("the visit", err, tunnus.CodeNotFound)
			delete(answers, q.ID)
			w.want("a question left out", w.Answer(t.Context(), w.login(w.card), answers), tunnus.CodeBadRequest)
		}
	}
}

// A nonce is good for one look at one token, also if a hundred come at once.
func TestNonceIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	v, nonce, err := w.Begin(t.Context(), From{})
	w.must("Begin", err)
	token := w.token(w.card, nonce)
	w.m.atVisit = meet(100)
	var wg sync.WaitGroup
	errs := make([]error, 100)
	for i := range errs {
		wg.Go(func() { errs[i] = w.Login(t.Context(), v, token) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of 100 logged in with one nonce", won)
	}
	v, _, err = w.Begin(t.Context(), From{})
	w.must("Begin", err)
	w.want("a token for another nonce", w.Login(t.Context(), v, token), tunnus.CodeCardTokenBad)
	w.want("after that", w.Login(t.Context(), v, token), tunnus.CodeNotFound)
}

// Nothing is done twice or out of turn, and nobody is without a log-in.
func TestStepsHaveTheirTurn(t *testing.T) {
	w := newWorld(t)
	w.code("sitting")
	v := w.login(w.card)
	w.want("Match first", w.Match(t.Context(), v, "22222222", From{}), tunnus.CodeStateConflict)
	_, err := w.Review(t.Context(), v)
	w.want("Review first", err, tunnus.CodeStateConflict)
	_, err = w.Offer(t.Context(), v, "", []byte("{}"))
	w.want("Offer first", err, tunnus.CodeStateConflict)
	w.must("Answer", w.Answer(t.Context(), v, fine))
	w.want("Answer twice", w.Answer(t.Context(), v, fine), tunnus.CodeStateConflict)
	w.now = w.now.Add(DefaultRules.Visit)
	_, err = w.Who(t.Context(), v)
	w.want("when time is over", err, tunnus.CodeNotFound)
}

// The later steps of the portal must name the pairing, and the card of another
// person cannot sign.
func TestR7LaterStepsCarryThePairing(t *testing.T) {
	w := newWorld(t)
	v := w.ready(w.card)
	w.must("Match", w.Match(t.Context(), v, w.code("sitting").Text, From{}))
	_, err := w.Offer(t.Context(), v, "another", []byte("{}"))
	w.want("another pairing", err, tunnus.CodeStateConflict)
	w.want("another person's card", w.sign(w.issue(2, "BEN", "EXAMPLE"), v), tunnus.CodeCardOtherPerson)
	first, err := w.Who(t.Context(), v)
	w.must("Who", err)
	w.must("sign", w.sign(w.card, v))
	o, _, err := w.Outcome(t.Context(), "sitting", "hk-sitting")
	if err != nil || len(first.Pairing) != 64 || o.Code["pairing"] != first.Pairing || o.Signed["pairing"] != first.Pairing {
		t.Errorf("pairing %q became %v, %v", first.Pairing, o, err)
	}
}

// Leaving the portal takes the code along.
func TestLeavingEndsTheCode(t *testing.T) {
	w := newWorld(t)
	v := w.ready(w.card)
	w.must("Match", w.Match(t.Context(), v, w.code("sitting").Text, From{}))
	w.must("Leave", w.Leave(t.Context(), v))
	_, _, err := w.Outcome(t.Context(), "sitting", "hk-sitting")
	w.want("Outcome", err, tunnus.CodeSesTerminated)
	w.must("Leave again", w.Leave(t.Context(), v))
}

// What a card that is broken or revoked says opens nothing.
func TestCardsThatAreNoProof(t *testing.T) {
	w := newWorld(t)
	w.cards.Revoke(w.card, w.now)
	v, nonce, err := w.Begin(t.Context(), From{})
	w.must("Begin", err)
	w.want("a revoked card", w.Login(t.Context(), v, w.token(w.card, nonce)), tunnus.CodeCardRevoked)
	other := w.issue(3, "CLEO", "INVENTED")
	for _, m := range []virtual.Manner{virtual.OtherOrigin, virtual.OtherNonce} {
		other.Misbehave(m)
		v, nonce, err = w.Begin(t.Context(), From{})
		w.must("Begin", err)
		w.want(fmt.Sprint(m), w.Login(t.Context(), v, w.token(other, nonce)), tunnus.CodeCardTokenBad)
		_, err = w.Who(t.Context(), v)
		w.want("who", err, tunnus.CodeNotFound)
	}
}

// Each log-in that is begun costs two rows, and anybody may begin one: an address that
// ends none of them is slowed, and not for ever.
func TestLoginsThatEndNowhereSlowTheAddress(t *testing.T) {
	w := newWorld(t)
	w.cfg.Paces = lock.Addresses{Paces: ledger{w.m}, Rules: lock.Pace{Window: time.Hour, Free: 3, Every: time.Minute}, Names: w.cfg.People, Clock: w.cfg.Clock}
	for range 9 {
		w.login(w.card)
	}
	var err error
	for range 4 {
		_, _, err = w.Begin(t.Context(), From{Address: "browser"})
	}
	w.want("Begin", err, tunnus.CodeReqTooOften)
	_, _, err = w.Begin(t.Context(), From{Address: "192.0.2.1"})
	w.must("Begin from elsewhere", err)
	w.now = w.now.Add(time.Minute)
	w.login(w.card)
}
