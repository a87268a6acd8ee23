package enrol

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// signed has the application signed, without asking for the end.
func (w *world) signApplication(r sitting.Ref) {
	w.t.Helper()
	tx := w.mem.sessions[r.Session].Transaction
	w.keys.sign(tx, w.keys.offers[tx].Record)
}

// R9: who signed for the child does not answer for it any more when the account
// would become active: nothing becomes of it, whoever looks first.
func TestR9RelationIsCheckedAgain(t *testing.T) {
	for _, sweeps := range []bool{false, true} {
		w, r := at(t, childRoute, way.ApplicationSigned)
		w.signApplication(r)
		w.guardians = nil
		if sweeps {
			w.now = w.now.Add(11 * time.Minute)
			if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
				t.Errorf("Sweep = %d, %v", n, err)
			}
		} else {
			_, err := w.flow.Finish(t.Context(), r)
			refused(t, err, tunnus.CodeGuardNone, -1)
		}
		w.ended(r, tunnus.CodeGuardNone)
		if w.standing() != 0 {
			t.Errorf("%d certificates stand", w.standing())
		}
	}
}

// R9: another guardian than the one who signed is not enough.
func TestR9AnotherGuardianHasNotSigned(t *testing.T) {
	w, r := at(t, childRoute, way.ApplicationSigned)
	w.signApplication(r)
	child := w.applicant()
	relations := w.guardians[child]
	relations[0].Guardian = person(t, "PNOXX-"+utopian("19850101001"))
	_, err := w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeGuardNone, -1)
	w.ended(r, tunnus.CodeGuardNone)
}

// R9: a register that is down holds the account back, a day at most; it makes
// nothing active unasked.
func TestR9RegisterIsDownAtTheEnd(t *testing.T) {
	w, r := at(t, childRoute, way.ApplicationSigned)
	w.signApplication(r)
	w.down = true
	_, err := w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeRegiDown, -1)
	w.now = w.now.Add(11 * time.Minute)
	if _, err := w.flow.Sweep(t.Context()); err == nil || w.mem.sessions[r.Session].State != way.Open {
		t.Errorf("Sweep = %v; the session is %s", err, w.mem.sessions[r.Session].State)
	}
	again := *w
	w.down = false
	if a, err := w.flow.Finish(t.Context(), r); err != nil || a.State != account.Active {
		t.Errorf("Finish, once it answers = %s, %v", a.State, err)
	}
	w, r = at(t, childRoute, way.ApplicationSigned)
	w.signApplication(r)
	w.down, w.now = true, again.now.Add(25*time.Hour)
	if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep a day later = %d, %v", n, err)
	}
	w.ended(r, tunnus.CodeSesTimeout)
}

