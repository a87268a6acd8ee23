package way

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

func TestAdmit(t *testing.T) {
	early := Facts{Versions: {}, Terms: {}, Consent: {}, FormFilled: {}}
	passport := Route{Passport, New, false}
	tests := []struct {
		name  string
		route Route
		have  Facts
		give  Fact
		code  tunnus.Code // "" if the step is open
	}{
		{"versions first", passport, Facts{}, Versions, ""},
		{"terms before consent", passport, Facts{Versions: {}}, Consent, tunnus.CodeStateConflict},
		{"chip after the form", passport, early, ChipProved, ""},
		{"no face before the chip", passport, early, FaceMatches, tunnus.CodeStateConflict},
		{"no keys before the face", passport, early, KeysMade, tunnus.CodeStateConflict},
		{"no fact twice", passport, Facts{Versions: {}}, Versions, tunnus.CodeStateConflict},
		{"no fact of nowhere", passport, Facts{}, "signed-by-pope", tunnus.CodeStateConflict},
		{"no fact of another way", passport, Facts{Versions: {}, Terms: {}}, AccountVouches, tunnus.CodeStateConflict},
		{"no way of nowhere", Route{"no-such-way", New, false}, Facts{}, Versions, tunnus.CodeStateConflict},
		{"nobody vouches for a renewal", Route{Account, Renew, false}, Facts{}, Versions, tunnus.CodeStateConflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Admit(tt.route, tt.have, tt.give); tunnus.CodeOf(err) != tt.code {
				t.Errorf("Admit(%v, %s) = %v; want %q", tt.have, tt.give, err, tt.code)
			}
		})
	}
}

// before fails if one of the first facts does not stand before the last on a route.
func before(t *testing.T, r Route, last Fact, first ...Fact) {
	t.Helper()
	facts := r.Facts()
	for _, f := range first {
		if at := slices.Index(facts, f); at < 0 || at > slices.Index(facts, last) {
			t.Errorf("%s: %s at %d, %s at %d", r, f, at, last, slices.Index(facts, last))
		}
	}
}

// Nobody gets certificates on any route without what proves them.
func TestKeysComeAfterProof(t *testing.T) {
	proofs := map[Way][]Fact{
		Passport: {Terms, Consent, ChipProved, ContactConfirmed, RegisterAgrees, FaceMatches},
		IDCard:   {Terms, CodeMatched, CardLoggedIn, ContactConfirmed, CardSigned, RegisterAgrees, IdentityConfirmed},
		Account:  {Terms, AccountVouches, ContactConfirmed},
		Desk:     {Terms, ChipProved, OfficerAttests, RegisterAgrees, CodeTyped, ContactConfirmed},
	}
	for _, r := range Routes() {
		before(t, r, KeysMade, proofs[r.Way]...)
		if r.Minor {
			before(t, r, KeysMade, GuardianAgrees)
			before(t, r, GuardianAgrees, RegisterAgrees) // who answers for the child is found there
		}
		if facts := r.Facts(); facts[len(facts)-1] != ApplicationSigned {
			t.Errorf("%s does not end with the signed application", r)
		}
		if slices.Contains(r.Facts(), PINsRecalled) {
			before(t, r, ApplicationSigned, PINsRecalled)
		}
		if slices.Contains(r.Facts(), FaceMatches) {
			before(t, r, ChipProved, Consent) // before any capture
		}
	}
}

// R12: the old device confirms first, then PINs are chosen; and an older account
// goes only with its holder's consent, before the application is signed.
func TestR12OldDeviceConfirmsBeforePINs(t *testing.T) {
	for _, r := range Routes() {
		if !r.Purpose.Replaces() {
			if slices.Contains(r.Facts(), DeviceConfirms) || slices.Contains(r.Facts(), ReplacementAgreed) {
				t.Errorf("%s replaces nothing, and asks for it", r)
			}
			continue
		}
		before(t, r, KeysMade, DeviceConfirms)
		before(t, r, ApplicationSigned, ReplacementAgreed)
		if slices.Contains(r.Facts(), PINsChosen) {
			before(t, r, PINsChosen, DeviceConfirms)
		}
	}
}

// R11: each fact is marked, and what a client merely says is a claim.
func TestR11EveryFactHasItsMark(t *testing.T) {
	for _, r := range Routes() {
		if r.Way.Revision() == "" {
			t.Errorf("%s has no revision", r.Way)
		}
		for _, f := range r.Facts() {
			if f.Mark() == "" {
				t.Errorf("%s has no mark", f)
			}
		}
	}
	for _, f := range []Fact{Versions, FormFilled, QuestionsAnswered} {
		if f.Mark() != Claimed {
			t.Errorf("%s is %s: what a client merely says is more than a claim", f, f.Mark())
		}
	}
}

// Whatever is offered in whatever order: what stands is always the beginning of
// the route, and the last fact stands only behind all others.
func TestFactsAreABeginning(t *testing.T) {
	var all []Fact
	for f := range marks {
		all = append(all, f)
	}
	slices.Sort(all)
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(Routes()).Draw(t, "route")
		have := Facts{}
		for _, f := range rapid.SliceOfN(rapid.SampledFrom(all), 0, 60).Draw(t, "offers") {
			if open, ok := Next(r, have); ok && rapid.Bool().Draw(t, "as asked") {
				f = open
			}
			if Admit(r, have, f) == nil {
				have[f] = Record{}
			}
		}
		for i, f := range r.Facts() {
			if have.Has(f) != (i < len(have)) {
				t.Fatalf("%v is no beginning of %s", have, r)
			}
		}
	})
}

func TestAfter(t *testing.T) {
	want := map[State]string{ // one letter an event, in the order of Events: the state it leads to, or a dot
		Open:    "P.RXU.D",
		Parked:  ".ORXU..",
		Done:    ".......",
		Refused: ".......",
		Expired: ".......",
		Undoing: ".....X.",
	}
	letter := map[State]byte{Open: 'O', Parked: 'P', Done: 'D', Refused: 'R', Expired: 'X', Undoing: 'U'}
	for _, s := range States() {
		for i, e := range Events() {
			to, err := s.After(e)
			if w := want[s][i]; w == '.' {
				if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
					t.Errorf("%s after %s is %s, %v; want state-conflict", s, e, to, err)
				}
			} else if err != nil || letter[to] != w {
				t.Errorf("%s after %s is %s, %v; want %c", s, e, to, err, w)
			}
		}
		if s.Ended() != (want[s] == ".......") {
			t.Errorf("%s: Ended = %v", s, s.Ended())
		}
	}
}
