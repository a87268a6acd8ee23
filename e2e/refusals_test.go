package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/document/virtual"
	face "github.com/tunnus-id/tunnus/face/virtual"
)

// forge has the world's own state print a passport that is not quite right.
func (s *server) forge(h *holder, change func(*virtual.Holder)) {
	s.t.Helper()
	country, err := s.world.Country()
	if err != nil {
		s.t.Fatal(err)
	}
	print := h.person.Holder(time.Now(), h.looks.Portrait())
	change(&print)
	if h.passport, err = country.Issue(print); err != nil {
		s.t.Fatal(err)
	}
}

// Registrations that must end in a refusal, each by the real app at the real
// server, with the code that the person is told.
func TestRegistrationsThatAreRefused(t *testing.T) {
	s := start(t)
	tests := []struct {
		name, who string
		spoil     func(h *holder)
		code      tunnus.Code
	}{
		{"expired document", "dov", func(h *holder) {
			s.forge(h, func(p *virtual.Holder) { p.Expiry = time.Now().AddDate(0, 0, -2); p.Number = "P9000001X" })
			h.typed["document"] = []string{"P9000001X"}
		}, tunnus.CodeDocExpired},
		{"name unlike the chip", "eve", func(h *holder) { h.typed["surname"] = []string{"SOMEBODY"} }, tunnus.CodeFormMismatch},
		{"consent refused", "eve", func(h *holder) { h.typed["consent"] = []string{"no"} }, tunnus.CodeConsentNo},
		{"country not served", "eve", func(h *holder) { h.typed["country"] = []string{"QQ"} }, tunnus.CodeEligCountry},
		{"face of another person", "finn", func(h *holder) { h.looks, _ = face.Find("hana") }, tunnus.CodeFaceNoMatch},
		{"DG1 changed by one bit", "gus", func(h *holder) {
			h.passport = h.passport.WithFaults(virtual.Faults{FlipDG1: true})
		}, tunnus.CodeDocSigBad},
		{"unknown country signer", "gus", func(h *holder) {
			other, err := virtual.NewCountry(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if h.passport, err = other.Issue(h.person.Holder(time.Now(), h.looks.Portrait())); err != nil {
				t.Fatal(err)
			}
		}, tunnus.CodeDocSignerUnknown},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := s.newHolder(tt.who)
			tt.spoil(h)
			_, err := s.phone(h, string(rune('a'+i))+".phone").Register(t.Context())
			if tunnus.CodeOf(err) != tt.code {
				t.Errorf("Register = %v; want %s; asked %v", err, tt.code, h.asked)
			}
			e, ok := errors.AsType[*tunnus.Error](err)
			if ok && (e.Public != tt.code.Sentence() && !strings.HasPrefix(e.Public, tt.code.Sentence()) || e.Public == "") {
				t.Errorf("the person is told %q", e.Public)
			}
		})
	}
}

// Mistakes that a person may mend on the way: each is told, and the journey ends well.
func TestMistakesThatCanBeMended(t *testing.T) {
	s := start(t)
	h := s.newHolder("cleo")
	h.typed["person-code"] = []string{"199711300013", h.person.Code.Value()}
	h.typed["pin1"] = []string{"1234", "1997", "4719"}
	h.typed["pin1-again"] = []string{"4718", "4719"}
	h.typed["pin2"] = []string{"83052", "83052", "83053", "83052"}
	h.typed["pin1"] = append(h.typed["pin1"], "4719", "4719")
	a := s.phone(h, "cleo.phone")
	if _, err := a.Register(t.Context()); err != nil {
		t.Fatalf("%s; asked %v; told %v", app.Explain(err), h.asked, h.told)
	}
	for _, code := range []tunnus.Code{tunnus.CodeFormCode, tunnus.CodePINWeak, tunnus.CodePINDiff} {
		if !slices.ContainsFunc(h.told, func(line string) bool { return strings.Contains(line, "["+string(code)+"]") }) {
			t.Errorf("nobody told %s: %q", code, h.told)
		}
	}
}

// Three wrong PINs lock for three hours: the third is told with the end of the
// lock, no further PIN is asked for, and the service learns no more than that
// the account cannot be used now.
func TestWrongPINThreeTimes(t *testing.T) {
	s := start(t)
	h := s.newHolder("ben")
	a := s.phone(h, "ben.phone")
	account, err := a.Register(t.Context())
	if err != nil {
		t.Fatal(app.Explain(err))
	}
	h.typed["pin1"] = []string{"5820", "5821", "5822", "4719"}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	asked := make(chan error, 1)
	go func() {
		_, err := s.ask(ctx, client.Subject{Number: account.Document})
		asked <- err
	}()
	_, err = a.Next(ctx)
	if tunnus.CodeOf(err) != tunnus.CodePINLock1 {
		t.Fatalf("after three wrong PINs: %v; told %q", err, h.told)
	}
	e, _ := errors.AsType[*tunnus.Error](err)
	if e.Until == nil || time.Until(*e.Until) < 2*time.Hour || time.Until(*e.Until) > 3*time.Hour {
		t.Errorf("locked until %v", e.Until)
	}
	wrong, typed := 0, 0
	for _, line := range h.told {
		if strings.Contains(line, "[pin-wrong]") {
			wrong++
		}
	}
	for _, key := range h.asked {
		if key == "pin1" {
			typed++
		}
	}
	if wrong != 2 || typed != 4 { // one of the four was for choosing it
		t.Errorf("told of %d wrong PINs before the lock, asked %d times: %q", wrong, typed, h.told)
	}
	for range 2 { // the log-in that waits, and another one
		if refusal, ok := errors.AsType[*client.Refusal](<-asked); !ok || refusal.End != "DOCUMENT_UNUSABLE" {
			t.Errorf("the service was told %v", refusal)
		}
		go func() {
			_, err := s.ask(ctx, client.Subject{Number: account.Document})
			asked <- err
		}()
	}
}
