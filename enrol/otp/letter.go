package otp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/account/address"
)

// A Message is what a [Letter] holds: what has to be said, and to whom. Package
// notify has the words.
type Message struct {
	To       string    `json:"to"` // in the normal form of package address
	Code     string    `json:"code,omitempty"`
	Purpose  string    `json:"purpose"`
	Device   string    `json:"device"`
	Language string    `json:"language,omitempty"` // such as "et"; empty is English
	Expires  time.Time `json:"expires,omitzero"`   // of the code, or of what the letter asks for
	Session  string    `json:"session,omitempty"`  // of the code, with CodeID: for [Returns]
	CodeID   string    `json:"code_id,omitempty"`
	About    string    `json:"about,omitempty"` // of a letter about an account: a date, a masked contact
	Link     string    `json:"link,omitempty"`  // page on which one tap says "not me"
}

// Channel returns how the message goes out.
func (m Message) Channel() address.Channel {
	if a, err := address.Parse(m.To); err == nil {
		return a.Channel
	}
	return address.Email // whose sender will refuse it, and say so
}

// Seal makes a letter of a message, for the outbox.
func Seal(sealer Sealer, kind string, m Message) (Letter, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return Letter{}, fmt.Errorf("otp: writing a letter: %w", err)
	}
	l := Letter{ID: random(), Kind: kind, Channel: m.Channel()}
	if l.Sealed, err = sealer.Seal(plain, l.place()); err != nil {
		return Letter{}, fmt.Errorf("otp: sealing a letter: %w", err)
	}
	return l, nil
}

// OpenLetter reads a letter: for whoever sends it.
func OpenLetter(sealer Sealer, l Letter) (Message, error) {
	plain, err := sealer.Open(l.Sealed, l.place())
	if err != nil {
		return Message{}, fmt.Errorf("otp: opening a letter: %w", err)
	}
	var m Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return Message{}, fmt.Errorf("otp: reading a letter: %w", err)
	}
	return m, nil
}

// place binds the seal to the letter's id and kind.
func (l Letter) place() []byte { return []byte("letter/" + l.Kind + "/" + l.ID) }
