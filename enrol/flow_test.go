package enrol

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// refused checks a failure's code and, unless they are -1, the tries left.
func refused(t *testing.T, err error, want tunnus.Code, left int) {
	t.Helper()
	var e *tunnus.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("error is %v; want %s", err, want)
	}
	if left >= 0 && (e.Left == nil || *e.Left != left) {
		t.Errorf("%s: %v left; want %d", want, e.Left, left)
	}
	if e.Public == "" || strings.Contains(err.Error(), "199002140017") || strings.Contains(strings.ToUpper(err.Error()), "AASK") {
		t.Errorf("%s: no sentence, or one that names the person: %v", want, err)
	}
}

func TestWholeWay(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, "", p)
	a, err := w.flow.Finish(t.Context(), r)
	if err != nil || a.State != account.Active || a.Level != tunnus.Qualified || a.Surname != "Åsk" || a.Device != "phone" {
		t.Fatalf("account = %+v, %v", a, err)
	}
	record, err := application.ParseRecord(a.Application)
	app := record.Application
	if err != nil || app.Document != a.Document || app.Device != "phone" || app.Person != "PNOXX-199002140017" || app.Terms != w.cfg.Rules.Terms {
		t.Errorf("application = %+v, %v", app, err)
	}
	if len(app.Keys) != 2 || app.Keys[0].Certificate != a.Certificates[0].Serial || app.Keys[0].Thumbprint == app.Keys[1].Thumbprint {
		t.Errorf("the application names other keys: %+v", app.Keys)
	}
	s := w.mem.sessions[r.Session]
	if s.Payload != nil || s.State != way.Done {
		t.Errorf("the session is %s and holds %d bytes", s.State, len(s.Payload))
	}
	last := w.mem.outbox[len(w.mem.outbox)-1]
	if m, err := otp.OpenLetter(mask{}, last); err != nil || last.Kind != "account-active" || m.To != "ada@example.org" {
		t.Errorf("last letter: %s to %s, %v", last.Kind, m.To, err)
	}
	if s.Facts[way.ChipProved].Detail["active-authentication"] != "successful" || s.Facts[way.FaceMatches].Detail["approval"] != "unattended" || s.Facts[way.FaceMatches].Detail["calibration"] != "sandbox" {
		t.Errorf("evidence: %v %v", s.Facts[way.ChipProved].Detail, s.Facts[way.FaceMatches].Detail)
	}
}

func TestNothingOfAPersonIsInClear(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.KeysMade, p)
	seen := fmt.Sprintf("%+v", w.mem.sessions[r.Session])
	if _, err := w.flow.MakeKeys(t.Context(), r, "phone-login", "phone-signature"); err != nil {
		t.Fatal(err)
	}
	seen += fmt.Sprintf("%+v %+v %+v %+v", w.mem.sessions[r.Session], w.mem.events, w.mem.ledgers, w.mem.sheets)
	for _, canary := range []string{"199002140017", "AASK", "Åsk", "X1234567", "ada@example.org", "PNOXX"} {
		if strings.Contains(seen, canary) {
			t.Errorf("%q stands in a row or an audit line", canary)
		}
	}
}

func TestStepOutOfTurn(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	for _, f := range []way.Fact{way.FormFilled, way.ChipProved, way.RegisterAgrees, way.FaceMatches, way.KeysMade, way.ApplicationSigned} {
		refused(t, w.step(r, f, p), tunnus.CodeStateConflict, -1)
	}
	if n := len(w.mem.sessions[r.Session].Facts); n != 5 {
		t.Errorf("%d facts stand; want 5", n)
	}
	// What can only be answered one way is answered again.
	if err := w.step(r, way.Terms, p); err != nil {
		t.Error(err)
	}
}

