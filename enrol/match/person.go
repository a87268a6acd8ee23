package match

import (
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
)

// ErrNoPerson is what a population register says of somebody whom it does not
// know. Any other failure of one means that it does not answer.
var ErrNoPerson = errors.New("match: the register does not know this person")

// A Person is what the population register says of somebody.
type Person struct {
	Code       tunnus.PersonCode
	Surname    string // as the register writes it
	GivenNames string
	// NamesSince is the first day of these names, zero if the register does not
	// tell it. Names of a day that is yet to come are not in force.
	NamesSince time.Time
	Earlier    []Name    // names that the person had before
	Birth      time.Time // midnight UTC
	Documents  []Document
	Deceased   bool
	// Restricted: the register lets nobody make an identity for this person.
	Restricted bool
	Address    Address
	// Successor is the code that the person has now, if this one was replaced.
	Successor tunnus.PersonCode
}

// A Name is what somebody was called from one day up to another; zero days are
// not told.
type Name struct {
	Surname    string
	GivenNames string
	From       time.Time
	Until      time.Time // the first day on which it was not the name any more
}

// A Document is a travel document or ID-card, as the register knows it.
type Document struct {
	Number string
	State  DocumentState
}

// A DocumentState says whether a document may be used.
type DocumentState string

// The states of a document.
const (
	Valid   DocumentState = "valid"
	Lost    DocumentState = "lost"
	Stolen  DocumentState = "stolen"
	Revoked DocumentState = "revoked"
)

// Known reports whether s is a state of the table.
func (s DocumentState) Known() bool {
	return s == Valid || s == Lost || s == Stolen || s == Revoked
}

// An Address says what is known of where a person lives: never the address itself.
type Address string

// The kinds of an address. The zero value is one like any other.
const (
	AtHome       Address = ""
	Abroad       Address = "abroad"
	Investigated Address = "investigated" // the authority looks into where the person lives
)

// Known reports whether a is in the table.
func (a Address) Known() bool { return a == AtHome || a == Abroad || a == Investigated }

// A Relation is between a child and a guardian.
type Relation struct {
	Child    tunnus.PersonCode
	Guardian tunnus.PersonCode
	Kind     RelationKind
	// Comprehensive: the guardian decides for the child in everything; else only in
	// some matters, of which an identity is none.
	Comprehensive bool
	From          time.Time // first day
	Until         time.Time // first day on which it is over; zero if it has no end
}

// A RelationKind says what a guardian is to a child.
type RelationKind string

// The kinds of relations.
const (
	Parent   RelationKind = "parent"
	Guardian RelationKind = "guardian"
)

// Consents reports whether the guardian may consent for the child at a moment.
func (r Relation) Consents(at time.Time) bool {
	return r.Comprehensive && !at.Before(r.From) && (r.Until.IsZero() || at.Before(r.Until))
}

// Channels are the ways in which the register can reach a person. They are asked
// only when somebody has to be told, and never kept.
type Channels struct {
	Email  string
	Phone  string // E.164
	Postal bool   // the register sends letters on paper
}

// None reports whether there is no way at all.
func (c Channels) None() bool { return c == Channels{} }
