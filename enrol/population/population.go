// Package population is a register of people that is read from a JSON file: for
// sandboxes, with invented people, and for tests.
//
// It answers from memory. A real register is reached by another implementation
// of enrol.Population.
package population

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol"
)

// ErrDown is what a register answers that was told to be down.
var ErrDown = errors.New("population: the register is down")

// A Register answers from memory. It is safe for concurrent use.
type Register struct {
	mu     sync.RWMutex
	people map[tunnus.PersonCode]enrol.Person
	down   bool
}

// row is one person of a file.
type row struct {
	Person     string   `json:"person"` // "PNOXX-199002140017"
	Surname    string   `json:"surname"`
	GivenNames string   `json:"given_names"`
	Birth      string   `json:"birth,omitempty"` // "1990-02-14"; as the code says if left out
	Documents  []string `json:"documents,omitempty"`
	Deceased   bool     `json:"deceased,omitempty"`
}

// Parse reads a file: one JSON array of people. Unknown fields, codes that are
// wrong and people who stand there twice are errors, told by their place and
// without naming anybody.
func Parse(file []byte) (*Register, error) {
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	var rows []row
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("population: reading the register: %w", err)
	}
	if d.More() {
		return nil, errors.New("population: reading the register: something follows the people")
	}
	r := &Register{people: map[tunnus.PersonCode]enrol.Person{}}
	for i, row := range rows {
		p, err := row.person()
		if err != nil {
			return nil, fmt.Errorf("population: person %d: %w", i+1, err)
		}
		if _, twice := r.people[p.Code]; twice {
			return nil, fmt.Errorf("population: person %d stands there twice", i+1)
		}
		r.people[p.Code] = p
	}
	return r, nil
}

func (r row) person() (enrol.Person, error) {
	code, err := tunnus.ParseSemanticsID(r.Person)
	if err != nil {
		return enrol.Person{}, err
	}
	birth, ok := code.BirthDate()
	if r.Birth != "" {
		if birth, err = time.Parse(time.DateOnly, r.Birth); err != nil {
			return enrol.Person{}, errors.New("birth is no date")
		}
	} else if !ok {
		return enrol.Person{}, errors.New("birth is missing")
	}
	if r.Surname == "" {
		return enrol.Person{}, errors.New("surname is missing")
	}
	return enrol.Person{
		Code: code, Surname: r.Surname, GivenNames: r.GivenNames, Birth: birth,
		Documents: r.Documents, Deceased: r.Deceased,
	}, nil
}

// Put adds a person, or replaces what is said of them.
func (r *Register) Put(p enrol.Person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people[p.Code] = p
}

// SetDown makes the register answer no more, or again.
func (r *Register) SetDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// ByCode implements enrol.Population.
func (r *Register) ByCode(_ context.Context, code tunnus.PersonCode) (enrol.Person, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.down {
		return enrol.Person{}, ErrDown
	}
	p, ok := r.people[code]
	if !ok {
		return enrol.Person{}, enrol.ErrNoPerson
	}
	return p, nil
}
