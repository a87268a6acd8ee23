// Package statement holds what a holder says with a PIN during somebody's
// registration: "I remember this PIN", "I vouch for that phone", "that phone
// replaces this one", "I answer for this child". It has its fields, its canonical
// bytes, and the text that is shown.
//
// Both sides use it: the server makes the record, the app builds what is signed
// from the record that it shows. PIN1 is proved without a signature (the log-in
// key signs log-ins only, security.md P7, K8); PIN2 signs the canonical bytes.
package statement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Kind is the kind of the transactions in which statements are made.
const Kind = "statement"

// Version is the first thing that a statement says. No other payload that a
// signature key signs begins with it.
const Version = "tunnus/statement/v1"

// Service is who asks for a statement, as the phone shows it.
const Service = "tunnus"

// Hash is what statements are signed over.
const Hash = splitkey.SHA512

// An About says what a statement states.
type About string

// What can be stated.
const (
	Recall   About = "recall"   // the new PIN is remembered
	Vouch    About = "vouch"    // the phone is the holder's own: an account is made there (R3)
	Replace  About = "replace"  // the phone is the holder's own, and takes the place of this one (R12)
	Guardian About = "guardian" // the holder answers for a child (R9)
)

// All lists what can be stated.
func All() []About { return []About{Recall, Vouch, Replace, Guardian} }

// A Statement is one of them. Its canonical bytes are JSON with the fields in
// this order, no spaces, and nothing escaped that need not be (RFC 8259 §7).
type Statement struct {
	Format  string    `json:"format"` // [Version]
	About   About     `json:"about"`
	Session string    `json:"session"`          // of the registration
	Device  string    `json:"device"`           // thumbprint of the device key that registers (hk)
	Person  string    `json:"person,omitempty"` // for whom: semantics identifier
	Name    string    `json:"name,omitempty"`   // of that person
	Level   string    `json:"level,omitempty"`  // of the account that is made
	Model   string    `json:"model,omitempty"`  // of the phone that registers, as it says
	Place   string    `json:"place,omitempty"`  // of its address, as far as it is known
	Code    string    `json:"code,omitempty"`   // two digits that both phones show
	Time    time.Time `json:"time"`             // UTC, whole seconds
}

// Canonical returns the bytes that are signed and kept.
func (s Statement) Canonical() ([]byte, error) {
	b, err := s.canonical()
	if err != nil {
		return nil, err
	}
	return b, s.check()
}

func (s Statement) canonical() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("statement: writing: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Parse reads canonical bytes. What is not exactly as [Statement.Canonical]
// writes it is an error.
func Parse(b []byte) (Statement, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var s Statement
	if err := d.Decode(&s); err != nil {
		return Statement{}, errors.New("statement: not a statement") // the cause might repeat what it holds
	}
	again, err := s.canonical()
	if err != nil || !bytes.Equal(again, b) {
		return Statement{}, errors.New("statement: not in canonical form")
	}
	return s, s.check()
}

// check refuses a statement that could not be shown line by line, or that does
// not say which registration it is about.
func (s Statement) check() error {
	if s.Format != Version || !slices.Contains(All(), s.About) || !s.Time.Equal(s.Time.Truncate(time.Second)) || s.Time != s.Time.UTC() {
		return errors.New("statement: another format or matter, parts of a second, or not UTC")
	}
	if s.Session == "" || s.Device == "" || s.About != Recall && (s.Person == "" || s.Level == "") {
		return errors.New("statement: it does not say what it is about")
	}
	for _, v := range []string{s.Session, s.Device, s.Person, s.Name, s.Level, s.Model, s.Place, s.Code} {
		if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return errors.New("statement: a field that cannot be shown on one line")
		}
	}
	return nil
}

// heads say what each statement is, in the first person.
var heads = map[About]string{
	Recall:   "I remember the PIN that I have chosen.",
	Vouch:    "A new account is being made in my name, on another phone. It is mine, and I started it.",
	Replace:  "A new account in my name, on another phone, takes the place of the one here. It is mine, and I started it.",
	Guardian: "I answer for this child, and I agree that an account is made on the child's phone.",
}

// Text is what the holder is shown.
func (s Statement) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, heads[s.About])
	if s.About == Recall {
		return b.String()
	}
	for _, row := range [][2]string{
		{"Name", s.Name},
		{"Person", s.Person},
		{"Level", s.Level},
		{"Phone", s.Model},
		{"Place", s.Place},
		{"Digits", s.Code},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "%-7s %s\n", row[0], row[1])
		}
	}
	fmt.Fprintf(&b, "%-7s %s\n%-7s %s UTC\n", "Device", s.Device, "Asked", s.Time.UTC().Format(time.DateTime))
	fmt.Fprintln(&b, "Somebody who asks you by phone or by message to confirm this is stealing your identity.")
	return b.String()
}

// card begins what an ID-card signs of a statement.
const card = "tunnus ID-card consent, version 1"

// CardText is what an ID-card signs in place of the canonical bytes, and what is shown
// to its holder, to the byte: the text, and which registration it is about.
func (s Statement) CardText() (string, error) {
	_, err := s.Canonical()
	return fmt.Sprintf("%s\n\n%s\nRegistration: %s\n", card, s.Text(), s.Session), err
}

// Format tells keyshare what a transaction of the kind "statement" is about.
type Format struct{}

// Payload returns the statement's canonical bytes. The phone adds nothing, so an
// answer other than none ("", "null", "{}") is refused.
func (Format) Payload(record, answer []byte) ([]byte, error) {
	if _, err := Parse(record); err != nil {
		return nil, err
	}
	switch string(bytes.TrimSpace(answer)) {
	case "", "null", "{}":
		return record, nil
	}
	return nil, errors.New("statement: a statement has no answer")
}

// Signs lets both keys prove their PIN, and the signature key sign.
func (Format) Signs(p splitkey.Purpose, how splitkey.Padding) bool {
	return how == splitkey.Internal || p == splitkey.Signature && how == splitkey.PSS
}

// Shown tells what the screen says, and the code that both phones show.
func (f Format) Shown(record, answer []byte) (text, service, code string, err error) {
	if _, err := f.Payload(record, answer); err != nil {
		return "", "", "", err
	}
	s, err := Parse(record)
	return s.Text(), Service, s.Code, err
}