func TestSessionOfAnotherDevice(t *testing.T) {
	w, r := newWorld(t), ref("phone", 1)
	w.upTo(r, way.FormFilled, nil)
	thief := sitting.Ref{Session: r.Session, Device: "thief"}
	refused(t, w.flow.Form(t.Context(), thief, adasForm()), tunnus.CodeNotFound, -1)
	if _, err := w.flow.Status(t.Context(), thief); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("Status = %v; want not-found", err)
	}
	if _, err := w.flow.Start(t.Context(), thief, passport, claim(), ""); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("Start of a session that is taken = %v; want state-conflict", err)
	}
}

func TestStartRefuses(t *testing.T) {
	w := newWorld(t)
	old := claim()
	old.App = "0.0.9"
	_, err := w.flow.Start(t.Context(), ref("a", 1), passport, old, "")
	refused(t, err, tunnus.CodeAppOld, -1)
	var e *tunnus.Error
	if errors.As(err, &e); !strings.Contains(e.Public, "0.1.0") {
		t.Errorf("an old app is not told which version it needs: %s", e.Public)
	}
	old = claim()
	old.OS, old.OSVersion = "Android", "9"
	_, err = w.flow.Start(t.Context(), ref("a", 1), passport, old, "")
	refused(t, err, tunnus.CodeDevOSOld, -1)
	w.upTo(ref("b", 1), "", ada(t, nil))
	_, err = w.flow.Start(t.Context(), ref("b", 2), passport, claim(), "")
	refused(t, err, tunnus.CodeStateConflict, -1)
	if _, err = w.flow.Start(t.Context(), ref("b", 1), passport, claim(), ""); err != nil {
		t.Errorf("repeating a start = %v", err)
	}
}

// After three years a device may register again, also where no job has ended the
// old account yet; one that is held or not signed yet is no different.
func TestStartAfterTheAccountsYears(t *testing.T) {
	for _, held := range []bool{false, true} {
		w, p := newWorld(t), ada(t, nil)
		w.upTo(ref("phone", 1), "", p)
		old := w.onlyAccount()
		if held {
			old.State = account.Suspended
			w.mem.accounts[old.ID] = old
		}
		w.now = old.ExpiresAt.Add(-time.Second)
		_, err := w.flow.Start(t.Context(), ref("phone", 2), passport, claim(), "")
		refused(t, err, tunnus.CodeStateConflict, -1)
		w.now = old.ExpiresAt
		p = ada(t, func(h *virtual.Holder) { h.Expiry = w.now.AddDate(5, 0, 0) })
		w.upTo(ref("phone", 2), "", p)
		if got := w.mem.accounts[old.ID].State; got != account.Expired || len(w.mem.accounts) != 2 {
			t.Errorf("the old account is %s; %d accounts", got, len(w.mem.accounts))
		}
		lines := 0
		for _, e := range w.mem.events {
			if e.Kind == "account.expire" && e.Subject == old.ID {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("%d lines of the expiry; want 1", lines)
		}
	}
}

func TestFormRefuses(t *testing.T) {
	w, r := newWorld(t), ref("phone", 1)
	w.upTo(r, way.FormFilled, nil)
	for _, tt := range []struct {
		name   string
		change func(*Form)
		code   tunnus.Code
	}{
		{"a country that is not served", func(f *Form) { f.Country = "SE" }, tunnus.CodeEligCountry},
		{"a wrong check digit", func(f *Form) { f.PersonCode = "199002140018" }, tunnus.CodeFormCode},
		{"a child", func(f *Form) { f.PersonCode = utopian("20200214001") }, tunnus.CodeEligAge},
		{"no surname", func(f *Form) { f.Surname = " " }, tunnus.CodeBadRequest},
		{"no document", func(f *Form) { f.Document = "" }, tunnus.CodeBadRequest},
		{"a name without end", func(f *Form) { f.GivenNames = strings.Repeat("A", 201) }, tunnus.CodeBadRequest},
	} {
		form := adasForm()
		tt.change(&form)
		if err := w.flow.Form(t.Context(), r, form); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.code)
		}
	}
	if err := w.flow.Form(t.Context(), r, adasForm()); err != nil {
		t.Errorf("the right form afterwards: %v", err)
	}
}

