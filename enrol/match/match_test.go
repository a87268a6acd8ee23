package match

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		surname, given string // as written
		zs, zg         string // as in the code line
		want           string
	}{
		{"Eriksson", "Anna Maria", "ERIKSSON", "ANNA MARIA", ""},
		{"eriksson", "anna-maria", "ERIKSSON", "ANNA MARIA", ""},
		{"Müller", "Jörg", "MUELLER", "JOERG", ""},
		{"Müller", "Jörg", "MULLER", "JORG", ""},
		{"Mu\u0308ller", "Jo\u0308rg", "MUELLER", "JOERG", ""}, // letters and marks apart
		{"Ørsted", "Åse", "OERSTED", "AASE", ""},
		{"Weiß", "Õnne", "WEISS", "ONNE", ""},
		{"O'Connor", "Siân", "OCONNOR", "SIAN", ""},
		{"d’Artagnan", "Žofie", "DARTAGNAN", "ZOFIE", ""},
		{"Þórsdóttir", "Æsa", "THORSDOTTIR", "AESA", ""},
		{"Smith–Jones", "A. B.", "SMITH JONES", "A B", ""},
		{"Mononym", "", "MONONYM", "", ""},
		{"Eriksson", "Anna", "ERIKSSON", "ANNA MARIA", "given_names"},
		{"Anna Maria", "Eriksson", "ERIKSSON", "ANNA MARIA", "surname"},
		{"Erikson", "Anna Maria", "ERIKSSON", "ANNA MARIA", "surname"},
		{"Еriksson", "Anna Maria", "ERIKSSON", "ANNA MARIA", "surname"}, // a Cyrillic letter
		{"", "", "ERIKSSON", "ANNA MARIA", "surname"},
		{"Papandropoulous", "Jonathon Warren Trevor Alexander", "PAPANDROPOULOUS", "JONATHON WARREN TREVOR", ""}, // cut at 39 cells
		{"Papandropoulous", "Jonathon Warren", "PAPANDROPOULOUS", "JONATHON WARREN TREVOR", "given_names"},
	} {
		if got := Names(tt.surname, tt.given, mrz.Zone{Surname: tt.zs, GivenNames: tt.zg}); got != tt.want {
			t.Errorf("Names(%q, %q) against %q, %q = %q; want %q", tt.surname, tt.given, tt.zs, tt.zg, got, tt.want)
		}
	}
}

// What a code line can hold stands for itself, and nothing is both alike and not.
func TestPlainNamesStandForThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Z]{1,12}( [A-Z]{1,5})?`)
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		if got := Names(a, b, mrz.Zone{Surname: a, GivenNames: b}); got != "" {
			t.Fatalf("%q, %q differ from themselves in %s", a, b, got)
		}
		if c := name.Draw(t, "c"); c != b && Names(a, c, mrz.Zone{Surname: a, GivenNames: b}) == "" {
			t.Fatalf("%q is taken for %q", c, b)
		}
	})
}

func adasZone() (Form, mrz.Zone) {
	return Form{"XX", "Åsk", "Ada", "199002140017", "X1234567"},
		mrz.Zone{Kind: mrz.TD3, Document: "P", Issuer: "UTO", Surname: "AASK", GivenNames: "ADA", Number: "X1234567", Birth: "900214", Optional1: "199002140017"}
}

func TestChip(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Form, *mrz.Zone)
		want   string
	}{
		"alike":                {func(*Form, *mrz.Zone) {}, ""},
		"no personal number":   {func(_ *Form, z *mrz.Zone) { z.Optional1 = "" }, ""},
		"another's number":     {func(_ *Form, z *mrz.Zone) { z.Optional1 = "199002140020" }, "person_code"},
		"another birth date":   {func(_ *Form, z *mrz.Zone) { z.Birth = "900215" }, "person_code"},
		"birth date unknown":   {func(_ *Form, z *mrz.Zone) { z.Birth = "90<<<<" }, "person_code"},
		"another document":     {func(f *Form, _ *mrz.Zone) { f.Document = "X1234568" }, "document"},
		"number of elsewhere":  {func(f *Form, _ *mrz.Zone) { f.Country = "EE" }, "country"},
		"another name":         {func(f *Form, _ *mrz.Zone) { f.Surname = "Ek" }, "surname"},
		"no such code":         {func(f *Form, z *mrz.Zone) { f.PersonCode, z.Optional1 = "1", "1" }, "person_code"},
		"nothing but the name": {func(f *Form, z *mrz.Zone) { f.PersonCode, z.Optional1 = "", "" }, "person_code"},
	} {
		f, z := adasZone()
		tt.change(&f, &z)
		if got := Chip(f, z, "XX"); got != tt.want {
			t.Errorf("%s: %q; want %q", name, got, tt.want)
		}
	}
}

func TestRegister(t *testing.T) {
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	birth := time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		change func(*Person, *mrz.Zone)
		ok     bool
	}{
		"alike":              {func(*Person, *mrz.Zone) {}, true},
		"somebody else":      {func(p *Person, _ *mrz.Zone) { p.Code = tunnus.PersonCode{} }, false},
		"another name":       {func(p *Person, _ *mrz.Zone) { p.GivenNames = "Eve" }, false},
		"another birth":      {func(p *Person, _ *mrz.Zone) { p.Birth = birth.AddDate(1, 0, 0) }, false},
		"nothing binds":      {func(_ *Person, z *mrz.Zone) { z.Optional1 = "" }, false},
		"the register binds": {func(p *Person, z *mrz.Zone) { z.Optional1, p.Documents = "", []Document{{"X1234567", Valid}} }, true},
	} {
		_, z := adasZone()
		p := Person{Code: code, Surname: "Åsk", GivenNames: "Ada", Birth: birth}
		tt.change(&p, &z)
		if err := Register(p, code, z); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
