package people

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// The paths of a register service (doc/population.md). The person stands in the
// body, never in a URL.
const (
	PersonPath    = "/v1/person"
	GuardiansPath = "/v1/guardians"
	WardsPath     = "/v1/wards"
	ChannelsPath  = "/v1/channels"
)

// MaxAnswer bounds an answer of a register service, in bytes.
const MaxAnswer = 64 << 10

// A question is what a service is asked.
type question struct {
	Person string `json:"person"`
}

// An answer is what it says: just one of the parts, of the person asked for.
type answer struct {
	Person    string      `json:"person"`
	Known     bool        `json:"known"`
	Record    *record     `json:"record,omitempty"`
	Relations *[]relation `json:"relations,omitempty"`
	Channels  *channels   `json:"channels,omitempty"`
}

// Ask writes the question about a person.
func Ask(code tunnus.PersonCode) ([]byte, error) {
	return json.Marshal(question{code.SemanticsID()})
}

// Asked reads whom a question is about.
func Asked(b []byte) (tunnus.PersonCode, error) {
	var q question
	if err := strict(b, &q); err != nil {
		return tunnus.PersonCode{}, err
	}
	return code(q.Person)
}

// open reads an answer about a person: [match.ErrNoPerson] if it says that there
// is no such one. parts is how many parts the answer must not have.
func open(b []byte, code tunnus.PersonCode) (a answer, err error) {
	if len(b) > MaxAnswer {
		return a, fmt.Errorf("people: an answer of more than %d bytes", MaxAnswer)
	}
	if err := strict(b, &a); err != nil {
		return a, err
	}
	parts := 0
	for _, has := range []bool{a.Record != nil, a.Relations != nil, a.Channels != nil} {
		if has {
			parts++
		}
	}
	switch {
	case a.Person != code.SemanticsID():
		return a, ErrSomebodyElse
	case !a.Known && parts == 0:
		return a, match.ErrNoPerson
	case !a.Known || parts != 1:
		return a, errParts
	}
	return a, nil
}

var errParts = errors.New("people: an answer must have just the part that was asked for")

// PersonAnswer reads the answer to a question at [PersonPath].
func PersonAnswer(b []byte, code tunnus.PersonCode) (match.Person, error) {
	a, err := open(b, code)
	if err != nil {
		return match.Person{}, err
	}
	if a.Record == nil {
		return match.Person{}, errParts
	}
	return a.Record.of(code)
}

// RelationsAnswer reads the answer at [GuardiansPath], about a child, or at
// [WardsPath], about a guardian.
func RelationsAnswer(b []byte, code tunnus.PersonCode, ofChild bool) ([]match.Relation, error) {
	a, err := open(b, code)
	if err != nil {
		return nil, err
	}
	if a.Relations == nil {
		return nil, errParts
	}
	list, err := relations(code, *a.Relations, ofChild)
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return list, nil
}

// ChannelsAnswer reads the answer at [ChannelsPath].
func ChannelsAnswer(b []byte, code tunnus.PersonCode) (match.Channels, error) {
	a, err := open(b, code)
	if err != nil {
		return match.Channels{}, err
	}
	if a.Channels == nil {
		return match.Channels{}, errParts
	}
	c, err := a.Channels.read()
	if err != nil {
		return c, fmt.Errorf("people: %w", err)
	}
	return c, nil
}

// Nobody writes the answer that a person is not known.
func Nobody(code tunnus.PersonCode) ([]byte, error) {
	return json.Marshal(answer{Person: code.SemanticsID()})
}

// SayPerson, SayRelations and SayChannels write answers, for services.
func SayPerson(p match.Person) ([]byte, error) {
	r := toRecord(p)
	return json.Marshal(answer{Person: r.Person, Known: true, Record: &r})
}

// SayRelations: see [SayPerson].
func SayRelations(of tunnus.PersonCode, list []match.Relation, ofChild bool) ([]byte, error) {
	out := []relation{}
	for _, r := range list {
		out = append(out, toRelation(r, ofChild))
	}
	return json.Marshal(answer{Person: of.SemanticsID(), Known: true, Relations: &out})
}

// SayChannels: see [SayPerson].
func SayChannels(of tunnus.PersonCode, c match.Channels) ([]byte, error) {
	w := channels(c)
	return json.Marshal(answer{Person: of.SemanticsID(), Known: true, Channels: &w})
}
