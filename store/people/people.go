// Package people keeps the population register of our own database
// ([people.Source], [people.Shelf]) and the nightly walk that compares
// accounts with a register ([reconcile.Store]).
package people

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A Register is the table of people. Its failures name nobody.
type Register struct{ d *engine.Database }

var (
	_ people.Source = (*Register)(nil)
	_ people.Shelf  = (*Register)(nil)
)

// NewRegister returns the table of people of a database.
func NewRegister(d *engine.Database) *Register { return &Register{d} }

// answered turns the failure of a read into the register's own.
func answered(err error) error {
	if err = engine.Found("person of the register", err); tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return match.ErrNoPerson
	}
	return err
}

// ByCode implements [people.Source].
func (r *Register) ByCode(ctx context.Context, code tunnus.PersonCode) (match.Person, error) {
	record, err := r.d.Read().PopulationRecord(ctx, code.SemanticsID())
	if err != nil {
		return match.Person{}, answered(err)
	}
	p, err := people.DecodePerson(code, record)
	if err != nil {
		return match.Person{}, fmt.Errorf("%w: %w", people.ErrAnswer, err)
	}
	return p, nil
}

// Guardians implements [people.Source].
func (r *Register) Guardians(ctx context.Context, child tunnus.PersonCode) ([]match.Relation, error) {
	if err := r.known(ctx, child); err != nil {
		return nil, err
	}
	rows, err := r.d.Read().PopulationGuardians(ctx, child.SemanticsID())
	return engine.Parsed("relations of a child", rows, err, relation)
}

// Wards implements [people.Source].
func (r *Register) Wards(ctx context.Context, guardian tunnus.PersonCode) ([]match.Relation, error) {
	if err := r.known(ctx, guardian); err != nil {
		return nil, err
	}
	rows, err := r.d.Read().PopulationWards(ctx, guardian.SemanticsID())
	return engine.Parsed("relations of a guardian", rows, err, relation)
}

// Channels implements [people.Source].
func (r *Register) Channels(ctx context.Context, code tunnus.PersonCode) (match.Channels, error) {
	row, err := r.d.Read().PopulationChannels(ctx, code.SemanticsID())
	if err != nil {
		return match.Channels{}, answered(err)
	}
	return match.Channels(row), nil
}

func (r *Register) known(ctx context.Context, code tunnus.PersonCode) error {
	_, err := r.d.Read().PopulationRecord(ctx, code.SemanticsID())
	return answered(err)
}

func relation(r db.PopulationRelation) (match.Relation, error) {
	child, e1 := tunnus.ParseSemanticsID(r.Child)
	guardian, e2 := tunnus.ParseSemanticsID(r.Guardian)
	if e1 != nil || e2 != nil {
		return match.Relation{}, errors.New("store: a relation of the register is damaged")
	}
	return match.Relation{
		Child: child, Guardian: guardian, Kind: match.RelationKind(r.Kind), Comprehensive: r.Comprehensive,
		From: engine.Moment(r.FromAt), Until: engine.Moment(r.UntilAt),
	}, nil
}

// Entry implements [people.Shelf].
func (r *Register) Entry(ctx context.Context, code tunnus.PersonCode) (e people.Entry, err error) {
	if e.Person, err = r.ByCode(ctx, code); err != nil {
		return e, err
	}
	list, err := r.Guardians(ctx, code)
	if err != nil {
		return e, err
	}
	if len(list) > 0 { // none is nil, as a file without any says it
		e.Guardians = list
	}
	e.Channels, err = r.Channels(ctx, code)
	return e, err
}

// Codes implements [people.Shelf].
func (r *Register) Codes(ctx context.Context, after string, limit int) ([]tunnus.PersonCode, error) {
	rows, err := r.d.Read().PopulationCodes(ctx, db.PopulationCodesParams{After: after, Many: engine.Many(limit)})
	return engine.Parsed("people", rows, err, code)
}

// code reads a code of a row; the failure does not repeat it.
func code(s string) (tunnus.PersonCode, error) {
	c, err := tunnus.ParseSemanticsID(s)
	if err != nil {
		return c, errors.New("store: the code of a person is damaged")
	}
	return c, nil
}

// Apply implements [people.Shelf].
func (r *Register) Apply(ctx context.Context, put []people.Entry, remove []tunnus.PersonCode, events []tunnus.Event) error {
	return r.d.Write(ctx, func(t *engine.Tx) error {
		for _, c := range remove {
			if err := t.DropPopulationRelations(ctx, c.SemanticsID()); err != nil {
				return fmt.Errorf("store: removing a person: %w", err)
			}
			if err := t.DropPopulationPerson(ctx, c.SemanticsID()); err != nil {
				return fmt.Errorf("store: removing a person: %w", err)
			}
		}
		for _, e := range put {
			if err := replace(ctx, t, e); err != nil {
				return fmt.Errorf("store: writing a person: %w", err)
			}
		}
		return t.Events(ctx, events)
	})
}

func replace(ctx context.Context, t *engine.Tx, e people.Entry) error {
	id := e.Person.Code.SemanticsID()
	record, err := people.EncodePerson(e.Person)
	if err != nil {
		return err
	}
	if err := t.DropPopulationRelations(ctx, id); err != nil {
		return err
	}
	err = t.PutPopulationPerson(ctx, db.PutPopulationPersonParams{
		Person: id, Record: record, Email: e.Channels.Email, Phone: e.Channels.Phone, Postal: e.Channels.Postal,
	})
	if err != nil {
		return err
	}
	for i, rel := range e.Guardians {
		err := t.AddPopulationRelation(ctx, db.AddPopulationRelationParams{
			Child: id, Place: int64(i), Guardian: rel.Guardian.SemanticsID(), Kind: string(rel.Kind), Comprehensive: rel.Comprehensive,
			FromAt: engine.Millis(rel.From), UntilAt: engine.Millis(rel.Until),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
