package match

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// A pair is one line of testdata.
type pair struct {
	line           int
	surname, given string
	zone           mrz.Zone
	want           Likeness
}

func pairs(t testing.TB) (out []pair) {
	t.Helper()
	files, err := filepath.Glob("testdata/names*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no names", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			f := strings.Split(line, "|")
			if len(f) != 5 {
				t.Fatalf("%s:%d: %d fields", name, i+1, len(f))
			}
			for j := range f {
				f[j] = strings.Trim(f[j], " ")
				if f[j], err = strconv.Unquote(`"` + f[j] + `"`); err != nil {
					t.Fatalf("%s:%d: %v", name, i+1, err)
				}
			}
			out = append(out, pair{i + 1, f[0], f[1], mrz.Zone{Kind: mrz.TD3, Surname: f[2], GivenNames: f[3]}, Likeness(f[4])})
		}
	}
	return out
}

func TestNamePairs(t *testing.T) {
	all := pairs(t)
	if len(all) < 40 {
		t.Errorf("only %d pairs", len(all))
	}
	for _, p := range all {
		d := Compare(p.surname, p.given, p.zone)
		if d.How != p.want {
			t.Errorf("line %d: %q, %q against %q, %q: %s; want %s", p.line, p.surname, p.given, p.zone.Surname, p.zone.GivenNames, d.How, p.want)
		}
		if (d.Field == "") != (d.How == Alike) {
			t.Errorf("line %d: field %q of names that are %s", p.line, d.Field, d.How)
		}
	}
}

// What no name has is different from every name, and takes no time to be so.
func TestNamesThatAreNone(t *testing.T) {
	began := time.Now()
	for name, s := range map[string]string{
		"a megabyte":        strings.Repeat("Ä", 1<<19),
		"a megabyte of A":   strings.Repeat("A", 1<<20),
		"marks upon marks":  "A" + strings.Repeat("\u0301", 1<<19),
		"161 letters":       strings.Repeat("A", 161),
		"NUL":               "ERIKSSON\x00",
		"a line break":      "ERIKS\nSON",
		"an escape":         "\x1b[31mERIKSSON",
		"right to left":     "\u202ENOSSKIRE",
		"an isolate":        "\u2066ERIKSSON\u2069",
		"digits":            "ERIKSSON 2",
		"SQL":               "ERIKSSON'; DROP TABLE account;--",
		"HTML":              "<b>ERIKSSON</b>",
		"broken UTF-8":      "ERIKSSON\xff",
		"nothing but marks": "\u0301\u0302",
		"only apostrophes":  "''''",
		"only spaces":       "   ",
		"fillers":           "ERIKSSON<<",
		"Chinese":           "王",
		"a fullwidth E":     "\uFF25RIKSSON",
		"a mathematical E":  "\U0001D404RIKSSON",
	} {
		if d := Compare(s, "ANNA MARIA", mrz.Zone{Kind: mrz.TD3, Surname: "ERIKSSON", GivenNames: "ANNA MARIA"}); d.How != Different || d.Field != "surname" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestEightyCharactersAreAName(t *testing.T) {
	name := strings.TrimSpace(strings.Repeat("ÕLILAULJA ", 8))
	z := mrz.Zone{Kind: mrz.TD3, Surname: "OLILAULJA OLILAULJA OLILAULJA OLILAU", GivenNames: "A"}
	if d := Compare(name, "Ülo", z); d.How != Different {
		t.Errorf("%+v", d)
	}
	z.GivenNames = "U"
	if d := Compare(name, "Ülo", z); d.How != Alike {
		t.Errorf("%+v: 80 characters, of which the line holds 36", d)
	}
}

// The field that is named is one that does differ, and who only writes badly is
// told so only if all else agrees.
func TestJudge(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Form, *mrz.Zone)
		want   Difference
	}{
		"alike":                     {func(*Form, *mrz.Zone) {}, Difference{"", Alike}},
		"misspelt":                  {func(f *Form, _ *mrz.Zone) { f.Surname = "Åks" }, Difference{"surname", Misspelt}},
		"swapped":                   {func(f *Form, _ *mrz.Zone) { f.Surname, f.GivenNames = "Ada", "Åsk" }, Difference{"surname", Swapped}},
		"misspelt, other document":  {func(f *Form, _ *mrz.Zone) { f.Surname, f.Document = "Åks", "X7654321" }, Difference{"document", Different}},
		"swapped, other person":     {func(f *Form, _ *mrz.Zone) { f.Surname, f.GivenNames, f.PersonCode = "Ada", "Åsk", "199002140020" }, Difference{"person_code", Different}},
		"code and number swapped":   {func(f *Form, _ *mrz.Zone) { f.PersonCode, f.Document = f.Document, f.PersonCode }, Difference{"document", Different}},
		"foreign optional data":     {func(f *Form, z *mrz.Zone) { z.Optional1 = "38001085718" }, Difference{"person_code", Different}},
		"optional data, not a code": {func(f *Form, z *mrz.Zone) { z.Optional1 = "<<ABC" }, Difference{"person_code", Different}},
		"30 February":               {func(f *Form, z *mrz.Zone) { f.PersonCode, z.Optional1 = "199002300017", "199002300017" }, Difference{"person_code", Different}},
		"a code of another state":   {func(f *Form, z *mrz.Zone) { f.Country = "EE"; f.PersonCode = "40504040001" }, Difference{"country", Different}},
	} {
		f, z := adasZone()
		f.Surname, z.Surname = "Åsk", "AASK"
		tt.change(&f, &z)
		if got := Judge(f, z, "XX"); got != tt.want {
			t.Errorf("%s: %+v; want %+v", name, got, tt.want)
		}
	}
}

