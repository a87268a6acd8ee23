package enrol

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/scheme"
)

func claim() scheme.Claim {
	return scheme.Claim{App: "0.1.0", OS: "linux", OSVersion: "6.1", Model: "terminal"}
}

func TestAdmit(t *testing.T) {
	early := Facts{Versions: {}, Terms: {}, Consent: {}, FormFilled: {}}
	tests := []struct {
		name string
		have Facts
		give Fact
		code tunnus.Code // "" if the step is open
	}{
		{"versions first", Facts{}, Versions, ""},
		{"terms before consent", Facts{Versions: {}}, Consent, tunnus.CodeStateConflict},
		{"chip after the form", early, ChipProved, ""},
		{"no face before the chip", early, FaceMatches, tunnus.CodeStateConflict},
		{"no keys before the face", early, KeysMade, tunnus.CodeStateConflict},
		{"no fact twice", Facts{Versions: {}}, Versions, tunnus.CodeStateConflict},
		{"no fact of nowhere", Facts{}, "signed-by-pope", tunnus.CodeStateConflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Admit(Passport, tt.have, tt.give); tunnus.CodeOf(err) != tt.code {
				t.Errorf("Admit(%v, %s) = %v; want %q", tt.have, tt.give, err, tt.code)
			}
		})
	}
	if err := Admit("no-such-way", Facts{}, Versions); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("a way that does not exist: %v", err)
	}
}

// Nobody gets keys by passport without chip and face: checked on the table, for every way that has a chip.
func TestKeysComeAfterProof(t *testing.T) {
	for w, facts := range ways {
		if !slices.Contains(facts, ChipProved) {
			continue
		}
		keys := slices.Index(facts, KeysMade)
		for _, proof := range []Fact{Terms, Consent, ChipProved, ContactConfirmed, RegisterAgrees, FaceMatches} {
			if at := slices.Index(facts, proof); at < 0 || at > keys {
				t.Errorf("%s: keys at %d, %s at %d", w, keys, proof, at)
			}
		}
		if facts[len(facts)-1] != ApplicationSigned {
			t.Errorf("%s does not end with the signed application", w)
		}
		if slices.Index(facts, Consent) > slices.Index(facts, ChipProved) {
			t.Errorf("%s: the consent comes after the capture", w)
		}
	}
}

func TestEveryFactHasItsMark(t *testing.T) {
	for w, facts := range ways {
		if revisions[w] == "" {
			t.Errorf("%s has no revision", w)
		}
		for _, f := range facts {
			if marks[f] == "" {
				t.Errorf("%s has no mark", f)
			}
		}
	}
	if marks[Versions] != Claimed || marks[FormFilled] != Claimed {
		t.Error("what a client merely says is more than a claim")
	}
}

// Whatever is called in whatever order: the facts are always the beginning of
// the way's row, and an account is active only once they are all there.
func TestNobodyGetsAroundAFact(t *testing.T) {
	p := ada(t, nil)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		r := ref("phone", 1)
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			s := w.mem.sessions[r.Session]
			f, ok := Next(Passport, s.Facts)
			if !ok || rapid.IntRange(0, 2).Draw(rt, "out of turn") == 0 {
				f = rapid.SampledFrom(ways[Passport]).Draw(rt, "step")
			}
			had := len(s.Facts)
			err := w.step(r, f, p)
			s = w.mem.sessions[r.Session]
			if gained := len(s.Facts) - had; gained > 1 || gained == 1 && err != nil {
				rt.Fatalf("%s: %d facts more, %v", f, gained, err)
			}
			for i, f := range ways[Passport] {
				if s.Facts.Has(f) != (i < len(s.Facts)) {
					rt.Fatalf("facts %v are no beginning of the way", s.Facts)
				}
			}
			active := 0
			for _, a := range w.mem.accounts {
				if a.State == account.Active {
					active++
				}
			}
			if whole := len(s.Facts) == len(ways[Passport]); (active == 1) != whole || active > 1 || whole != (s.State == Done) {
				rt.Fatalf("%d active accounts, %d facts, session %s", active, len(s.Facts), s.State)
			}
		}
	})
}
