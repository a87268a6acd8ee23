// Package audit turns decisions into lines that can be proved later.
//
// A [Line] holds the canonical record of one event, a random salt, and the leaf
// SHA-256(salt ‖ record). The leaf may stay for ever: once record and salt are
// erased nobody can learn from it what was decided (security ruling A1). Lines
// are not chained to each other here; a log that notices a missing line is not
// part of this package.
package audit

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 32

// A Line is one event as it is kept. Record and Salt are erased together.
type Line struct {
	Record []byte // canonical form of the event, see [Encode]
	Salt   []byte // SaltSize random bytes
	Leaf   []byte // SHA-256(Salt ‖ Record)
}

// ErrLine is returned for a line whose leaf is not that of its record.
var ErrLine = errors.New("audit: the line was changed")

// record is an event as canonical JSON: these fields in this order, the keys
// of detail sorted, no spaces, no escapes for HTML, time in UTC.
type record struct {
	At      string            `json:"at"` // RFC 3339 with as many decimals as needed
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Code    tunnus.Code       `json:"code,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// Encode returns the canonical form: equal events, and only they, have equal
// bytes. It fails for text that is not UTF-8, since that has no such form, and
// for an event without kind or time.
func Encode(e tunnus.Event) ([]byte, error) {
	if e.Kind == "" || e.At.IsZero() || e.At.UTC().Year() > 9999 {
		return nil, errors.New("audit: an event needs a kind and a time")
	}
	texts := []string{e.Kind, e.Subject, string(e.Code)}
	for k, v := range e.Detail {
		texts = append(texts, k, v)
	}
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return nil, errors.New("audit: text that is not UTF-8")
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(record{e.At.UTC().Format(time.RFC3339Nano), e.Kind, e.Subject, e.Code, e.Detail})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Decode reads the canonical form, and refuses every other spelling of it.
func Decode(text []byte) (tunnus.Event, error) {
	var r record
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return tunnus.Event{}, fmt.Errorf("audit: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, r.At)
	if err != nil {
		return tunnus.Event{}, errors.New("audit: the time of a record cannot be read")
	}
	e := tunnus.Event{At: at.UTC(), Kind: r.Kind, Subject: r.Subject, Code: r.Code, Detail: r.Detail}
	if again, err := Encode(e); err != nil || !bytes.Equal(again, text) {
		return tunnus.Event{}, errors.New("audit: the record is not in canonical form")
	}
	return e, nil
}

// Seal makes the line of an event, with a new salt.
func Seal(e tunnus.Event) (Line, error) {
	text, err := Encode(e)
	if err != nil {
		return Line{}, err
	}
	salt := make([]byte, SaltSize)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return Line{Record: text, Salt: salt, Leaf: leaf(salt, text)}, nil
}

// Open returns the event of a line, or [ErrLine] if record, salt and leaf do
// not belong together.
func Open(l Line) (tunnus.Event, error) {
	if len(l.Salt) != SaltSize || subtle.ConstantTimeCompare(leaf(l.Salt, l.Record), l.Leaf) != 1 {
		return tunnus.Event{}, ErrLine
	}
	return Decode(l.Record)
}

func leaf(salt, text []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(text)
	return h.Sum(nil)
}
