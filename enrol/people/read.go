package people

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// errJSON is all that is told of bytes that are not the JSON that is expected:
// the decoder's own error may repeat a value.
var errJSON = errors.New("people: not the JSON that is expected")

// strict reads one JSON value: known members only, in the letters of their names
// and each once, and nothing behind it.
func strict(b []byte, v any) error {
	if !utf8.Valid(b) || once(json.NewDecoder(bytes.NewReader(b)), 0) != nil {
		return errJSON
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errJSON
	}
	return nil
}

const maxDepth = 8

// once walks through one value and refuses members that stand twice, or in
// letters that only the decoder takes for the same.
func once(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return errJSON
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			key, _ := k.(string)
			if seen[key] || key != strings.ToLower(key) {
				return errJSON
			}
			seen[key] = true
		}
		if err := once(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// An entry is one person of a file.
type entry struct {
	record
	Guardians []relation `json:"guardians,omitempty"`
	Channels  *channels  `json:"channels,omitempty"`
}

func (e entry) read() (out Entry, err error) {
	if out.Person, err = e.person(); err != nil {
		return out, err
	}
	if out.Guardians, err = relations(out.Person.Code, e.Guardians, true); err != nil {
		return out, err
	}
	if e.Channels != nil {
		out.Channels, err = e.Channels.read()
	}
	return out, err
}

// ParseFile reads a file: one JSON array of people, each with what is said of
// them, their guardians and the register's ways to reach them (doc/population.md).
// What is wrong is told by its place.
func ParseFile(file []byte) ([]Entry, error) {
	var rows []json.RawMessage
	d := json.NewDecoder(bytes.NewReader(file))
	if err := d.Decode(&rows); err != nil {
		return nil, errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("people: something follows the people")
	}
	seen := map[tunnus.PersonCode]bool{}
	var out []Entry
	for i, raw := range rows {
		var row entry
		if err := strict(raw, &row); err != nil {
			return nil, fmt.Errorf("people: person %d: %w", i+1, err)
		}
		e, err := row.read()
		if err == nil && seen[e.Person.Code] {
			err = errors.New("stands there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("people: person %d: %w", i+1, err)
		}
		seen[e.Person.Code] = true
		out = append(out, e)
	}
	return out, nil
}

// EncodePerson writes what is said of a person, as [DecodePerson] reads it.
func EncodePerson(p match.Person) ([]byte, error) { return json.Marshal(toRecord(p)) }

// DecodePerson reads what is said of the person with this code. What is said of
// somebody else is refused.
func DecodePerson(of tunnus.PersonCode, b []byte) (match.Person, error) {
	var r record
	if err := strict(b, &r); err != nil {
		return match.Person{}, err
	}
	return r.of(of)
}

// ErrSomebodyElse is an answer about another person than the one asked for.
var ErrSomebodyElse = errors.New("people: the register answered for somebody else")

func (r record) of(code tunnus.PersonCode) (match.Person, error) {
	if r.Person != code.SemanticsID() {
		return match.Person{}, ErrSomebodyElse
	}
	p, err := r.person()
	if err != nil {
		return match.Person{}, fmt.Errorf("people: %w", err)
	}
	return p, nil
}

// EncodeFile writes people as [ParseFile] reads them.
func EncodeFile(entries []Entry) ([]byte, error) {
	rows := []entry{}
	for _, e := range entries {
		row := entry{record: toRecord(e.Person)}
		for _, r := range e.Guardians {
			row.Guardians = append(row.Guardians, toRelation(r, true))
		}
		if !e.Channels.None() {
			c := channels(e.Channels)
			row.Channels = &c
		}
		rows = append(rows, row)
	}
	return json.MarshalIndent(rows, "", "  ")
}
