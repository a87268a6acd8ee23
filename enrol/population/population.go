// Package population reaches the population register: [Register] answers from
// memory, as a JSON file says (for sandboxes, and where an authority hands out
// files), and [Client] asks a register service over HTTPS. The third, a table of
// our own database, is store/people. All three are a [people.Source], and
// what they say has one form (package people, doc/population.md).
//
// Nothing that a register says is logged or put into an error.
package population

import (
	"context"
	"slices"
	"sync"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
)

// ErrDown is what a register answers that was told to be down.
var ErrDown = people.ErrDown

// A Register answers from memory. It is safe for concurrent use.
type Register struct {
	mu     sync.RWMutex
	people map[tunnus.PersonCode]people.Entry
	down   bool
}

var _ people.Source = (*Register)(nil)

// Parse reads a file ([people.ParseFile]).
func Parse(file []byte) (*Register, error) {
	list, err := people.ParseFile(file)
	if err != nil {
		return nil, err
	}
	r := &Register{people: map[tunnus.PersonCode]people.Entry{}}
	for _, e := range list {
		r.people[e.Person.Code] = e
	}
	return r, nil
}

// Put adds a person, or replaces what is said of them; guardians and channels
// stay as they were.
func (r *Register) Put(p match.Person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.people[p.Code]
	e.Person = p
	r.people[p.Code] = e
}

// Remove makes a person unknown.
func (r *Register) Remove(code tunnus.PersonCode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.people, code)
}

// SetDown makes the register answer no more, or again.
func (r *Register) SetDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// entry returns a person's entry, if the register is not down.
func (r *Register) entry(code tunnus.PersonCode) (people.Entry, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.down {
		return people.Entry{}, ErrDown
	}
	e, ok := r.people[code]
	if !ok {
		return people.Entry{}, match.ErrNoPerson
	}
	return e, nil
}

// ByCode implements [people.Source].
func (r *Register) ByCode(_ context.Context, code tunnus.PersonCode) (match.Person, error) {
	e, err := r.entry(code)
	return e.Person, err
}

// Guardians implements [people.Source].
func (r *Register) Guardians(_ context.Context, child tunnus.PersonCode) ([]match.Relation, error) {
	e, err := r.entry(child)
	return slices.Clone(e.Guardians), err
}

// Wards implements [people.Source].
func (r *Register) Wards(_ context.Context, guardian tunnus.PersonCode) ([]match.Relation, error) {
	if _, err := r.entry(guardian); err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []match.Relation
	for _, e := range r.people {
		for _, rel := range e.Guardians {
			if rel.Guardian == guardian {
				out = append(out, rel)
			}
		}
	}
	slices.SortFunc(out, func(a, b match.Relation) int { return a.From.Compare(b.From) })
	return out, nil
}

// Channels implements [people.Source].
func (r *Register) Channels(_ context.Context, code tunnus.PersonCode) (match.Channels, error) {
	e, err := r.entry(code)
	return e.Channels, err
}
