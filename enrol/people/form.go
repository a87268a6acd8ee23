package people

import (
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/translit"
)

// Limits of what is said of one person.
const (
	MaxDocuments = 64
	MaxNames     = 32
	MaxRelations = 64
	maxNumber    = 24
	maxContact   = 254
)

// A record is what is said of one person.
type record struct {
	Person     string     `json:"person"` // "PNOXX-199002140017"
	Surname    string     `json:"surname"`
	GivenNames string     `json:"given_names,omitempty"`
	NamesSince string     `json:"names_since,omitempty"` // "2026-11-22", as all days
	Earlier    []name     `json:"earlier_names,omitempty"`
	Birth      string     `json:"birth,omitempty"` // as the code says if left out
	Documents  []document `json:"documents,omitempty"`
	Deceased   bool       `json:"deceased,omitempty"`
	Restricted bool       `json:"restricted,omitempty"`
	Address    string     `json:"address,omitempty"`
	Successor  string     `json:"successor,omitempty"`
}

// A name is one that a person had before.
type name struct {
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names,omitempty"`
	From       string `json:"from,omitempty"`
	Until      string `json:"until,omitempty"`
}

type document struct {
	Number string `json:"number"`
	State  string `json:"state"`
}

// A relation is of the person who was asked for, with the other one.
type relation struct {
	Person        string `json:"person"`
	Kind          string `json:"kind"`
	Comprehensive bool   `json:"comprehensive,omitempty"`
	From          string `json:"from"`
	Until         string `json:"until,omitempty"`
}

type channels struct {
	Email  string `json:"email,omitempty"`
	Phone  string `json:"phone,omitempty"`
	Postal bool   `json:"postal,omitempty"`
}

// toRecord writes a person down.
func toRecord(p match.Person) record {
	r := record{
		Person: p.Code.SemanticsID(), Surname: p.Surname, GivenNames: p.GivenNames, NamesSince: written(p.NamesSince),
		Birth: written(p.Birth), Deceased: p.Deceased, Restricted: p.Restricted, Address: string(p.Address),
	}
	if !p.Successor.IsZero() {
		r.Successor = p.Successor.SemanticsID()
	}
	for _, n := range p.Earlier {
		r.Earlier = append(r.Earlier, name{n.Surname, n.GivenNames, written(n.From), written(n.Until)})
	}
	for _, d := range p.Documents {
		r.Documents = append(r.Documents, document{d.Number, string(d.State)})
	}
	return r
}

// person reads a record. What is wrong is told by its field.
func (r record) person() (p match.Person, err error) {
	if p.Code, err = code(r.Person); err != nil {
		return p, errors.New("person is no personal code")
	}
	p.Surname, p.GivenNames = r.Surname, r.GivenNames
	p.Deceased, p.Restricted, p.Address = r.Deceased, r.Restricted, match.Address(r.Address)
	told, ok := p.Code.BirthDate()
	var errs [4]error
	p.Birth, errs[0] = day(r.Birth)
	p.NamesSince, errs[1] = day(r.NamesSince)
	if r.Birth == "" {
		p.Birth = told
	}
	if r.Successor != "" {
		p.Successor, errs[2] = code(r.Successor)
	}
	errs[3] = named(r.Surname, r.GivenNames)
	for i, what := range []string{"birth is no day", "names_since is no day", "successor is no personal code", "surname or given_names is no name"} {
		if errs[i] != nil {
			return p, errors.New(what)
		}
	}
	switch {
	case p.Birth.IsZero():
		return p, errors.New("birth is missing")
	case ok && r.Birth != "" && !told.Equal(p.Birth):
		return p, errors.New("birth is not that of the personal code")
	case p.Successor == p.Code:
		return p, errors.New("successor is the code itself")
	case !p.Address.Known():
		return p, errors.New("address is none of the words")
	case len(r.Documents) > MaxDocuments || len(r.Earlier) > MaxNames:
		return p, errors.New("more documents or names than anybody has")
	}
	if p.Earlier, err = earlier(r.Earlier); err != nil {
		return p, err
	}
	p.Documents, err = documents(r.Documents)
	return p, err
}

func earlier(list []name) (out []match.Name, err error) {
	for i, n := range list {
		from, e1 := day(n.From)
		until, e2 := day(n.Until)
		if e1 != nil || e2 != nil || named(n.Surname, n.GivenNames) != nil || !from.IsZero() && !until.IsZero() && !from.Before(until) {
			return nil, fmt.Errorf("earlier_names[%d] is no name with its days", i)
		}
		out = append(out, match.Name{Surname: n.Surname, GivenNames: n.GivenNames, From: from, Until: until})
	}
	return out, nil
}

func documents(list []document) (out []match.Document, err error) {
	seen := map[string]bool{}
	for i, d := range list {
		state := match.DocumentState(d.State)
		if !number(d.Number) || !state.Known() || seen[d.Number] {
			return nil, fmt.Errorf("documents[%d] is no document with its state, or stands there twice", i)
		}
		seen[d.Number] = true
		out = append(out, match.Document{Number: d.Number, State: state})
	}
	return out, nil
}

// number takes what a code line can have as a number.
func number(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxNumber
}

// named judges names as far as anybody has them: a register may write letters
// that have no transliteration, but nothing that no name has.
func named(surname, given string) error {
	if _, err := translit.Read(surname); err != nil && !errors.Is(err, translit.ErrLetters) {
		return err
	}
	if _, err := translit.Read(given); given != "" && err != nil && !errors.Is(err, translit.ErrLetters) {
		return err
	}
	return nil
}

// toRelation writes a relation down as that of the child, or of the guardian.
func toRelation(r match.Relation, ofChild bool) relation {
	other := r.Child
	if ofChild {
		other = r.Guardian
	}
	return relation{other.SemanticsID(), string(r.Kind), r.Comprehensive, written(r.From), written(r.Until)}
}

// relations reads the relations of a person.
func relations(of tunnus.PersonCode, list []relation, ofChild bool) (out []match.Relation, err error) {
	if len(list) > MaxRelations {
		return nil, errors.New("more relations than anybody has")
	}
	for i, r := range list {
		other, e1 := code(r.Person)
		from, e2 := day(r.From)
		until, e3 := day(r.Until)
		kind := match.RelationKind(r.Kind)
		if e1 != nil || e2 != nil || e3 != nil || other == of || from.IsZero() || !until.IsZero() && !from.Before(until) || kind != match.Parent && kind != match.Guardian {
			return nil, fmt.Errorf("relation %d is none", i)
		}
		rel := match.Relation{Child: other, Guardian: of, Kind: kind, Comprehensive: r.Comprehensive, From: from, Until: until}
		if ofChild {
			rel.Child, rel.Guardian = of, other
		}
		out = append(out, rel)
	}
	return out, nil
}

// channels reads ways to reach somebody, as far as their form: whether an address
// can be written to is for whoever writes.
func (c channels) read() (match.Channels, error) {
	if !contact(c.Email) || !contact(c.Phone) {
		return match.Channels{}, errors.New("channels are none")
	}
	return match.Channels(c), nil
}

func contact(s string) bool {
	for _, r := range s {
		if r <= ' ' || r == 0x7F || r == 0xFFFD {
			return false
		}
	}
	return len(s) <= maxContact
}

// code reads a semantics identifier; the error holds nothing of it.
func code(s string) (tunnus.PersonCode, error) { return tunnus.ParseSemanticsID(s) }

// day reads a day, midnight UTC; the zero time if there is none.
func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil || d.Year() < 1800 || d.Year() > 2400 {
		return time.Time{}, errors.New("no day")
	}
	return d, nil
}

func written(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}
