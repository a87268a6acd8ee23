package enrol

import (
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// waiting are the routes on which a sitting waits for somebody: for people who look at
// a face, or for a guardian.
func waiting() []way.Route {
	out := []way.Route{passport}
	for _, r := range way.Routes() {
		if r.Minor && r.Purpose == way.New {
			out = append(out, r)
		}
	}
	return out
}

// decided has a sitting wait for two days, and whoever it waits for say yes.
func decided(t *testing.T, route way.Route) (*world, sitting.Ref) {
	t.Helper()
	if !route.Minor {
		w, r := parkedFor(t)
		w.now, w.verdict = w.now.Add(50*time.Hour), review.Approved
		return w, r
	}
	w, r := newWorld(t).by(route), ref("phone", 1)
	w.seen = pass(t, route).Zone().String()
	w.upTo(r, way.GuardianAgrees, pass(t, route))
	if err := w.flow.Guardian(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(50 * time.Hour)
	if err := w.follow(r, "old"); err != nil {
		t.Fatal(err)
	}
	return w, r
}

// register has the register say something else of the applicant.
func (w *world) register(change func(*match.Person)) {
	p := w.people[w.applicant()]
	change(&p)
	w.people[w.applicant()] = p
}

// document has the register know the applicant's document.
func document(state match.DocumentState) func(*match.Person) {
	return func(p *match.Person) { p.Documents = []match.Document{{Number: "X1234567", State: state}} }
}

// R13: a sitting goes on after days. Who has died meanwhile, or whom the register lets
// register no more, whose document was reported stolen, gets no account by what was true
// then, whoever has said yes.
func TestR13RegisterIsAskedAgainAfterWaiting(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*match.Person)
		want   tunnus.Code
	}{
		"deceased":   {func(p *match.Person) { p.Deceased = true }, tunnus.CodeRegiDeceased},
		"restricted": {func(p *match.Person) { p.Restricted = true }, tunnus.CodeRegRestricted},
		"abroad":     {func(p *match.Person) { p.Address = match.Abroad }, tunnus.CodeRegiAddress},
		"renumbered": {func(p *match.Person) { p.Successor = p.Code }, tunnus.CodeRegiMismatch},
		"renamed":    {func(p *match.Person) { p.Surname = "Oja" }, tunnus.CodeRegiMismatch},
		"born later": {func(p *match.Person) { p.Birth = p.Birth.AddDate(0, 0, 1) }, tunnus.CodeRegiMismatch},
		"stolen":     {document(match.Stolen), tunnus.CodeDocRevoked},
		"lost":       {document(match.Lost), tunnus.CodeDocRevoked},
		"revoked":    {document(match.Revoked), tunnus.CodeDocRevoked},
		"as before":  {document(match.Valid), ""},
	} {
		for _, route := range waiting() {
			if route.Way == way.IDCard && tt.want == tunnus.CodeDocRevoked {
				continue // its issuer was asked about the card itself
			}
			t.Run(route.String()+"/"+name, func(t *testing.T) {
				w, r := decided(t, route)
				w.register(tt.change)
				err := w.flow.Look(t.Context(), r)
				if tt.want != "" {
					refused(t, err, tt.want, -1)
					w.ended(r, tt.want)
				} else if s := w.mem.sessions[r.Session]; err != nil || s.State != way.Open {
					t.Errorf("Look = %v; the session is %s", err, s.State)
				}
				if len(w.issued) != 0 || len(w.mine("phone")) != 0 {
					t.Errorf("%d certificates", len(w.issued))
				}
				for _, q := range w.mem.questions {
					if !q.State.Over() || q.Sealed != nil {
						t.Errorf("the question is %s and holds %d bytes", q.State, len(q.Sealed))
					}
				}
			})
		}
	}
}

