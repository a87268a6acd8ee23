package wire

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Paths of what a holder does with accounts, contacts and the history. An act that
// needs PIN1 is asked for at PathAct, signed with the log-in key at [PathKeys], and
// done at PathAct + "/done".
const (
	PathAct      = "/app/v1/acts"
	PathPerson   = "/app/v1/person"
	PathFreeze   = "/app/v1/freeze"
	PathNotices  = "/app/v1/notices"
	PathHistory  = "/app/v1/history"
	PathContacts = "/app/v1/contacts"
	PathLanguage = "/app/v1/language"
	PathLooks    = "/app/v1/looks"
)

// What an act does, and to what.
const (
	ActBlock         = "block"          // an account, by its number
	ActUnblock       = "unblock"        // so too
	ActClose         = "close"          // so too; the own one, or another
	ActAddContact    = "contact-add"    // an address
	ActRemoveContact = "contact-remove" // a contact, by its id
	ActTrust         = "trust-again"    // the service of a log-in that was called "not me", by the session
)

// An Act is something a holder wants done that needs PIN1.
type Act struct {
	Do     string `json:"do"`
	Target string `json:"target"`
	Actor  string `json:"actor"` // number of the account that asks

	// Rev is the revision of an account that is the target: once it has moved, a
	// signed act is good for nothing any more, so nothing can be done twice with it.
	Rev int64 `json:"rev"`
	// Shown is what the target is called, where its name tells a person nothing.
	Shown string `json:"shown,omitempty"`
}

// Text is what the holder sees and signs. Phone and server make it, each for itself.
func (a Act) Text() string {
	switch a.Do {
	case ActBlock:
		return "Block the account " + a.Target
	case ActUnblock:
		return "Unblock the account " + a.Target
	case ActClose:
		return "Close the account " + a.Target + " for ever"
	case ActAddContact:
		return "Add the contact " + a.Target
	case ActRemoveContact:
		return "Remove the contact " + a.Shown
	case ActTrust:
		return "Let the service send requests again: " + a.Shown
	}
	return ""
}

// Challenge binds the signature to just this act: SHA-512 of its JSON, in Base64.
func (a Act) Challenge() (string, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("wire: an act: %w", err)
	}
	sum := sha512.Sum512(append([]byte("tunnus/act/v1\x00"), b...))
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// AnAsked answers [PathAct]: the act as it is to be signed, and the request that the
// log-in key signs for it.
type AnAsked struct {
	Act     Act     `json:"act"`
	Request Request `json:"request"`
}

// A Signed act is to be done.
type Signed struct {
	Act         Act    `json:"act"`
	Transaction string `json:"transaction"`
}

// Done answers a [Signed] act.
type Done struct {
	Account *Held    `json:"account,omitempty"` // as it stands now
	Contact *Reached `json:"contact,omitempty"` // so too
}

// Held is an account of the caller's person, on any device.
type Held struct {
	Document string    `json:"document"`
	Level    string    `json:"level"`
	State    string    `json:"state"`
	Here     bool      `json:"here"`   // on the device that asks
	Device   string    `json:"device"` // first digits of its thumbprint
	Model    string    `json:"model"`  // what that device claims to be; "" if nothing is known
	Proofed  string    `json:"proofed"`
	Since    time.Time `json:"since"`
	Expires  time.Time `json:"expires"`
	Frozen   time.Time `json:"frozen,omitzero"` // until then
	Retires  time.Time `json:"retires,omitzero"`
	Language string    `json:"language"` // of letters about it
	Rev      int64     `json:"rev"`
}

// Person answers [PathPerson]: all accounts of the caller's person.
type Person struct {
	Accounts []Held `json:"accounts"`
}

// A Language is the one in which a holder is written to, such as "et".
type Language struct {
	Language string `json:"language"`
}

// A Look is that somebody of the staff has looked at the account of this phone.
type Look struct {
	At   time.Time `json:"at"`
	Case string    `json:"case"` // reference number of the case that it was for, or "CONSENT"
}

// Looks answers [PathLooks].
type Looks struct {
	Looks []Look `json:"looks"` // newest first
}

// LookCode lets one member of staff look, once, at PathLooks + "/allow".
type LookCode struct {
	Code  string    `json:"code"`
	Until time.Time `json:"until"`
}

// A Freeze stops another account, or a change of contacts, without a PIN.
type Freeze struct {
	Document string `json:"document,omitempty"`
	Contact  string `json:"contact,omitempty"` // id
}

// A Notice is something that happened elsewhere, for this device to show.
type Notice struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	At    time.Time `json:"at"`
	About string    `json:"about"` // number of an account, masked contact, or id of an entry of the history
}

// Notices answers [PathNotices].
type Notices struct {
	Notices []Notice `json:"notices"`
}

// An Ack says which notices were shown, at PathNotices + "/ack".
type Ack struct {
	IDs []string `json:"ids"`
}

// Past asks for a page of the history.
type Past struct {
	From  time.Time `json:"from,omitzero"` // of [Page.Next]
	ID    string    `json:"id,omitempty"`
	Limit int       `json:"limit"`
	All   bool      `json:"all"` // the hidden ones too
}

// An Entry is one line of the history.
type Entry struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Document string    `json:"document,omitempty"`
	Service  string    `json:"service,omitempty"`
	Text     string    `json:"text,omitempty"`
	Result   string    `json:"result"`
	Hidden   bool      `json:"hidden,omitempty"`
}

// A Page answers [Past], newest first.
type Page struct {
	Entries []Entry   `json:"entries"`
	More    bool      `json:"more"`
	From    time.Time `json:"from,omitzero"` // where the next page begins
	ID      string    `json:"id,omitempty"`
}

// A Hide takes an entry or all of a service from the list, or puts it back, at
// PathHistory + "/hide".
type Hide struct {
	ID      string `json:"id,omitempty"`
	Service string `json:"service,omitempty"`
	Hidden  bool   `json:"hidden"`
}

// Reached is a contact, masked.
type Reached struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"` // email, sms
	State  string    `json:"state"`
	Masked string    `json:"masked"`
	Since  time.Time `json:"since"`
	Held   time.Time `json:"held,omitzero"` // until then it gets no codes
}

// Contacts answers [PathContacts].
type Contacts struct {
	Contacts []Reached `json:"contacts"`
}

// A ContactCode confirms a new contact, at PathContacts + "/confirm".
type ContactCode struct {
	ID   string `json:"id"`
	Code string `json:"code"`
}