func TestConsentRefused(t *testing.T) {
	w, r := newWorld(t), ref("phone", 1)
	w.upTo(r, way.Consent, nil)
	if err := w.flow.Terms(t.Context(), r, "1999-01"); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("terms of another version = %v", err)
	}
	refused(t, w.flow.Consent(t.Context(), r, w.cfg.Rules.Consent, false), tunnus.CodeConsentNo, -1)
	s := w.mem.sessions[r.Session]
	if s.State != way.Refused || s.Why != tunnus.CodeConsentNo || s.Payload != nil {
		t.Errorf("the session is %s, %s", s.State, s.Why)
	}
	refused(t, w.step(r, way.FormFilled, nil), tunnus.CodeStateConflict, -1)
}

func TestTimeIsOver(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	w.now = w.now.Add(30 * time.Minute)
	refused(t, w.step(r, way.ContactConfirmed, p), tunnus.CodeSesTimeout, -1)
	refused(t, w.step(r, way.ContactConfirmed, p), tunnus.CodeSesTimeout, -1)
	if s := w.mem.sessions[r.Session]; s.State != way.Expired || s.Payload != nil {
		t.Errorf("the session is %s and holds %d bytes", s.State, len(s.Payload))
	}
}

// Three sittings that were not ended count like one failure.
func TestRepeatedTimeoutsCount(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	for n := range 3 {
		w.upTo(ref("phone", n), way.ContactConfirmed, p)
		w.now = w.now.Add(31 * time.Minute)
		if ended, err := w.flow.Sweep(t.Context()); err != nil || ended != 1 {
			t.Fatalf("Sweep = %d, %v", ended, err)
		}
	}
	r := ref("phone", 9)
	w.upTo(r, way.FaceMatches, p)
	w.faces = verdict(face.NoMatch)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceNoMatch, 1)
}

func TestRegister(t *testing.T) {
	id := person(t, "PNOXX-199002140017")
	for _, tt := range []struct {
		name   string
		change func(*world)
		code   tunnus.Code
		state  way.State
	}{
		{"down", func(w *world) { w.down = true }, tunnus.CodeRegiDown, way.Open},
		{"unknown", func(w *world) { delete(w.people, id) }, tunnus.CodeRegiMismatch, way.Refused},
		{"other name", func(w *world) { p := w.people[id]; p.Surname = "Ek"; w.people[id] = p }, tunnus.CodeRegiMismatch, way.Refused},
		{"other birth", func(w *world) { p := w.people[id]; p.Birth = p.Birth.AddDate(0, 0, 1); w.people[id] = p }, tunnus.CodeRegiMismatch, way.Refused},
		{"dead", func(w *world) { p := w.people[id]; p.Deceased = true; w.people[id] = p }, tunnus.CodeRegiDeceased, way.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, r := newWorld(t), ref("phone", 1)
			w.upTo(r, way.RegisterAgrees, ada(t, nil))
			tt.change(w)
			refused(t, w.flow.Register(t.Context(), r), tt.code, -1)
			s := w.mem.sessions[r.Session]
			if s.State != tt.state {
				t.Errorf("the session is %s; want %s", s.State, tt.state)
			}
			if st, err := w.flow.tab.Documents.State(t.Context(), s.Document); err != nil || st.Left != 3 {
				t.Errorf("the register's word was counted: %+v, %v", st, err)
			}
		})
	}
}

// A chip that carries no personal number is bound by the register, or not at all.
func TestNameAndBirthAloneBindNothing(t *testing.T) {
	p := ada(t, func(h *virtual.Holder) { h.PersonCode = "" })
	w, r := newWorld(t), ref("phone", 1)
	w.upTo(r, way.RegisterAgrees, p)
	refused(t, w.flow.Register(t.Context(), r), tunnus.CodeRegiMismatch, -1)
	known := w.people[person(t, "PNOXX-199002140017")]
	known.Documents = []match.Document{{Number: "X1234567", State: match.Valid}}
	w.people[known.Code] = known
	w.upTo(ref("phone", 2), way.FaceMatches, p)
}
