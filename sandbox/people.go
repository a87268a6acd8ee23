package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	face "github.com/tunnus-id/tunnus/face/virtual"
)

// A Person is one of the invented people of the sandbox: all that stands on the
// passport but the portrait, which face/virtual renders.
type Person struct {
	Name       string
	Face       string // in face/virtual.Cast
	Surname    string // as printed
	GivenNames string
	Sex        string
	Birth      time.Time
	Number     string // of the passport
	Proof      Proof
	Code       tunnus.PersonCode
}

// A Proof is how the chip of a passport proves that it is the original.
type Proof string

// The proofs.
const (
	Active Proof = ""     // active authentication; the chip opens by Basic Access Control
	Chip   Proof = "chip" // chip authentication alone; the chip opens by PACE only
	Both   Proof = "both" // and by PACE or Basic Access Control
)

// proofs are those of people whose passports have another one than most.
var proofs = map[string]Proof{"cleo": Chip, "gus": Both}

// people are the cast, one row a person: code line names, sex, birth, serial of
// the personal code, passport number, and whose face it is, if it is no own one.
var people = []struct {
	name, surname, given, sex string
	year, month, day, serial  int
	number, face              string
}{
	{"ada", "SAMPLE", "ADA MARIA", "F", 1990, 2, 14, 1, "P0000001A", ""},
	{"ben", "EXAMPLE", "BEN", "M", 1984, 7, 3, 1, "P0000002B", ""},
	{"cleo", "INVENTED", "CLEO", "F", 1997, 11, 30, 1, "P0000003C", ""},
	{"dov", "FIGMENT", "DOV ARI", "M", 1971, 5, 21, 1, "P0000004D", ""},
	{"eve", "NOBODY", "EVE", "F", 2001, 1, 9, 1, "P0000005E", ""},
	{"finn", "TESTER", "FINN", "M", 1966, 9, 17, 1, "P0000006F", ""},
	{"gus", "FICTION", "GUS OLAF", "M", 1958, 12, 5, 1, "P0000007G", ""},
	{"hana", "UTOPIA", "HANA", "F", 1979, 4, 26, 1, "P0000008H", ""},
	{"ida", "SAMPLE", "IDA", "F", 2012, 3, 17, 1, "P0000009J", "eve"}, // a child of ada and dov
}

// guardians are those who answer for a child, by their names.
var guardians = map[string][]string{"ida": {"ada", "dov"}}

// People returns the cast.
func People() ([]Person, error) {
	var out []Person
	for _, p := range people {
		birth := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
		code, err := CodeOf(birth, p.serial)
		if err != nil {
			return nil, err
		}
		out = append(out, Person{p.name, cmp.Or(p.face, p.name), p.surname, p.given, p.sex, birth, p.number, proofs[p.name], code})
	}
	return out, nil
}

// Find returns one of the cast by name.
func Find(name string) (Person, error) {
	all, err := People()
	if err != nil {
		return Person{}, err
	}
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Person{}, fmt.Errorf("sandbox: nobody is called %q here", name)
}

// Looks is how the person looks.
func (p Person) Looks() (face.Person, error) {
	looks, ok := face.Find(p.Face)
	if !ok {
		return face.Person{}, fmt.Errorf("sandbox: %q has no face", p.Name)
	}
	return looks, nil
}

// CodeOf makes a personal code of UTO: the check digit is the one that fits.
func CodeOf(birth time.Time, serial int) (tunnus.PersonCode, error) {
	for check := range 10 {
		if c, err := tunnus.ParsePersonCode("XX", fmt.Sprintf("%s%03d%d", birth.Format("20060102"), serial, check)); err == nil {
			return c, nil
		}
	}
	return tunnus.PersonCode{}, errors.New("sandbox: no check digit fits")
}
