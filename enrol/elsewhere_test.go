package enrol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/staff"
)

// others is what happens on other devices than the phone that registers: the
// older account of the same person, a guardian's, the portal, a desk, reviewers.
type others struct {
	goes     way.Route // the route of the tests that do not go the passport way
	adult    tunnus.PersonCode
	old      account.Account // of the person that registers, or of the guardian
	doubtful bool            // faces are: people decide
	lost     bool            // the old device is
	named    string          // number of the account that is to make place
	confirms string          // id of the account whose device confirms; "" for "old"
	cases    map[string]review.Parcel
	verdict  review.State
	stale    bool      // the pictures of the cases are gone
	hold     bool      // the portal is far from the phone
	ruined   bool      // the portal says no
	seen     string    // code line of the document that a desk has read; "" if it has kept none
	seenFrom time.Time // its day of issue
	service  *confirm.Service
}

// places is where all addresses are but one.
type places struct{}

func (places) Place(address string) string {
	if address == "198.51.100.7" {
		return "XX"
	}
	return ""
}

// The child that registers, and its guardian.
var (
	boCode    = utopian("20110214001")
	childForm = Form{Country: "XX", Surname: "Åsk", GivenNames: "Bo", PersonCode: boCode, Document: "x123 4567"}
)

// questions is the memory as the store of package confirm.
type questions struct{ *memory }

func (m questions) Question(_ context.Context, id string) (confirm.Question, error) {
	q, ok := m.questions[id]
	if !ok {
		return q, tunnus.NotFound(nil)
	}
	return q, nil
}

func (m questions) Save(_ context.Context, q confirm.Question, events []tunnus.Event) error {
	return m.write(func() error {
		if m.questions[q.ID].Rev != q.Rev {
			return tunnus.Conflict(errors.New("moved"))
		}
		q.Rev++
		m.questions[q.ID] = q
		m.memory.events = append(m.memory.events, events...)
		return nil
	})
}

func (m questions) OfChild(_ context.Context, child string, _ int) (out []confirm.Question, err error) {
	for _, q := range m.questions {
		if q.Child == child && !q.State.Over() {
			out = append(out, q)
		}
	}
	return out, nil
}

