package tunnus

import (
	"maps"
	"strings"
)

// A Note is a further sentence that some failures carry: why a PIN is weak, which
// version would do. Its key is one of [Notes]; its value is put in where the
// sentence has room for one.
type Note struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"` // no data of a person
}

// notes are the sentences of the notes.
var notes = map[string]string{
	"version": "Version {value} or newer is needed.",

	"age-from":     "This one is for people from {value} years.",
	"age-to":       "This one is for people up to {value} years.",
	"doc-passport": "A passport is.",
	"doc-idcard":   "An ID-card is.",
	"doc-both":     "Passports and ID-cards are.",
	"doc-state":    "Documents of its state are not served yet.",
	"doc-portrait": "The picture in its chip is stored in a way that cannot be read yet.",

	"pin-length":      "The PIN must have {value} digits.",
	"pin-digits":      "It must be digits only.",
	"pin-one-digit":   "It is one digit again and again.",
	"pin-upwards":     "It is a run of digits upwards.",
	"pin-downwards":   "It is a run of digits downwards.",
	"pin-repeats":     "It repeats the same digits.",
	"pin-grouped":     "It is made of the same digits side by side.",
	"pin-mirrored":    "It reads the same from both ends.",
	"pin-year":        "It is a year.",
	"pin-date":        "It is a date.",
	"pin-common":      "It is one of the commonest.",
	"pin-birthday":    "Your birthday is in it.",
	"pin-personal":    "Part of a personal number is in it.",
	"pin-holds":       "The other PIN is in it.",
	"pin-held":        "It is in the other PIN.",
	"pin-old":         "It is the old PIN.",
	"pin-holds-old":   "The old PIN is in it.",
	"pin-held-by-old": "It is in the old PIN.",
}

// Notes returns the sentence of each note; {value} stands where its value goes.
func Notes() map[string]string { return maps.Clone(notes) }

// Sentence returns the note's sentence; "" if there is no such note.
func (n Note) Sentence() string { return strings.ReplaceAll(notes[n.Key], "{value}", n.Value) }

// WithNote adds a note, and its sentence to what is told.
func (e *Error) WithNote(key, value string) *Error {
	e.Note = Note{key, value}
	e.Public += " " + e.Note.Sentence()
	return e
}
