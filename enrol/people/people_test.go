package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

func person(t testing.TB, s string) tunnus.PersonCode {
	t.Helper()
	c, err := tunnus.ParseSemanticsID(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const ada = `{"person": "PNOXX-199002140017", "surname": "Åsk", "given_names": "Ada"`

// One member more, or another one, and the file is refused, without a word of it.
func TestParseFileRefuses(t *testing.T) {
	for name, more := range map[string]string{
		"unknown member":          `, "alive": true}`,
		"a member twice":          `, "deceased": true, "deceased": false}`,
		"a member in capitals":    `, "Deceased": true}`,
		"birth of somebody else":  `, "birth": "1990-02-15"}`,
		"no such day":             `, "names_since": "1990-02-30"}`,
		"a day of long ago":       `, "names_since": "0001-01-01"}`,
		"a state of no table":     `, "documents": [{"number": "A", "state": "fine"}]}`,
		"a number with a space":   `, "documents": [{"number": "A 1", "state": "valid"}]}`,
		"a document twice":        `, "documents": [{"number": "A", "state": "valid"}, {"number": "A", "state": "lost"}]}`,
		"documents as texts":      `, "documents": ["X1234567"]}`,
		"65 documents":            `, "documents": [` + strings.TrimSuffix(strings.Repeat(`{"number": "A", "state": "valid"},`, 65), ",") + `]}`,
		"an address":              `, "address": "Main Street 1"}`,
		"its own successor":       `, "successor": "PNOXX-199002140017"}`,
		"a successor that is no":  `, "successor": "PNOXX-199002140018"}`,
		"its own guardian":        `, "guardians": [{"person": "PNOXX-199002140017", "kind": "parent", "from": "2015-02-14"}]}`,
		"a guardian of no kind":   `, "guardians": [{"person": "PNOXX-199002140020", "kind": "aunt", "from": "2015-02-14"}]}`,
		"a guardian since never":  `, "guardians": [{"person": "PNOXX-199002140020", "kind": "parent"}]}`,
		"a relation backwards":    `, "guardians": [{"person": "PNOXX-199002140020", "kind": "parent", "from": "2015-02-14", "until": "2015-02-14"}]}`,
		"a name backwards":        `, "earlier_names": [{"surname": "Ek", "from": "2015-02-14", "until": "2014-02-14"}]}`,
		"an earlier name of none": `, "earlier_names": [{"surname": ""}]}`,
		"a mail with a line":      `, "channels": {"email": "a@b.example\nBcc: c@d.example"}}`,
		"depth":                   `, "documents": [[[[[[[[[[]]]]]]]]]]}`,
		"not at its end":          ` `,
	} {
		_, err := ParseFile([]byte("[" + ada + more + "]"))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, word := range []string{"19900214", "sk", "Ada", "alive", "fine", "Main", "aunt"} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error tells %q", name, err)
			}
		}
	}
}

