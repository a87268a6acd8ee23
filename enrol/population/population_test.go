package population

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

const invented = `[
	{"person": "PNOXX-199002140017", "surname": "Åsk", "given_names": "Ada", "documents": [{"number": "X1234567", "state": "valid"}]},
	{"person": "PNOEE-40504040001", "surname": "Proov", "given_names": "Ben", "birth": "1905-04-04", "deceased": true}
]`

func code(t *testing.T, s string) tunnus.PersonCode {
	t.Helper()
	c, err := tunnus.ParseSemanticsID(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestByCode(t *testing.T) {
	r, err := Parse([]byte(invented))
	if err != nil {
		t.Fatal(err)
	}
	ada, err := r.ByCode(t.Context(), code(t, "PNOXX-199002140017"))
	if err != nil || ada.Surname != "Åsk" || ada.Birth.Format(time.DateOnly) != "1990-02-14" || ada.Deceased {
		t.Errorf("ByCode = %v", err)
	}
	if ben, err := r.ByCode(t.Context(), code(t, "PNOEE-40504040001")); err != nil || !ben.Deceased {
		t.Errorf("ByCode = %v, deceased %v", err, ben.Deceased)
	}
	if _, err := r.ByCode(t.Context(), code(t, "PNOEE-30303039914")); !errors.Is(err, match.ErrNoPerson) {
		t.Errorf("unknown person: %v", err)
	}
	r.SetDown(true)
	if _, err := r.ByCode(t.Context(), ada.Code); !errors.Is(err, ErrDown) {
		t.Errorf("down: %v", err)
	}
	r.SetDown(false)
	ada.Deceased = true
	r.Put(ada)
	if p, err := r.ByCode(t.Context(), ada.Code); err != nil || !p.Deceased {
		t.Errorf("after Put: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, file := range map[string]string{
		"not JSON":      `people`,
		"unknown field": `[{"person": "PNOXX-199002140017", "surname": "A", "alive": true}]`,
		"wrong digit":   `[{"person": "PNOXX-199002140018", "surname": "A"}]`,
		"no surname":    `[{"person": "PNOXX-199002140017"}]`,
		"no date":       `[{"person": "PNOXX-199002140017", "surname": "A", "birth": "1990-02-30"}]`,
		"twice":         `[{"person": "PNOXX-199002140017", "surname": "A"}, {"person": "PNOXX-199002140017", "surname": "B"}]`,
		"more":          `[] []`,
	} {
		_, err := Parse([]byte(file))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), "199002140017") {
			t.Errorf("%s: the error names the person: %v", name, err)
		}
	}
}

// What is read never names somebody under a code that is not theirs.
func FuzzParse(f *testing.F) {
	f.Add([]byte(invented))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Parse(file)
		if err != nil {
			return
		}
		for c, e := range r.people {
			p := e.Person
			if c != p.Code || c.IsZero() || p.Surname == "" || p.Birth.IsZero() && p.Code.Country() == "XX" {
				t.Errorf("a person without code or name was read")
			}
		}
	})
}
