// Package match tells whether what a person or a register writes agrees with
// what a chip says, and holds the words for what a register says ([Person]).
//
// Code lines know capital letters A to Z only, so names are compared by their
// transliterations (package translit). Differences are named by field, never by
// content.
package match

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// A Form is what an applicant fills in, as printed on the document.
type Form struct {
	Country    string `json:"country"` // whose personal code, two letters
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names"`
	PersonCode string `json:"person_code"`
	Document   string `json:"document"` // document number
}

// Chip names the first field in which a form is not as the chip says, "" if
// there is none; see [Judge].
func Chip(form Form, z mrz.Zone, state string) string { return Judge(form, z, state).Field }

// Judge compares a form with the chip. state is the issuing state in two letters:
// personal numbers are taken from no other, and what the optional data of a
// foreign document say is never read as one. A chip without personal number says
// less: then something else must bind the document to the code.
//
// Names that are only written badly are told as that if all else agrees: whoever
// holds another document differs in more than two letters.
func Judge(form Form, z mrz.Zone, state string) Difference {
	if form.Country != state {
		return Difference{"country", Different}
	}
	name := Compare(form.Surname, form.GivenNames, z)
	if name.How == Different {
		return name
	}
	if form.Document != z.Number {
		return Difference{"document", Different}
	}
	person, err := tunnus.ParsePersonCode(form.Country, form.PersonCode)
	if err != nil || !carries(z, state, person) {
		return Difference{"person_code", Different}
	}
	// Some codes tell no birth date: then the chip's is proved, and the register's has to be the same.
	if birth, ok := person.BirthDate(); ok && birth.Format("060102") != z.Birth {
		return Difference{"person_code", Different}
	}
	return name
}

// carries reports whether the personal number of a chip, if there is one, is this
// code: as codes, for some states print them without what parts their digits.
func carries(z mrz.Zone, state string, person tunnus.PersonCode) bool {
	if z.Optional1 == "" {
		return true
	}
	printed, err := tunnus.ParsePersonCode(state, z.Optional1)
	return err == nil && printed == person
}

// Why a register does not agree, beside plain differences.
var (
	// ErrEarlierName: the document has a name that the person had before.
	ErrEarlierName = errors.New("match: the document has an earlier name of the person")
	// ErrDocument: the register says that the document must not be used.
	ErrDocument = errors.New("match: the document is lost, stolen or revoked")
)

// Register compares what the register says of the person with this code with
// what the chip has proved. It fails with [ErrDocument] for a document that must
// not be used, which wins over all else, and with [ErrEarlierName].
func Register(r Person, code tunnus.PersonCode, z mrz.Zone) error {
	if r.Code != code {
		return errors.New("match: the register answered for somebody else")
	}
	at := slices.IndexFunc(r.Documents, func(d Document) bool { return d.Number == z.Number })
	if at >= 0 && r.Documents[at].State != Valid {
		return ErrDocument
	}
	if field := Names(r.Surname, r.GivenNames, z); field != "" {
		if slices.ContainsFunc(r.Earlier, func(n Name) bool { return Names(n.Surname, n.GivenNames, z) == "" }) {
			return ErrEarlierName
		}
		return fmt.Errorf("match: register and chip differ in %s", field)
	}
	birth, ok := code.BirthDate()
	switch {
	case ok && !r.Birth.Equal(birth), r.Birth.Format("060102") != z.Birth:
		return errors.New("match: register and chip differ in birth")
	case z.Optional1 == "" && at < 0:
		// Name and birth date alone must not bind a document to a personal code.
		return errors.New("match: neither chip nor register binds the document to the person")
	}
	return nil
}