func (m questions) Unheard(_ context.Context, due time.Time, _ int) (ids []string, err error) {
	for id, q := range m.questions {
		if !q.State.Over() && !due.Before(q.Due) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// openElsewhere makes everything that is not on the phone, and an account of Ada's
// that is four days old.
func (w *world) openElsewhere() {
	w.t.Helper()
	w.adult = person(w.t, "PNOXX-199002140017")
	var err error
	w.service, err = confirm.New(confirm.Config{
		Store: questions{w.mem}, Signatures: w.keys, Guardians: people.Consents{Source: w, Full: w.cfg.Rules.FullAge, Clock: w.cfg.Clock}, Sealer: mask{},
		Secret: tunnus.NewSecret(make([]byte, 32)), Clock: w.cfg.Clock,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.cases = map[string]review.Parcel{}
	w.cfg.Confirm, w.cfg.Cards, w.cfg.Desk = w.service, w, atDesk{w}
	w.cfg.Teller = tell.Teller{Sealer: mask{}, Contacts: w, URL: "https://id.example", Clock: w.cfg.Clock}
	w.cfg.Places = places{}
	w.cfg.Marker = staff.NewMarker(tunnus.NewSecret(make([]byte, 32)))
}

// by has the world go a route, and puts the account there that it needs.
func (w *world) by(r way.Route) *world {
	w.t.Helper()
	w.goes, w.cfg.Reviews = r, cases{w}
	w.restart()
	child := person(w.t, "PNOXX-"+boCode)
	birth, _ := child.BirthDate()
	w.people[child] = match.Person{Code: child, Surname: "Åsk", GivenNames: "Bo", Birth: birth}
	w.guardians = map[tunnus.PersonCode][]match.Relation{
		child: {{Child: child, Guardian: w.adult, Kind: match.Parent, Comprehensive: true, From: birth}},
	}
	if r.Way == way.Account || r.Purpose.Replaces() || r.Minor {
		w.old = w.older("old", w.adult)
	}
	last := "old"
	if r.Purpose.Replaces() && r.Minor {
		last = w.older("childs", child).ID
	}
	if r.Purpose == way.Upgrade { // there is something to raise
		a := w.mem.accounts[last]
		a.Level = tunnus.Advanced
		w.mem.accounts[last] = a
	}
	return w
}

// older puts an account there that has been active for four days.
func (w *world) older(id string, p tunnus.PersonCode) account.Account {
	a := account.Account{
		ID: id, Document: p.SemanticsID() + "-" + id, Person: p, Surname: "Åsk", GivenNames: "Ada", Level: tunnus.Qualified, State: account.Active, Proofed: account.ByPassport,
		Device: id + "-phone", LoginKey: id + "-login", SignKey: id + "-sign", ActiveAt: w.now.Add(-96 * time.Hour), ExpiresAt: w.now.AddDate(1, 0, 0), Rev: 1,
	}
	a.Contact, _ = mask{}.Seal([]byte("ada@example.org"), a.ContactPlace())
	w.mem.accounts[id] = a
	return a
}

func (w *world) route() way.Route {
	if w.goes.Way == "" {
		return passport
	}
	return way.Route{Way: w.goes.Way, Purpose: w.goes.Purpose}
}

func (w *world) facts() []way.Fact {
	if w.goes.Way == "" {
		return passport.Facts()
	}
	return w.goes.Facts()
}

func (w *world) applicant() tunnus.PersonCode {
	if w.goes.Minor {
		return person(w.t, "PNOXX-"+boCode)
	}
	return w.adult
}

func (w *world) form() Form {
	if w.goes.Minor {
		return childForm
	}
	return adasForm()
}

// stepElsewhere does what brings a fact that is found elsewhere.
func (w *world) stepElsewhere(r sitting.Ref, f way.Fact) (err error) {
	ctx := w.t.Context()
	switch f {
	case way.GuardianAgrees:
		if err := w.flow.Guardian(ctx, r); err != nil && w.mem.sessions[r.Session].State != way.Parked {
			return err
		}
		if err := w.follow(r, "old"); err != nil {
			return err
		}
		return w.flow.Look(ctx, r)
	case way.DeviceConfirms:
		if err := w.flow.OldDevice(ctx, r, w.lost, ""); err != nil || w.lost || w.mem.sessions[r.Session].Facts.Has(f) {
			return err
		}
		id := cmp.Or(w.confirms, "old")
		if w.goes.Minor {
			id = "childs"
		}
		if err := w.follow(r, id); err != nil {
			return err
		}
		return w.flow.OldDevice(ctx, r, false, "")
	case way.AccountVouches:
		if err := w.follow(r, "old"); err != nil {
			return err
		}
		return w.flow.Vouch(ctx, r)
	case way.PINsChosen:
		return w.flow.PINs(ctx, r, r.Device+"-login", r.Device+"-signature")
	case way.CodeShown:
		_, _, err = w.flow.Code(ctx, r)
		return err
	case way.CardLoggedIn, way.QuestionsAnswered, way.CodeMatched, way.CardSigned:
		return w.flow.Card(ctx, r)
	case way.OfficerAttests:
		return w.flow.Officer(ctx, r)
	case way.CodeTyped:
		return w.flow.Activate(ctx, r, "right")
	case way.IdentityConfirmed:
		return w.flow.IsMe(ctx, r, true, "")
	case way.PINsRecalled:
		recall, err := w.flow.Recall(ctx, r)
		if err != nil {
			return err
		}
		for _, tx := range []string{recall.Login, recall.Sign} {
			w.keys.sign(tx, w.keys.offers[tx].Record)
		}
		return w.flow.Recalled(ctx, r)
	case way.ReplacementAgreed:
		return w.flow.Replace(ctx, r, true)
	}
	return fmt.Errorf("no step brings %s", f)
}

// follow has an account follow the link of a sitting and say yes with its PINs.
func (w *world) follow(r sitting.Ref, id string) error {
	link, err := w.flow.Link(w.t.Context(), r)
	if err != nil || link == "" {
		return err
	}
	c, err := w.service.Claim(w.t.Context(), link, w.mem.accounts[id])
	if err != nil {
		return err
	}
	for _, tx := range []string{c.Login, c.Sign} {
		if o, ok := w.keys.offers[tx]; ok && !w.keys.cancelled[tx] {
			w.keys.sign(tx, o.Record)
		}
	}
	return nil
}

// confirmContact has a code sent, and types it.
func (w *world) confirmContact(r sitting.Ref) error {
	ctx, to := w.t.Context(), To{Contact: "ada@example.org"}
	if w.goes.Way == way.IDCard {
		return w.flow.Card(ctx, r)
	}
	if w.goes.Way == way.Account {
		list, err := w.flow.Choices(ctx, r)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errors.New("no contact on file")
		}
		to = To{Pick: list[0].ID}
	}
	if _, err := w.flow.SendCode(ctx, r, to); err != nil {
		return err
	}
	return w.flow.ConfirmCode(ctx, r, w.code())
}

// face has a picture taken; if it is doubtful, two people say that it matches.
func (w *world) face(r sitting.Ref) error {
	ctx := w.t.Context()
	if w.doubtful {
		w.faces = verdict(face.Review)
	}
	err := w.flow.Face(ctx, r, frames)
	if tunnus.CodeOf(err) == tunnus.CodeRevPending || w.mem.sessions[r.Session].State == way.Parked {
		w.verdict = review.Approved
		return w.flow.Look(ctx, r)
	}
	return err
}

// Code implements [card.Cards] of the portal; its holder is who registers.
func (w *world) Code(_ context.Context, p card.Phone) (card.Code, error) {
	return card.Code{Text: "ABCDEFGH", Until: p.Until}, nil
}

// Outcome implements the same.
func (w *world) Outcome(context.Context, string, string) (o card.Outcome, ok bool, err error) {
	if w.ruined {
		return o, false, card.Terminated(errors.New("two portals"))
	}
	p := w.people[w.applicant()]
	word := map[string]string{"result": "ok"}
	return card.Outcome{
		Visit: "visit", Person: p.Code, Surname: p.Surname, GivenNames: p.GivenNames, Contact: "ada@example.org", Channel: "email", Hold: w.hold,
		Login: word, Questions: word, Code: word, Signed: word,
	}, true, nil
}

// atDesk is a desk whose officer has seen who registers.
type atDesk struct{ *world }

func (d atDesk) Report(context.Context, string, string) (desk.Report, error) {
	p := d.people[d.applicant()]
	return desk.Report{
		Case: "case", Officer: "officer", Person: desk.Person{Country: "XX", Code: p.Code.Value(), Surname: p.Surname, GivenNames: p.GivenNames, Document: "X1234567"},
		Zone: d.seen, Issued: d.seenFrom, Proved: true, Chip: map[string]string{"result": "ok"}, Attest: map[string]string{"result": "ok"},
	}, nil
}

func (d atDesk) Activate(_ context.Context, _, _, typed string) (string, error) {
	if typed != "right" {
		return "", tunnus.Conflict(errors.New("wrong"))
	}
	return "case", nil
}

func (d atDesk) Counter(string) string { return "17" }

// cases is the queue of reviewers.
type cases struct{ *world }

func (c cases) Park(_ context.Context, p review.Parcel) (review.Case, error) {
	c.cases[p.Session] = p
	return review.Case{}, nil
}

func (c cases) Wants(_ context.Context, session string) (bool, error) {
	_, there := c.cases[session]
	return there && c.stale, nil
}

func (c cases) Renew(_ context.Context, session string, p review.Pictures, results map[string]string) error {
	parcel := c.cases[session]
	parcel.Pictures, parcel.Folder.Results, c.stale = p, results, false
	c.cases[session] = parcel
	return nil
}

func (c cases) Outcome(_ context.Context, session string) (v review.Verdict, ok bool, err error) {
	if _, there := c.cases[session]; !there {
		return v, false, tunnus.NotFound(nil)
	}
	return review.Verdict{Session: session, State: c.world.verdict, First: "a", Second: "b"}, c.world.verdict != "", nil
}

// mine lists the accounts of a device.
func (w *world) mine(device string) (out []account.Account) {
	for _, a := range w.mem.accounts {
		if a.Device == device {
			out = append(out, a)
		}
	}
	return out
}

// onRoute reports whether the facts of a session are the beginning of its route.
func onRoute(s sitting.Session) bool {
	facts := s.Route.Facts()
	return len(s.Facts) <= len(facts) && !slices.ContainsFunc(facts[:len(s.Facts)], func(f way.Fact) bool { return !s.Facts.Has(f) })
}