// R9: the other guardians are told in the commit that makes the account active: at
// their contacts on file, with a link that freezes the child's account, or where the
// register reaches them. Whoever has consented is not.
func TestR9OtherGuardianIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		account, channel bool
		want             []string
	}{
		"with an account":    {true, true, []string{"father@example.org"}},
		"by the register":    {false, true, []string{"register@example.org"}},
		"who has no contact": {false, false, nil},
	} {
		w, r := at(t, childRoute, way.ApplicationSigned)
		child, father := w.applicant(), person(t, "PNOXX-"+utopian("19850101001"))
		w.guardians[child] = append(w.guardians[child], match.Relation{Child: child, Guardian: father, Kind: match.Parent, Comprehensive: true})
		if tt.channel {
			w.channels = match.Channels{Email: "register@example.org"}
		}
		if tt.account {
			a := w.older("fathers", father)
			a.Contact, _ = mask{}.Seal([]byte("father@example.org"), a.ContactPlace())
			a.Language = "lt"
			w.mem.accounts[a.ID] = a
		}
		w.signApplication(r)
		if got := w.told(tell.Ward); len(got) != 0 {
			t.Errorf("%s: told before it is active: %v", name, got)
		}
		for range 2 { // the answer got lost
			if _, err := w.flow.Finish(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.told(tell.Ward); !slices.Equal(got, tt.want) {
			t.Errorf("%s: told %v, want %v", name, got, tt.want)
		}
		if !tt.account {
			continue
		}
		m, taps := w.letters(tell.Ward)[0], w.mem.taps
		made := w.mem.sessions[r.Session].Account
		if len(taps) != 1 || taps[0].Target != made || taps[0].Account != made || taps[0].Purpose != tell.FreezeAccount || !strings.HasPrefix(m.Link, "https://id.example/notme/") || m.Language != "lt" {
			t.Errorf("the letter: %+v, links %+v", m, taps)
		}
	}
}

// R9: by the card of a guardian the same things come of it.
func TestR9ConsentByCard(t *testing.T) {
	w, r := at(t, childRoute, way.GuardianAgrees)
	r.Address = "198.51.100.7"
	if err := w.flow.Guardian(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := w.flow.Link(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	list, err := w.service.About(t.Context(), w.applicant(), w.adult)
	if err != nil || len(list) != 1 || list[0].Statement.Place != "XX" || list[0].Statement.Model == "" {
		t.Fatalf("%+v, %v", list, err)
	}
	request := idcard.Request{Hash: []byte("digest")}
	if err := w.service.Hold(t.Context(), list[0].ID, w.adult, request); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.Look(t.Context(), r); err != nil || w.mem.sessions[r.Session].State != way.Parked {
		t.Errorf("before the card has signed: %v, %s", err, w.mem.sessions[r.Session].State)
	}
	if err := w.service.Sign(t.Context(), list[0].ID, w.adult, request, []byte("evidence"), map[string]string{"record": "digest"}); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.Look(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	fact := w.mem.sessions[r.Session].Facts[way.GuardianAgrees]
	if fact.Detail["record"] != "digest" || !strings.HasPrefix(fact.Detail["confirmed_by"], "card/") {
		t.Errorf("the fact: %+v", fact)
	}
	w.upTo(r, way.ApplicationSigned, pass(t, childRoute))
	w.people[w.adult] = match.Person{Code: w.adult, Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Deceased: true}
	w.signApplication(r)
	_, err = w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeGuardNone, -1)
	w.ended(r, tunnus.CodeGuardNone)
}

// R9: nobody answers for the child: the step stays open. The consent of a stranger
// is none, and the deadline ends it.
func TestR9ConsentBeforeADeadline(t *testing.T) {
	w, r := at(t, childRoute, way.GuardianAgrees)
	relations := w.guardians
	w.guardians = nil
	refused(t, w.flow.Guardian(t.Context(), r), tunnus.CodeGuardNone, -1)
	w.guardians = relations
	if err := w.flow.Guardian(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.older("bens", person(t, "PNOXX-"+utopian("19850101001")))
	refused(t, w.follow(r, "bens"), tunnus.CodeNotFound, -1)
	s := w.mem.sessions[r.Session]
	if s.State != way.Parked || s.Why != tunnus.CodeGuardWait || !s.Due.Equal(w.now.Add(w.cfg.Rules.Guardians.Deadline.Duration)) {
		t.Errorf("the session is %s, %s, until %s", s.State, s.Why, s.Due)
	}
	w.now = s.Due
	if err := w.flow.Look(t.Context(), r); err != nil && tunnus.CodeOf(err) != tunnus.CodeGuardLate {
		t.Errorf("Look = %v", err)
	}
	w.ended(r, tunnus.CodeSesTimeout)
	for _, q := range w.mem.questions {
		if !q.State.Over() || q.Sealed != nil {
			t.Errorf("the question is %s and holds %d bytes", q.State, len(q.Sealed))
		}
	}
}

// R10: what is issued and not signed ends, also if something else has ended the
// account meanwhile: no session stays open for ever.
func TestR10AccountThatEndedMeanwhile(t *testing.T) {
	for _, state := range []account.State{account.Closed, account.Revoked} {
		for _, signed := range []bool{false, true} {
			w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
			w.upTo(r, way.ApplicationSigned, p)
			a := w.onlyAccount()
			a.State = state
			w.mem.accounts[a.ID] = a
			if signed {
				w.signApplication(r)
			}
			w.now = w.now.Add(11 * time.Minute)
			if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
				t.Errorf("Sweep = %d, %v", n, err)
			}
			w.ended(r, tunnus.CodeSesTimeout)
			if w.onlyAccount().State != state || w.standing() != 0 {
				t.Errorf("the account is %s, %d certificates stand", w.onlyAccount().State, w.standing())
			}
		}
	}
}

// R10: issued is hidden until the application is signed, and ends after ten minutes.
func TestR10UnsignedApplicationEnds(t *testing.T) {
	for _, route := range way.Routes() {
		w, r := at(t, route, way.ApplicationSigned)
		if a := w.mine("phone")[0]; a.State != account.Issued || a.Usable(w.now) {
			t.Errorf("%s: the account is %s", route, a.State)
		}
		w.now = w.now.Add(10 * time.Minute)
		if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("%s: Sweep = %d, %v", route, n, err)
		}
		w.ended(r, tunnus.CodeSesTimeout)
		if w.standing() != 0 || len(w.activated) != 0 {
			t.Errorf("%s: %d certificates stand", route, w.standing())
		}
	}
}

// R13: a case waits sealed, without pictures or chip data, for the days that the
// scheme says; its keys are not made.
func TestR13ParkedSittingKeepsNoPictures(t *testing.T) {
	w, r := newWorld(t).by(passport), ref("phone", 1)
	w.upTo(r, way.FaceMatches, ada(t, nil))
	w.faces = verdict(face.Review)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeRevPending, -1)
	s := w.mem.sessions[r.Session]
	p, err := w.flow.book.Unseal(s)
	if err != nil || p.Portrait != nil || p.Zone != "" || p.Form.PersonCode == "" {
		t.Errorf("the parked session holds %d bytes of a portrait, %d of the chip, %v", len(p.Portrait), len(p.Zone), err)
	}
	if s.State != way.Parked || !s.Due.Equal(w.now.Add(w.cfg.Rules.Review.Parked.Duration)) || len(w.keys.assigned) != 0 || len(w.issued) != 0 {
		t.Errorf("the session is %s until %s; keys %v", s.State, s.Due, w.keys.assigned)
	}
	if c := w.cases[r.Session]; len(c.Pictures.Portrait) == 0 || len(c.Pictures.Frames) != 3 {
		t.Errorf("the case has no pictures")
	}
	for verdict, want := range map[review.State]tunnus.Code{review.Declined: tunnus.CodeRevDeclined} {
		w.verdict = verdict
		refused(t, w.flow.Look(t.Context(), r), want, -1)
		w.ended(r, want)
	}
}
