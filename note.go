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

	"camera-small": "The pictures of this camera are too small: use another one.",

	// What would make a picture of a face better; package face/quality has the codes,
	// and package face/liveness some.
	"hint-no-face":       "Show your whole face.",
	"hint-one-face":      "Only you may be in the picture.",
	"hint-darkness":      "It is too dark: find more light.",
	"hint-bright":        "It is too bright: turn away from the window or lamp.",
	"hint-closer":        "Move closer.",
	"hint-back":          "Move back a little.",
	"hint-centre":        "Bring your face to the middle of the oval.",
	"hint-straight":      "Look straight ahead and hold your head upright.",
	"hint-eye-level":     "Hold the phone at eye level.",
	"hint-side-light":    "The light comes from one side: turn towards it.",
	"hint-screen-dim":    "Raise the brightness of the screen.",
	"hint-dimmer":        "Find a dimmer place, or raise the brightness of the screen.",
	"hint-hold-still":    "Hold still.",
	"hint-lens":          "The picture is not sharp: clean the camera.",
	"hint-covered":       "Take away what covers your face: a mask, dark glasses, a hand or hair.",
	"hint-glare":         "Your glasses reflect: tilt them or take them off.",
	"hint-eyes-shut":     "Open your eyes.",
	"hint-mouth-open":    "Close your mouth.",
	"hint-face-lost":     "Your face was lost: stay in the oval.",
	"hint-oval":          "Follow the oval: come nearer when it grows.",
	"hint-background":    "Let some of the room be seen behind you.",
	"hint-camera":        "Too few pictures came from the camera: close other apps.",
	"hint-network":       "The pictures arrived too late: find a better connection.",
	"hint-moves":         "Follow the movements that are shown.",
	"hint-again":         "It could not be judged this time: please try again.",
	"hint-photo-none":    "No face was found in the photo of your document, so a person will compare it. This is not your fault.",
	"hint-photo-small":   "The photo in your document is small, so a person may have to compare it. This is not your fault.",
	"hint-photo-unclear": "The photo in your document is not clear, so a person may have to compare it. This is not your fault.",
	"hint-photo-old":     "The photo in your document is several years old, so a person may have to compare it. This is not your fault.",
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
