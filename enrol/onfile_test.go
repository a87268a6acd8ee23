package enrol

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// demand lets the rules want a contact, and perhaps an earlier account.
func (w *world) demand(contact scheme.ContactRule, prior bool) {
	for i := range w.cfg.Rules.File.Eligible {
		row := &w.cfg.Rules.File.Eligible[i]
		row.Contact, row.Prior = contact, prior
	}
	w.restart()
}

// R5: a passport without a personal number proves nobody's code. Whoever has one of the
// same name and birth date as Ada gets no mask of hers, no code is sent to her, and
// whether she has an account is not told; the register alone can bind the two.
func TestR5ChipWithoutACodeShowsNoContacts(t *testing.T) {
	for _, prior := range []bool{true, false} {
		for _, knows := range []bool{true, false} { // the register, the document
			w, r := newWorld(t), ref("phone", 1)
			w.demand(scheme.OnFile, true)
			if prior {
				w.older("old", w.adult)
			}
			if knows {
				known := w.people[w.adult]
				known.Documents = []match.Document{{Number: "X1234567", State: match.Valid}}
				w.people[w.adult] = known
			}
			w.upTo(r, way.ContactConfirmed, ada(t, func(h *virtual.Holder) { h.PersonCode = "" }))
			list, err := w.flow.Choices(t.Context(), r)
			switch {
			case !knows:
				refused(t, err, tunnus.CodeRegiMismatch, -1)
			case !prior:
				refused(t, err, tunnus.CodeEligNoPrior, -1)
			case err != nil || len(list) != 1:
				t.Errorf("%v, %v", list, err)
			}
			if (!knows || !prior) && len(list) != 0 {
				t.Errorf("masks %v", list)
			}
		}
	}
}

// What the register says at the contact ends a session, and is written down, as it is
// at its own step: whoever asks again is not told it once more.
func TestR5WordOfTheRegisterAtTheContactIsTheLast(t *testing.T) {
	w, r := newWorld(t), ref("phone", 1)
	w.demand(scheme.OnFile, false)
	w.upTo(r, way.ContactConfirmed, ada(t, func(h *virtual.Holder) { h.PersonCode = "" }))
	_, err := w.flow.SendCode(t.Context(), r, To{Contact: "eve@example.org"})
	refused(t, err, tunnus.CodeRegiMismatch, -1)
	if st, err := w.flow.Status(t.Context(), r); err != nil || st.State != way.Refused {
		t.Errorf("after that %v, %v", st, err)
	}
	if len(w.mem.outbox) != 0 {
		t.Errorf("%d letters", len(w.mem.outbox))
	}
}

// R5, L1: a chip that can be copied proves nobody's presence. Whoever has a copy of Ada's
// gets no mask of hers, and is answered alike whether she has an account or not.
func TestR5CopyableChipShowsNoContacts(t *testing.T) {
	for _, tt := range []struct {
		contact scheme.ContactRule
		prior   bool
		want    tunnus.Code
	}{
		{scheme.OnFile, true, tunnus.CodeEligNoPrior},
		{scheme.OnFile, false, tunnus.CodeContactGone},
		{scheme.NewContact, true, tunnus.CodeEligNoPrior},
	} {
		for _, number := range []string{"199002140017", ""} {
			for _, account := range []bool{true, false} {
				w, r := newWorld(t), ref("phone", 1)
				w.demand(tt.contact, tt.prior)
				if account {
					w.older("old", w.adult)
				}
				known := w.people[w.adult]
				known.Documents = []match.Document{{Number: "X1234567", State: match.Valid}}
				w.people[w.adult] = known
				w.upTo(r, way.ContactConfirmed, ada(t, func(h *virtual.Holder) { h.Chip, h.PersonCode = virtual.ChipPlain, number }))
				list, err := w.flow.Choices(t.Context(), r)
				if err == nil {
					_, err = w.flow.SendCode(t.Context(), r, To{Contact: "eve@example.org"})
				}
				if len(list) != 0 {
					t.Errorf("masks: %v", list)
				}
				refused(t, err, tt.want, -1)
				if len(w.mem.outbox) != 0 {
					t.Errorf("%d letters", len(w.mem.outbox))
				}
			}
		}
	}
}

// R5: nor does the register's step tell it: of which level the accounts are that an
// upgrade would raise is told behind the face.
func TestR5CopyableChipIsNoOracleOfLevels(t *testing.T) {
	for _, account := range []bool{true, false} {
		w, r := newWorld(t), ref("phone", 1)
		w.goes = way.Route{Way: way.Passport, Purpose: way.Upgrade}
		if account {
			w.older("old", w.adult)
		}
		w.upTo(r, way.RegisterAgrees, ada(t, func(h *virtual.Holder) { h.Chip = virtual.ChipPlain }))
		if err := w.flow.Register(t.Context(), r); err != nil {
			t.Errorf("with an account %v: %v", account, err)
		}
	}
}

// R5: of whoever is not proved to be the applicant, the register's word is not told,
// dead or alive.
func TestR5RegisterTellsNothingOfOthers(t *testing.T) {
	for name, change := range map[string]func(*match.Person){
		"dead":       func(p *match.Person) { p.Deceased = true },
		"restricted": func(p *match.Person) { p.Restricted = true },
		"abroad":     func(p *match.Person) { p.Address = match.Abroad },
		"alive":      func(*match.Person) {},
	} {
		w, r := newWorld(t), ref("phone", 1)
		w.upTo(r, way.RegisterAgrees, ada(t, func(h *virtual.Holder) { h.PersonCode = "" }))
		p := w.people[w.adult]
		change(&p)
		w.people[w.adult] = p
		t.Log(name)
		refused(t, w.flow.Register(t.Context(), r), tunnus.CodeRegiMismatch, -1)
	}
}
