package login

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

func TestSignedOnOneDeviceEndsTheSession(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	fresh, old := w.list(t, "new"), w.list(t, "old")
	if len(fresh) != 1 || len(old) != 1 {
		t.Fatalf("shown on %d and %d accounts, want each", len(fresh), len(old))
	}
	w.keys.sign(t, old[0].Transaction)
	for range 2 { // again is no harm
		if err := w.Finish(t.Context(), "old", old[0].Transaction); err != nil {
			t.Fatal(err)
		}
	}
	st := w.status(t, id)
	if st.State != Complete || st.End != OK || st.Answer == nil || st.Answer.Number != ada+"-22AB-NQ" ||
		st.Answer.Level != tunnus.Advanced || string(st.Answer.Certificate) != "certificate of old" {
		t.Errorf("status %+v, answer %+v", st, st.Answer)
	}
	if out := w.keys.state[fresh[0].Transaction]; out.State != Cancelled {
		t.Errorf("the other device's offer is %q, want cancelled", out.State)
	}
	if n := len(w.list(t, "new")); n != 0 {
		t.Errorf("the other device still shows %d", n)
	}
}

func TestRequestShowsWhatIsSigned(t *testing.T) {
	w := newWorld(t)
	a := ask(t)
	if _, err := w.Start(t.Context(), party(bank), Subject{Number: ada + "-7K3Q-Q"}, a); err != nil {
		t.Fatal(err)
	}
	r := w.list(t, "new")[0]
	code, err := acsp.VerificationCode(a.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	if r.Service != "Bank" || r.Code != code || r.Choices != nil || r.Interactions[0].Text != "Log in" {
		t.Errorf("request %+v, want code %s", r, code)
	}
	f, err := acsp.ParseRecord(r.Record)
	if err != nil {
		t.Fatal(err)
	}
	if f.RPChallenge != a.Challenge || f.Interactions != a.Interactions || f.Scheme != "tunnus-demo" || f.Flow != acsp.Notification {
		t.Errorf("record %+v", f)
	}
	if got := w.keys.offers[r.Transaction]; string(got.Record) != string(r.Record) || got.Hash != "SHA3-512" || got.KeyID != "key-new" {
		t.Errorf("offer %+v", got)
	}
	if n := len(w.list(t, "old")); n != 0 {
		t.Errorf("a request by document number is shown on %d other accounts", n)
	}
}

func TestWhoCannotBeAskedLooksAlike(t *testing.T) {
	qualified := ask(t)
	qualified.Level = tunnus.Qualified
	tests := []struct {
		name string
		who  Subject
		ask  Ask
		prep func(*world)
	}{
		{"unknown person", Subject{SemanticsID: "PNOXX-198511230020"}, ask(t), nil},
		{"impossible code", Subject{SemanticsID: "PNOXX-199002140018"}, ask(t), nil},
		{"country not served", Subject{SemanticsID: "PNOZZ-1"}, ask(t), nil},
		{"passport number", Subject{SemanticsID: "PASXX-1234567"}, ask(t), nil},
		{"unknown document number", Subject{Number: ada + "-ZZZZ-Q"}, ask(t), nil},
		{"level too low", Subject{Number: ada + "-22AB-NQ"}, qualified, nil},
		{"no account", Subject{SemanticsID: ada}, ask(t), func(w *world) { w.book.list = nil }},
		{"two requests pending", Subject{SemanticsID: ada}, ask(t), func(w *world) { w.start(t, bank); w.start(t, library) }},
	}
	var public string
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.prep != nil {
				tt.prep(w)
			}
			before := len(w.rows.all)
			_, err := w.Start(t.Context(), party(bank), tt.who, tt.ask)
			e, ok := errors.AsType[*tunnus.Error](err)
			if !ok || e.Code != tunnus.CodeAccNone || len(w.rows.all) != before {
				t.Fatalf("Start: %v with %d sessions, want acc-none with %d", err, len(w.rows.all), before)
			}
			if public == "" {
				public = e.Public
			}
			if e.Public != public || e.Field != "" || e.Until != nil || e.Left != nil {
				t.Errorf("told %+v, others %q", e, public)
			}
		})
	}
}

