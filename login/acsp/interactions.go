package acsp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
)

// A Type names a kind of screen.
type Type string

// The kinds of screens that a notification may ask for.
const (
	DisplayTextAndPIN             Type = "displayTextAndPIN"
	ConfirmationMessage           Type = "confirmationMessage"
	ConfirmationMessageCodeChoice Type = "confirmationMessageAndVerificationCodeChoice"
)

// textField and textLimit say, for each type, which field holds the text and how
// many characters it may have.
var (
	textField = map[Type]string{
		DisplayTextAndPIN:             "displayText60",
		ConfirmationMessage:           "displayText200",
		ConfirmationMessageCodeChoice: "displayText200",
	}
	textLimit = map[string]int{"displayText60": 60, "displayText200": 200}
)

// maxInteractions is more than the Base64 of all types with the longest texts,
// each character escaped.
const maxInteractions = 16 << 10

// An Interaction is one screen that a relying party wants to be shown.
type Interaction struct {
	Type Type
	Text string // 1 to 60 or to 200 characters, by the type
}

// CodeChoice reports whether the holder picks the code out of three.
func (i Interaction) CodeChoice() bool { return i.Type == ConfirmationMessageCodeChoice }

// ParseInteractions reads the "interactions" of a notification: Base64 of a JSON
// array, the most wanted first. It fails with [tunnus.CodeBadRequest] if a text
// is missing, empty or too long, a type stands twice or is unknown, or a text
// would not be drawn as it reads. Fields that are not known are passed over.
//
// The caller keeps encoded as it is: its text is signed, and another way to
// write the same list is another list.
func ParseInteractions(encoded string) ([]Interaction, error) {
	list, err := parseInteractions(encoded)
	if err != nil {
		return nil, tunnus.BadRequest(fieldInteractions, fmt.Errorf("acsp: interactions: %w", err))
	}
	return list, nil
}

func parseInteractions(encoded string) ([]Interaction, error) {
	if len(encoded) > maxInteractions {
		return nil, errors.New("too long")
	}
	raw, err := decodeBase64(encoded)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("not UTF-8")
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, errors.New("not a JSON array")
	}
	if len(items) == 0 || len(items) > len(textField) {
		return nil, errors.New("one to three expected")
	}
	var list []Interaction
	for _, item := range items {
		i, err := parseInteraction(item)
		if err != nil {
			return nil, err
		}
		if offers(list, i.Type) {
			return nil, errors.New("a type stands twice")
		}
		list = append(list, i)
	}
	return list, nil
}

// parseInteraction reads one object. A name that stands twice is refused: two
// readers could show two texts.
func parseInteraction(item []byte) (Interaction, error) {
	fields, err := members(item)
	if err != nil {
		return Interaction{}, err
	}
	var i Interaction
	if err := text(fields["type"], (*string)(&i.Type)); err != nil {
		return Interaction{}, err
	}
	own, known := textField[i.Type]
	if !known {
		return Interaction{}, errors.New("unknown type")
	}
	for name := range textLimit {
		var s string
		if err := text(fields[name], &s); err != nil {
			return Interaction{}, err
		}
		if name == own {
			i.Text = s
		} else if s != "" {
			return Interaction{}, errors.New("a text that the type does not have")
		}
	}
	if n := utf8.RuneCountInString(i.Text); n == 0 || n > textLimit[own] {
		return Interaction{}, fmt.Errorf("a text of 1 to %d characters expected", textLimit[own])
	}
	return i, checkShown(i.Text, true)
}

// members splits a JSON object into its members.
func members(object []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	all := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := name.(string) // names in an object are strings
		if _, twice := all[key]; twice {
			return nil, errors.New("a name stands twice")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		all[key] = value
	}
	return all, nil
}

// text reads a JSON string; a missing one is empty.
func text(raw json.RawMessage, s *string) error {
	if raw == nil {
		return nil
	}
	if raw[0] != '"' || json.Unmarshal(raw, s) != nil {
		return errors.New("a string expected")
	}
	return nil
}

// checkShown refuses characters with which a text could draw over others on a
// screen, or read otherwise than it is written: control characters, and the
// ones that turn the direction of writing.
func checkShown(s string, lines bool) error {
	for _, r := range s {
		if r == '\n' && lines {
			continue
		}
		if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return errors.New("a text has a character that is not shown as it reads")
		}
	}
	return nil
}

func offers(list []Interaction, t Type) bool {
	for _, i := range list {
		if i.Type == t {
			return true
		}
	}
	return false
}

// EncodeInteractions writes a list as [ParseInteractions] reads it.
func EncodeInteractions(list ...Interaction) (string, error) {
	items := make([]map[string]string, 0, len(list))
	for _, i := range list {
		items = append(items, map[string]string{"type": string(i.Type), textField[i.Type]: i.Text})
	}
	raw, err := canonical(items)
	if err != nil {
		return "", err
	}
	encoded := base64.StdEncoding.EncodeToString(raw)
	if _, err := ParseInteractions(encoded); err != nil {
		return "", err
	}
	return encoded, nil
}
