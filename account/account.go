// Package account keeps the accounts of holders: one on each device, with a
// document number, two keys, their certificates and a state.
//
// The states and what may happen in each are one table ([Next]). An account is
// made by a registration (package enrol) as Issued, hidden from relying parties;
// the signed application makes it Active. All ends are final. A [Service] finds
// accounts and ends them; it signs nothing and knows no relying party.
package account

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus"
)

// life is how long an account and its certificates live, in years.
const life = 3

// A State is where an account stands.
type State string

// The states. Revoked, Closed and Expired are final.
const (
	Issued    State = "issued"    // certificates exist; the application is not signed yet
	Active    State = "active"    // may log in and sign
	Suspended State = "suspended" // held: a copy was seen, or the holder is being asked
	Revoked   State = "revoked"   // ended for cause: PIN tries used up, copied, fraud
	Closed    State = "closed"    // ended by the holder, or never signed
	Expired   State = "expired"   // its years are over
)

// Live reports whether an account in this state occupies its device.
func (s State) Live() bool { return s == Issued || s == Active || s == Suspended }

// An Event is what happens to an account.
type Event string

// The events. There is no way back from a hold yet: whoever copied an account
// must not be able to lift it (K14).
const (
	Activate Event = "activate"
	Suspend  Event = "suspend"
	Revoke   Event = "revoke"
	Close    Event = "close"
	Expire   Event = "expire"
)

// next is the life cycle. What is not listed is refused.
var next = map[State]map[Event]State{
	Issued:    {Activate: Active, Revoke: Revoked, Close: Closed},
	Active:    {Suspend: Suspended, Revoke: Revoked, Close: Closed, Expire: Expired},
	Suspended: {Revoke: Revoked, Close: Closed, Expire: Expired},
}

// Next tells what an event makes of a state. It fails with
// [tunnus.CodeStateConflict] if the event cannot happen then.
func Next(s State, e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("account: %s of an account that is %q", e, s))
	}
	return to, nil
}

// A Holder is what a new account is made of.
type Holder struct {
	Person     tunnus.PersonCode
	Surname    string
	GivenNames string
	Level      tunnus.Level
	Device     string // thumbprint of the device key
	LoginKey   string
	SignKey    string
}

// New makes an account that is Issued, with a random ID and document number.
// Nothing is stored.
func New(h Holder, now time.Time) (Account, error) {
	if h.Person.IsZero() || !h.Level.Valid() || h.Device == "" || h.LoginKey == "" || h.SignKey == "" || h.LoginKey == h.SignKey {
		return Account{}, errors.New("account: a holder needs a person, a level, a device and two keys")
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	document, err := documentNumber(h.Person, h.Level)
	if err != nil {
		return Account{}, err
	}
	now = now.UTC().Truncate(time.Second)
	return Account{
		ID: fmt.Sprintf("%x", id), Document: document, Person: h.Person, Level: h.Level, State: Issued,
		Surname: h.Surname, GivenNames: h.GivenNames, Device: h.Device, LoginKey: h.LoginKey, SignKey: h.SignKey,
		CreatedAt: now, ExpiresAt: now.AddDate(life, 0, 0),
	}, nil
}

// documentNumber draws a number such as "PNOXX-199002140015-ABCD-Q": the
// person's semantics identifier, four random letters, and Q for a qualified
// account or NQ for another.
func documentNumber(p tunnus.PersonCode, l tunnus.Level) (string, error) {
	letters := make([]byte, 4)
	for i := range letters {
		n, err := rand.Int(rand.Reader, big.NewInt(26))
		if err != nil {
			return "", fmt.Errorf("account: drawing a document number: %w", err)
		}
		letters[i] = byte('A' + n.Int64())
	}
	suffix := "-NQ"
	if l == tunnus.Qualified {
		suffix = "-Q"
	}
	return p.SemanticsID() + "-" + string(letters) + suffix, nil
}

// After returns the account as an event leaves it, with the line for the audit
// log. It fails as [Next] does.
func (a Account) After(e Event, why tunnus.Code, now time.Time) (Account, tunnus.Event, error) {
	to, err := Next(a.State, e)
	if err != nil {
		return a, tunnus.Event{}, err
	}
	line := tunnus.Event{
		At: now, Kind: "account." + string(e), Subject: a.ID, Code: why,
		Detail: map[string]string{"from": string(a.State), "to": string(to)},
	}
	a.State = to
	return a, line, nil
}

// ContactPlace binds the seal of Contact to its account (additional data).
func (a Account) ContactPlace() []byte { return []byte("account/" + a.ID + "/contact") }

// Over reports whether the account lives on although its years are over: then
// it is to [Expire]. One that is Issued ends with its registration.
func (a Account) Over(now time.Time) bool {
	return (a.State == Active || a.State == Suspended) && !now.Before(a.ExpiresAt)
}

// Usable reports whether relying parties may ask this account.
func (a Account) Usable(now time.Time) bool { return a.State == Active && now.Before(a.ExpiresAt) }

// Certificate returns the account's certificate for a purpose ("login",
// "signature"); ok is false if there is none.
func (a Account) Certificate(purpose string) (c Certificate, ok bool) {
	for _, c := range a.Certificates {
		if c.Purpose == purpose {
			return c, true
		}
	}
	return Certificate{}, false
}