func TestNamesOfARegister(t *testing.T) {
	for name, ok := range map[string]bool{
		"Åsk": true, "Иванова": true, "王": true, "O'Neill": true, strings.Repeat("Õ", 80): true,
		"": false, "\x00": false, "A\nB": false, "A\u202eB": false, "A<script>": false, "A1": false, strings.Repeat("A", 1<<20): false, "А" + "sk": false,
	} {
		q, _ := json.Marshal(name)
		_, err := ParseFile([]byte(`[{"person": "PNOXX-199002140017", "surname": ` + string(q) + `}]`))
		if (err == nil) != ok {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

// An answer is read as that of the person asked for, has one part, and only says
// that there is no such person if it does.
func TestAnswers(t *testing.T) {
	c := person(t, "PNOXX-199002140017")
	record := `{"person":"PNOXX-199002140017","surname":"Ek"}`
	for name, tt := range map[string]struct {
		answer string
		want   error // nil for success
	}{
		"well":                     {`{"person":"PNOXX-199002140017","known":true,"record":` + record + `}`, nil},
		"unknown":                  {`{"person":"PNOXX-199002140017","known":false}`, match.ErrNoPerson},
		"unknown, of another":      {`{"person":"PNOXX-199002140020","known":false}`, ErrSomebodyElse},
		"of another":               {`{"person":"PNOXX-199002140020","known":true,"record":` + record + `}`, ErrSomebodyElse},
		"another within":           {`{"person":"PNOXX-199002140017","known":true,"record":{"person":"PNOXX-199002140020","surname":"Ek"}}`, ErrSomebodyElse},
		"the same in lower case":   {`{"person":"pnoxx-199002140017","known":true,"record":` + record + `}`, ErrSomebodyElse},
		"unknown, and a record":    {`{"person":"PNOXX-199002140017","known":false,"record":` + record + `}`, errParts},
		"known, without":           {`{"person":"PNOXX-199002140017","known":true}`, errParts},
		"relations for a person":   {`{"person":"PNOXX-199002140017","known":true,"relations":[]}`, errParts},
		"two parts":                {`{"person":"PNOXX-199002140017","known":true,"relations":[],"record":` + record + `}`, errParts},
		"empty":                    {``, errJSON},
		"null":                     {`null`, ErrSomebodyElse},
		"no object":                {`[]`, errJSON},
		"something behind":         {`{"person":"PNOXX-199002140017","known":false} {}`, errJSON},
		"person twice":             {`{"person":"PNOXX-199002140020","known":false,"person":"PNOXX-199002140017"}`, errJSON},
		"more than anybody writes": {`{"person":"PNOXX-199002140017","known":false` + strings.Repeat(" ", MaxAnswer) + `}`, nil},
	} {
		_, err := PersonAnswer([]byte(tt.answer), c)
		if long := len(tt.answer) > MaxAnswer; long && err == nil || !long && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	for name, tt := range map[string]struct {
		p    match.Person
		want tunnus.Code
	}{
		"well":         {match.Person{}, ""},
		"restricted":   {match.Person{Restricted: true, Address: match.Abroad}, tunnus.CodeRegRestricted},
		"abroad":       {match.Person{Address: match.Abroad}, tunnus.CodeRegiAddress},
		"investigated": {match.Person{Address: match.Investigated}, tunnus.CodeRegiAddress},
	} {
		if err := Admit(tt.p); tunnus.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := match.Person{Documents: []match.Document{{Number: "A", State: match.Valid}, {Number: "B", State: match.Lost}, {Number: "C", State: match.Stolen}, {Number: "D", State: match.Revoked}}}
	for number, want := range map[string]tunnus.Code{"A": "", "E": "", "B": tunnus.CodeDocRevoked, "C": tunnus.CodeDocRevoked, "D": tunnus.CodeDocRevoked} {
		if err := Usable(p, number); tunnus.CodeOf(err) != want {
			t.Errorf("document %s: %v", number, err)
		}
	}
}

// A shelf in memory is also a source.
type shelf struct {
	entries map[tunnus.PersonCode]Entry
	events  []tunnus.Event
	down    bool
	deaf    bool // answers about relations only
}

func (s *shelf) Entry(_ context.Context, c tunnus.PersonCode) (Entry, error) {
	e, ok := s.entries[c]
	if !ok {
		return e, match.ErrNoPerson
	}
	return e, nil
}

func (s *shelf) Codes(_ context.Context, after string, limit int) (out []tunnus.PersonCode, _ error) {
	for c := range s.entries {
		if c.SemanticsID() > after {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b tunnus.PersonCode) int { return strings.Compare(a.SemanticsID(), b.SemanticsID()) })
	return out[:min(limit, len(out))], nil
}

func (s *shelf) Apply(_ context.Context, put []Entry, remove []tunnus.PersonCode, events []tunnus.Event) error {
	for _, e := range put {
		s.entries[e.Person.Code] = e
	}
	for _, c := range remove {
		delete(s.entries, c)
	}
	s.events = append(s.events, events...)
	return nil
}

func (s *shelf) Guardians(_ context.Context, c tunnus.PersonCode) ([]match.Relation, error) {
	if s.down {
		return nil, ErrDown
	}
	e, err := s.Entry(context.Background(), c)
	return e.Guardians, err
}

func (s *shelf) ByCode(_ context.Context, c tunnus.PersonCode) (match.Person, error) {
	e, ok := s.entries[c]
	switch {
	case s.down || s.deaf:
		return match.Person{}, ErrDown
	case !ok:
		return match.Person{}, match.ErrNoPerson
	}
	return e.Person, nil
}

func (s *shelf) Wards(context.Context, tunnus.PersonCode) ([]match.Relation, error) {
	return nil, ErrDown
}

func (s *shelf) Channels(context.Context, tunnus.PersonCode) (match.Channels, error) {
	return match.Channels{}, ErrDown
}

func TestConsenting(t *testing.T) {
	child, parent, other := person(t, "PNOXX-199002140017"), person(t, "PNOXX-199002140020"), person(t, "PNOEE-40504040001")
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	day := now.Truncate(24 * time.Hour)
	rel := func(guardian tunnus.PersonCode, all bool, from, until time.Time) match.Relation {
		return match.Relation{Child: child, Guardian: guardian, Kind: match.Parent, Comprehensive: all, From: from, Until: until}
	}
	for name, tt := range map[string]struct {
		list []match.Relation
		want int
	}{
		"one":                 {[]match.Relation{rel(parent, true, day.AddDate(-9, 0, 0), time.Time{})}, 1},
		"two":                 {[]match.Relation{rel(parent, true, day, time.Time{}), rel(other, true, day, day.AddDate(0, 0, 1))}, 2},
		"for some matters":    {[]match.Relation{rel(parent, false, day.AddDate(-9, 0, 0), time.Time{})}, 0},
		"over since today":    {[]match.Relation{rel(parent, true, day.AddDate(-9, 0, 0), day)}, 0},
		"from tomorrow":       {[]match.Relation{rel(parent, true, day.AddDate(0, 0, 1), time.Time{})}, 0},
		"of another child":    {[]match.Relation{{Child: other, Guardian: parent, Comprehensive: true, From: day.AddDate(-9, 0, 0)}}, 0},
		"none":                {nil, 0},
		"one of the two over": {[]match.Relation{rel(parent, true, day.AddDate(-9, 0, 0), day), rel(other, true, day, time.Time{})}, 1},
	} {
		s := &shelf{entries: map[tunnus.PersonCode]Entry{child: {Guardians: tt.list}}}
		list, err := Consenting(t.Context(), s, child, now)
		if len(list) != tt.want || (tunnus.CodeOf(err) == tunnus.CodeGuardNone) != (tt.want == 0) {
			t.Errorf("%s: %d, %v", name, len(list), err)
		}
	}
	s := &shelf{entries: map[tunnus.PersonCode]Entry{}}
	if _, err := Consenting(t.Context(), s, child, now); tunnus.CodeOf(err) != tunnus.CodeGuardNone {
		t.Errorf("a child that is not known: %v", err)
	}
	s.down = true
	{
		if _, err := Consenting(t.Context(), s, child, now); !errors.Is(err, ErrDown) || tunnus.CodeOf(err) == tunnus.CodeGuardNone {
			t.Errorf("a register that is down: %v", err)
		}
	}
}

// R9: whoever answers for a child is named by the register, alive, of full age and
// under a code that is in use, at that moment; a register that does not answer says
// neither yes nor no.
func TestR9WhoMayConsent(t *testing.T) {
	child, parent, other := person(t, "PNOXX-199002140017"), person(t, "PNOXX-199002140020"), person(t, "PNOEE-40504040001")
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	eighteen := func(birth, now time.Time) bool { return !now.Before(birth.AddDate(18, 0, 0)) }
	adult := match.Person{Code: parent, Birth: now.Truncate(24*time.Hour).AddDate(-18, 0, 0)}
	for name, tt := range map[string]struct {
		change func(e *shelf, p *match.Person)
		want   bool
		code   tunnus.Code
	}{
		"of age today":         {func(*shelf, *match.Person) {}, true, ""},
		"abroad":               {func(_ *shelf, p *match.Person) { p.Address = match.Abroad }, true, ""},
		"of age tomorrow":      {func(_ *shelf, p *match.Person) { p.Birth = p.Birth.AddDate(0, 0, 1) }, false, ""},
		"no birth date":        {func(_ *shelf, p *match.Person) { p.Birth = time.Time{} }, false, ""},
		"dead":                 {func(_ *shelf, p *match.Person) { p.Deceased = true }, false, ""},
		"restricted":           {func(_ *shelf, p *match.Person) { p.Restricted = true }, false, ""},
		"under another code":   {func(_ *shelf, p *match.Person) { p.Successor = other }, false, ""},
		"not in the register":  {func(s *shelf, _ *match.Person) { delete(s.entries, parent) }, false, ""},
		"no guardian any more": {func(s *shelf, _ *match.Person) { s.entries[child].Guardians[0].Until = now.AddDate(0, 0, -1) }, false, ""},
		"of nobody":            {func(s *shelf, _ *match.Person) { s.entries[child] = Entry{} }, false, ""},
		"another's guardian":   {func(s *shelf, _ *match.Person) { s.entries[child].Guardians[0].Guardian = other }, false, ""},
		"the register is down": {func(s *shelf, _ *match.Person) { s.down = true }, false, tunnus.CodeRegiDown},
		"down in between":      {func(s *shelf, _ *match.Person) { s.deaf = true }, false, tunnus.CodeRegiDown},
	} {
		p := adult
		s := &shelf{entries: map[tunnus.PersonCode]Entry{
			parent: {}, child: {Guardians: []match.Relation{{Child: child, Guardian: parent, Kind: match.Parent, Comprehensive: true, From: now.AddDate(-9, 0, 0)}}},
		}}
		tt.change(s, &p)
		if _, known := s.entries[parent]; known {
			s.entries[parent] = Entry{Person: p}
		}
		if got, err := MayConsent(t.Context(), s, eighteen, parent, child, now); got != tt.want || tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, %v; want %v, %q", name, got, err, tt.want, tt.code)
		}
	}
	self := &shelf{entries: map[tunnus.PersonCode]Entry{child: {Person: adult, Guardians: []match.Relation{{Child: child, Guardian: child, Comprehensive: true}}}}}
	if got, err := MayConsent(t.Context(), self, eighteen, child, child, now); got || err != nil {
		t.Errorf("for oneself: %v, %v", got, err)
	}
}

// The report of an import names nobody, a second import writes nothing, and who is
// not in the file goes only if it is said to be complete.
func TestImport(t *testing.T) {
	first, err := ParseFile([]byte(`[` + ada + `, "documents": [{"number": "X1234567", "state": "valid"}]}, {"person": "PNOEE-40504040001", "surname": "Proov"}]`))
	if err != nil {
		t.Fatal(err)
	}
	second, err := ParseFile([]byte(`[` + ada + `, "documents": [{"number": "X1234567", "state": "lost"}], "deceased": true}, {"person": "PNOEE-30303039914", "surname": "Uus"}]`))
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{entries: map[tunnus.PersonCode]Entry{}}
	for i, step := range []struct {
		file  []Entry
		order Order
		want  string
		after int
	}{
		{first, Order{Dry: true}, "2 people in the file: 2 new, 0 changed, 0 as before; 0 taken out.", 0},
		{first, Order{}, "2 people in the file: 2 new, 0 changed, 0 as before; 0 taken out.", 2},
		{first, Order{Complete: true}, "2 people in the file: 0 new, 0 changed, 2 as before; 0 taken out.", 2},
		{second, Order{}, "2 people in the file: 1 new, 1 changed, 0 as before; 0 taken out.", 3},
		{second, Order{Complete: true, Dry: true}, "2 people in the file: 0 new, 0 changed, 2 as before; 1 taken out.", 3},
		{second, Order{Complete: true}, "2 people in the file: 0 new, 0 changed, 2 as before; 1 taken out.", 2},
	} {
		r, err := Import(t.Context(), s, step.file, step.order)
		lines := r.Lines()
		if err != nil || lines[len(lines)-1] != step.want || len(s.entries) != step.after {
			t.Errorf("step %d: %v, %q, %d people; want %q, %d", i, err, lines, len(s.entries), step.want, step.after)
		}
		if all := strings.Join(lines, "\n") + fmt.Sprint(s.events); strings.Contains(all, "1990") || strings.Contains(all, "sk") || strings.Contains(all, "X1234567") {
			t.Errorf("step %d names somebody: %s", i, all)
		}
		if i == 3 && lines[0] != "~ person 1 of the file: documents, deceased" {
			t.Errorf("step %d: %q", i, lines)
		}
	}
	if len(s.events) != 3 {
		t.Errorf("%d lines for three that wrote", len(s.events))
	}
}

// What the manual shows is what is read.
func TestTheManualsExamples(t *testing.T) {
	b, err := os.ReadFile("../../doc/population.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(b), "```json\n")
	if len(blocks) < 3 {
		t.Fatal("no examples")
	}
	record, _, _ := strings.Cut(blocks[1], "```")
	p, err := DecodePerson(person(t, "PNOXX-199002140017"), []byte(record))
	if err != nil || p.Documents[1].State != match.Stolen || p.Successor.IsZero() {
		t.Errorf("the record: %v", err)
	}
	more, _, _ := strings.Cut(blocks[2], "```")
	if _, err := ParseFile([]byte("[" + ada + ", " + more + "}]")); err != nil {
		t.Errorf("guardians and channels: %v", err)
	}
}

// What is read of a file is written as the same again.
func FuzzParseFile(f *testing.F) {
	f.Add([]byte("[" + ada + `, "documents": [{"number": "A", "state": "lost"}], "earlier_names": [{"surname": "Ek"}], "address": "abroad"}]`))
	f.Add([]byte("[" + ada + `, "guardians": [{"person": "PNOXX-199002140020", "kind": "parent", "from": "2015-02-14"}], "channels": {"postal": true}}]`))
	f.Fuzz(func(t *testing.T, file []byte) {
		list, err := ParseFile(file)
		if err != nil {
			return
		}
		b, err := EncodeFile(list)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseFile(b)
		if err != nil || !cmp.Equal(again, list, cmp.AllowUnexported(tunnus.PersonCode{})) {
			t.Errorf("written and read again: %v", err)
		}
		for _, e := range list {
			one, err := EncodePerson(e.Person)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := DecodePerson(e.Person.Code, one); err != nil || !cmp.Equal(p, e.Person, cmp.AllowUnexported(tunnus.PersonCode{})) {
				t.Errorf("a person written and read again: %v", err)
			}
		}
	})
}