func TestAskIsJudged(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Ask, *Party)
		code   tunnus.Code
		field  string
	}{
		{"short challenge", func(a *Ask, _ *Party) { a.Challenge = "AAAA" }, tunnus.CodeBadRequest, "signatureProtocolParameters/rpChallenge"},
		{"unknown hash", func(a *Ask, _ *Party) { a.Hash = "SHA-1" }, tunnus.CodeBadRequest, "signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm"},
		{"interactions", func(a *Ask, _ *Party) { a.Interactions = "W10=" }, tunnus.CodeBadRequest, "interactions"},
		{"level", func(a *Ask, _ *Party) { a.Level = "QSCD" }, tunnus.CodeBadRequest, "certificateLevel"},
		{"ADVANCED without the right", func(_ *Ask, p *Party) { p.Advanced = false }, tunnus.CodeForbidden, "certificateLevel"},
		{"name that draws", func(a *Ask, _ *Party) { a.Name = "Ba\u202enk" }, tunnus.CodeBadRequest, "relyingPartyName"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, a, p := newWorld(t), ask(t), party(bank)
			tt.change(&a, &p)
			_, err := w.Start(t.Context(), p, Subject{SemanticsID: ada}, a)
			e, ok := errors.AsType[*tunnus.Error](err)
			if !ok || e.Code != tt.code || e.Field != tt.field || len(w.keys.offers) != 0 {
				t.Errorf("Start: %v (%d offers), want %s of %s", err, len(w.keys.offers), tt.code, tt.field)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		how    Happening
		screen acsp.Type
		want   EndResult
	}{
		{WasRefused, "", UserRefused},
		{WasNotMe, "", UserRefused},
		{CodeMispicked, "", WrongVC},
		{AppLacksScreen, "", InteractionUnsupported},
		{WasCancelled, acsp.DisplayTextAndPIN, UserRefusedInteraction},
	}
	for _, tt := range tests {
		t.Run(string(tt.how), func(t *testing.T) {
			w := newWorld(t)
			id := w.start(t, bank)
			for range 2 { // said twice is said once
				if err := w.Refuse(t.Context(), "old", id, tt.how, tt.screen); err != nil {
					t.Fatal(err)
				}
			}
			if st := w.status(t, id); st.End != tt.want || st.Refused != tt.screen || st.Answer != nil {
				t.Errorf("status %+v, want %s", st, tt.want)
			}
			for id, out := range w.keys.state {
				if out.State != Cancelled {
					t.Errorf("%s can still be signed: %s", id, out.State)
				}
			}
		})
	}
}

func TestRefusalsThatAreNone(t *testing.T) {
	w := newWorld(t)
	w.book.list = append(w.book.list, Account{ID: "stranger", Person: "PNOXX-1"})
	id := w.start(t, bank)
	tests := []struct {
		name, account, session string
		how                    Happening
		screen                 acsp.Type
		code                   tunnus.Code
	}{
		{"account that was not asked", "stranger", id, WasRefused, "", tunnus.CodeNotFound},
		{"no session", "new", newID(), WasRefused, "", tunnus.CodeNotFound},
		{"a signature is no refusal", "new", id, WasSigned, "", tunnus.CodeBadRequest},
		{"screen that was not offered", "new", id, WasCancelled, acsp.ConfirmationMessage, tunnus.CodeBadRequest},
	}
	for _, tt := range tests {
		err := w.Refuse(t.Context(), tt.account, tt.session, tt.how, tt.screen)
		if tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	if st := w.status(t, id); st.State != Running {
		t.Errorf("session is %s", st.State)
	}
}

func TestStatusHidesOtherPartiesSessions(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	for name, parties := range map[string][]string{"another party": {library}, "nobody": nil} {
		_, err := w.Status(t.Context(), parties, id, 0)
		_, absent := w.Status(t.Context(), parties, newID(), 0)
		if tunnus.CodeOf(err) != tunnus.CodeNotFound || tunnus.CodeOf(absent) != tunnus.CodeNotFound {
			t.Errorf("%s: %v, and %v for none", name, err, absent)
		}
	}
}

func TestSessionRunsOutByItself(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.clock.add(91 * time.Second)
	if n := len(w.list(t, "new")); n != 0 {
		t.Errorf("%d requests shown after the time to open them", n)
	}
	if st := w.status(t, id); st.State != Running {
		t.Errorf("%s while the PIN may be typed", st.State)
	}
	w.clock.add(30 * time.Second)
	if st := w.status(t, id); st.End != Timeout {
		t.Errorf("ended with %q, want TIMEOUT", st.End)
	}
	w.clock.add(5 * time.Minute)
	if _, err := w.Status(t.Context(), []string{bank}, id, 0); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("five minutes later: %v, want not-found", err)
	}
}

// A session ends when its time is over, not when somebody looks.
func TestForgottenSessionIsNotReadable(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.clock.add(time.Hour)
	if _, err := w.Status(t.Context(), []string{bank}, id, 0); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("Status: %v, want not-found", err)
	}
	if s := w.rows.all[id]; s.End != Timeout {
		t.Errorf("ended with %q", s.End)
	}
}

func TestEventsNameNobody(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	if err := w.Refuse(t.Context(), "new", id, WasRefused, ""); err != nil {
		t.Fatal(err)
	}
	if len(w.rows.events) != 2 {
		t.Fatalf("%d events, want start and end", len(w.rows.events))
	}
	for _, e := range w.rows.events {
		text := e.Subject
		for _, v := range e.Detail {
			text += " " + v
		}
		if e.Subject != id || strings.Contains(text, "1990") || strings.Contains(text, "Bank") {
			t.Errorf("event %+v", e)
		}
	}
}