// R13: a register that is down decides nothing: the sitting waits on, and goes on later.
func TestR13RegisterIsDownAfterWaiting(t *testing.T) {
	for _, route := range waiting() {
		w, r := decided(t, route)
		w.down = true
		refused(t, w.flow.Look(t.Context(), r), tunnus.CodeRegiDown, -1)
		if s := w.mem.sessions[r.Session]; s.State != way.Parked {
			t.Errorf("%s: the session is %s", route, s.State)
		}
		w.down = false
		if err := w.flow.Look(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		w.upTo(r, "", pass(t, route))
		if a := w.mine("phone")[0]; a.State != account.Active {
			t.Errorf("%s: the account is %s", route, a.State)
		}
	}
}

// R13: the rules of the day hold, not those of the day on which it began to wait.
func TestR13RulesAreAskedAgainAfterWaiting(t *testing.T) {
	for _, route := range waiting() {
		w, r := decided(t, route)
		for i := range w.cfg.Rules.File.Eligible {
			w.cfg.Rules.File.Eligible[i].MinAge = 99
		}
		w.restart()
		refused(t, w.flow.Look(t.Context(), r), tunnus.CodeEligAge, -1)
		w.ended(r, tunnus.CodeEligAge)
	}
}

// lockElsewhere has a document fail elsewhere until its ledger stands as wanted.
func (w *world) lockElsewhere(doc lock.Key, until lock.Condition) {
	w.t.Helper()
	for i := range 30 {
		st, err := w.flow.tab.Documents.State(w.t.Context(), doc)
		if err != nil {
			w.t.Fatal(err)
		}
		if st.Condition == until {
			return
		}
		w.now = w.now.Add(time.Hour)
		id := fmt.Sprint("elsewhere", i)
		if _, err := w.flow.tab.Documents.Charge(w.t.Context(), doc, id, false); err != nil {
			w.now = w.now.Add(23 * time.Hour)
			continue
		}
		if _, err := w.flow.tab.Documents.Close(w.t.Context(), doc, id, lock.Failed, tunnus.CodeFaceNoMatch); err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Fatalf("the document is never %s", until)
}

// ledger is that of the document of a sitting that waits. What else the chip has told is
// gone.
func (w *world) ledger(s sitting.Session) lock.Key {
	w.t.Helper()
	p, err := w.flow.book.Unseal(s)
	if err != nil || p.Zone != "" || p.Portrait != nil {
		w.t.Fatalf("%d bytes of a code line, %d of a portrait, %v", len(p.Zone), len(p.Portrait), err)
	}
	if s.Document != "" {
		return s.Document
	}
	return w.flow.tab.Documents.Of("XX", pass(w.t, childRoute).Zone())
}

// R13, product §3: permanent is permanent, also for a sitting that waited when the last
// step came, and from that step on. A lock of a day stops tries, and holds nobody up
// who has made theirs.
func TestR13DocumentLockedForEverWhileWaiting(t *testing.T) {
	for _, route := range []way.Route{passport, childRoute, {Way: way.Desk, Purpose: way.New, Minor: true}} {
		for condition, want := range map[lock.Condition]tunnus.Code{
			lock.Timed: "", lock.Pending: tunnus.CodeDocLockPerm, lock.Forever: tunnus.CodeDocLockPerm,
		} {
			w, r := decided(t, route)
			s := w.mem.sessions[r.Session]
			s.Due = w.now.AddDate(0, 1, 0) // of a scheme that lets it wait for long
			w.mem.sessions[r.Session] = s
			doc := w.ledger(s)
			if condition == lock.Forever {
				w.lockElsewhere(doc, lock.Pending)
				w.now = w.now.Add(w.cfg.Rules.Judgement.Grace)
			} else {
				w.lockElsewhere(doc, condition)
			}
			err := w.flow.Look(t.Context(), r)
			if want == "" {
				if err != nil || w.mem.sessions[r.Session].State != way.Open {
					t.Errorf("%s, %s: %v; the session is %s", route, condition, err, w.mem.sessions[r.Session].State)
				}
				continue
			}
			refused(t, err, want, -1)
			w.ended(r, want)
			if n := w.entries(lock.Permanent, doc); n == 1 != (condition == lock.Forever) {
				t.Errorf("%s, %s: %d permanent rows", route, condition, n)
			}
		}
	}
}