// Names are compared in a time that no input stretches, and never alike by
// accident: whoever is alike is alike to the line itself.
func FuzzCompare(f *testing.F) {
	for _, p := range pairs(f) {
		f.Add(p.surname, p.given, p.zone.Surname, p.zone.GivenNames)
	}
	f.Fuzz(func(t *testing.T, surname, given, zs, zg string) {
		z := mrz.Zone{Kind: mrz.TD3, Surname: zs, GivenNames: zg}
		d := Compare(surname, given, z)
		if (d.Field == "") != (d.How == Alike) {
			t.Errorf("field %q of names that are %s", d.Field, d.How)
		}
		if d.How == Alike && len(zs)+len(zg) < 37 && strings.Trim(zs+zg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" {
			t.Errorf("alike to what no code line holds: %q, %q", zs, zg)
		}
	})
}

// What the register says of the document comes before what it says of names, and
// an earlier name is told from a wrong one.
func TestRegisterOfDocumentsAndNames(t *testing.T) {
	_, z := adasZone()
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	now := Person{Code: code, Surname: "Ek", GivenNames: "Ada", Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)}
	for _, s := range []DocumentState{Lost, Stolen, Revoked} {
		p := now
		p.Documents = []Document{{Number: "X0000000", State: Valid}, {Number: z.Number, State: s}}
		if err := Register(p, code, z); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := Register(now, code, z); err == nil || errors.Is(err, ErrEarlierName) || errors.Is(err, ErrDocument) {
		t.Errorf("another name: %v", err)
	}
	now.Earlier = []Name{{Surname: "Berg", GivenNames: "Ada"}, {Surname: "Åsk", GivenNames: "Ada"}}
	if err := Register(now, code, z); !errors.Is(err, ErrEarlierName) {
		t.Errorf("an earlier name: %v", err)
	}
	now.Surname = "Åsk"
	if err := Register(now, code, z); err != nil {
		t.Errorf("the name of today: %v", err)
	}
}

// A code that tells no birth date binds nobody by itself: the register's date has
// to be the chip's. Some states print a code without what parts its digits.
func TestCodesWithoutBirthDate(t *testing.T) {
	code, err := tunnus.ParsePersonCode("LV", "320000-10003") // as in person_test.go
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := code.BirthDate(); ok {
		t.Fatal("the code tells a date")
	}
	form := Form{"LV", "Paraugs", "Ādams", "320000-10003", "LV1234567"}
	z := mrz.Zone{Kind: mrz.TD3, Surname: "PARAUGS", GivenNames: "ADAMS", Number: "LV1234567", Birth: "800517"}
	r := Person{Code: code, Surname: "Paraugs", GivenNames: "Ādams", Birth: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC)}
	for printed, ok := range map[string]bool{"320000-10003": true, "32000010003": true, "320000-10004": false, "32000010004": false} {
		z.Optional1 = printed
		if field := Chip(form, z, "LV"); (field == "") != ok {
			t.Errorf("%s: differs in %q", printed, field)
		}
	}
	z.Optional1 = "32000010003"
	if err := Register(r, code, z); err != nil {
		t.Errorf("alike: %v", err)
	}
	r.Birth = r.Birth.AddDate(0, 0, 1)
	if err := Register(r, code, z); err == nil {
		t.Error("a register with another birth date agrees")
	}
}

func BenchmarkCompare(b *testing.B) {
	z := mrz.Zone{Kind: mrz.TD3, Surname: "MUELLER LUEDENSCHEIDT", GivenNames: "KAETHE ANNA"}
	for b.Loop() {
		Compare("Müller-Lüdenscheidt", "Käthe Anna", z)
	}
}
