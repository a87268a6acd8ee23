package people

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// How a source fails to answer. Neither says anything of anybody.
var (
	// ErrDown: it cannot be reached, takes too long, or says that it cannot answer.
	ErrDown = errors.New("people: the register does not answer")
	// ErrAnswer: what it said cannot be used, about this person; about others it may.
	ErrAnswer = errors.New("people: the register's answer cannot be used")
)

// A Source answers questions about people: a file, a table, or a service. Each
// method fails with [match.ErrNoPerson] for somebody who is not known; any other
// failure, of which [ErrDown] and [ErrAnswer] are told apart, says nothing of anybody.
type Source interface {
	// ByCode returns what is said of the person with this code, and of nobody else.
	ByCode(ctx context.Context, code tunnus.PersonCode) (match.Person, error)

	// Guardians returns the relations of a child to its guardians, past and
	// coming ones too; none is no error.
	Guardians(ctx context.Context, child tunnus.PersonCode) ([]match.Relation, error)

	// Wards returns the relations of a guardian to children, as Guardians does.
	Wards(ctx context.Context, guardian tunnus.PersonCode) ([]match.Relation, error)

	// Channels returns how the register reaches a person. It is asked only when
	// somebody has to be told (R6), and its answer is not kept.
	Channels(ctx context.Context, code tunnus.PersonCode) (match.Channels, error)
}

// An Entry is all that a file or a table has of one person.
type Entry struct {
	Person    match.Person
	Guardians []match.Relation // of this person as a child
	Channels  match.Channels
}

// A Shelf is a table of people that can be written.
type Shelf interface {
	// Entry returns a person's entry, or fails with [match.ErrNoPerson].
	Entry(ctx context.Context, code tunnus.PersonCode) (Entry, error)

	// Codes returns at most limit codes of people who stand in the table, in the
	// order of their semantics identifiers, behind the one given ("" for the first).
	Codes(ctx context.Context, after string, limit int) ([]tunnus.PersonCode, error)

	// Apply puts entries in, each in place of what was there of the person, takes
	// others out, and writes the events, in one transaction.
	Apply(ctx context.Context, put []Entry, remove []tunnus.PersonCode, events []tunnus.Event) error
}
