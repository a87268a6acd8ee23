// Package account keeps the accounts of holders: one on each device, with a
// document number, two keys, their certificates and a state.
//
// The states and what may happen in each are one table ([Next]). An account is
// made by a registration (package enrol) as Issued, hidden from relying parties;
// the signed application makes it Active. All ends are final. A [Service] finds
// accounts and moves them; it signs nothing, tells nobody and knows no relying
// party. What follows from a move (keys, certificates, letters, the account that
// is replaced) is done by package account/life, from what stands in the row.
package account

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// life is how long an account and its certificates live, in years.
const life = 3

// FreezeFor is how long one tap freezes an account (security.md R1, R4).
const FreezeFor = 72 * time.Hour

// A State is where an account stands.
type State string

// The states. Revoked, Closed and Expired are final.
const (
	Issued    State = "issued"    // certificates exist; the application is not signed yet
	Active    State = "active"    // may log in and sign
	Blocked   State = "blocked"   // by its holder: the device is lost
	Frozen    State = "frozen"    // somebody said "not me": for 72 hours
	Disputed  State = "disputed"  // an account and the one that it replaces froze each other: the desk decides
	Suspended State = "suspended" // a copy was seen: nobody lifts that (security.md K14)
	Revoked   State = "revoked"   // ended for cause: PIN tries used up, copied, fraud
	Closed    State = "closed"    // ended by the holder, or never signed, or replaced
	Expired   State = "expired"   // its years are over
)

// States lists all states, in the order of how much they allow: of two, the later
// one allows less.
func States() []State {
	return []State{Issued, Active, Frozen, Disputed, Blocked, Suspended, Expired, Closed, Revoked}
}

// Live reports whether an account in this state occupies its device.
func (s State) Live() bool { return s == Issued || s.Begun() }

// Begun reports whether an account in this state was active once, and has not ended.
func (s State) Begun() bool {
	return s == Active || s == Blocked || s == Frozen || s == Disputed || s == Suspended
}

// An Event is what happens to an account.
type Event string

// The events.
const (
	Activate Event = "activate"
	Block    Event = "block"
	Unblock  Event = "unblock" // never by the word of the blocked device itself
	Freeze   Event = "freeze"
	Thaw     Event = "thaw" // its 72 hours are over
	Dispute  Event = "dispute"
	Settle   Event = "settle" // the desk, with four eyes
	Suspend  Event = "suspend"
	Revoke   Event = "revoke"
	Close    Event = "close"
	Expire   Event = "expire"
)

// Events lists all events.
func Events() []Event {
	return []Event{Activate, Block, Unblock, Freeze, Thaw, Dispute, Settle, Suspend, Revoke, Close, Expire}
}

// next is the life cycle. What is not listed is refused. From a hold because of a
// copy there is no way back. A freeze of a blocked account leaves it blocked, but
// holds the unblocking up ([Account.After]); one of an account that is held since it
// was made (R1) makes that longer.
var next = map[State]map[Event]State{
	Issued:    {Activate: Active, Revoke: Revoked, Close: Closed},
	Active:    {Block: Blocked, Freeze: Frozen, Suspend: Suspended, Revoke: Revoked, Close: Closed, Expire: Expired},
	Blocked:   {Unblock: Active, Freeze: Blocked, Suspend: Suspended, Revoke: Revoked, Close: Closed, Expire: Expired},
	Frozen:    {Freeze: Frozen, Thaw: Active, Block: Blocked, Dispute: Disputed, Suspend: Suspended, Revoke: Revoked, Close: Closed, Expire: Expired},
	Disputed:  {Settle: Active, Suspend: Suspended, Revoke: Revoked, Close: Closed, Expire: Expired},
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

// A Purpose says why an account was made.
type Purpose string

// The purposes.
const (
	ForNew     Purpose = "new"
	ForRenewal Purpose = "renew"
	ForUpgrade Purpose = "upgrade"
)

// A Proof is the way on which the holder of an account was proved.
type Proof string

// The ways, as the registrations name them.
const (
	ByPassport Proof = "passport"
	ByIDCard   Proof = "idcard"
	ByAccount  Proof = "account" // another account vouched
	ByChild    Proof = "child"
	ByDesk     Proof = "desk"
	ByOther    Proof = "other"
)

// A Holder is what a new account is made of.
type Holder struct {
	Person     tunnus.PersonCode
	Surname    string
	GivenNames string
	Level      tunnus.Level
	Device     string // thumbprint of the device key
	LoginKey   string
	SignKey    string
	Language   string // of the phone, such as "et"; one that is not spoken is English
	Model      string // what the device claims to be

	Purpose   Purpose // "" is [ForNew]
	Proofed   Proof   // "" is [ByOther]
	VouchedBy string  // id of the account that vouched, with [ByAccount]
	Replaces  string  // id of the account that this one takes the place of; "" if none
	Agreed    bool    // its device has confirmed that
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
		Purpose: cmp.Or(h.Purpose, ForNew), Proofed: cmp.Or(h.Proofed, ByOther), VouchedBy: h.VouchedBy, Replaces: h.Replaces, Agreed: h.Agreed,
		ID: fmt.Sprintf("%x", id), Document: document, Person: h.Person, Level: h.Level, State: Issued,
		Surname: h.Surname, GivenNames: h.GivenNames, Device: h.Device, LoginKey: h.LoginKey, SignKey: h.SignKey,
		CreatedAt: now, ExpiresAt: now.AddDate(life, 0, 0), Language: string(phrases.Locale(h.Language)), Model: h.Model,
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
// log. It fails as [Next] does, and with the time from which it may be, if a
// freeze has not run out: whoever has two accounts of a person could else block
// and unblock the frozen one.
func (a Account) After(e Event, why tunnus.Code, now time.Time) (Account, tunnus.Event, error) {
	to, err := Next(a.State, e)
	if err != nil {
		return a, tunnus.Event{}, err
	}
	if (e == Thaw || e == Unblock) && now.Before(a.FrozenUntil) {
		return a, tunnus.Event{}, tunnus.Conflict(fmt.Errorf("account: %s of an account that is frozen", e)).WithUntil(a.FrozenUntil)
	}
	line := tunnus.Event{
		At: now, Kind: "account." + string(e), Subject: a.ID, Code: why,
		Detail: map[string]string{"from": string(a.State), "to": string(to)},
	}
	switch e {
	case Activate:
		a.ActiveAt = now
	case Block:
		if a.State != Frozen { // else it was stopped before, and that stands: see Doubted
			a.StoppedAt = now
		}
	case Freeze:
		a.StoppedAt, a.FrozenUntil = now, now.Add(FreezeFor)
	case Thaw, Unblock, Settle:
		a.FrozenUntil = time.Time{}
	}
	a.State = to
	a.Behind = a.Behind || e != Activate
	return a, line, nil
}

// ContactPlace binds the seal of Contact to its account (additional data).
func (a Account) ContactPlace() []byte { return []byte("account/" + a.ID + "/contact") }

// Over reports whether the account lives on although its years are over: then
// it is to [Expire]. One that is Issued ends with its registration.
func (a Account) Over(now time.Time) bool {
	return a.State.Begun() && !now.Before(a.ExpiresAt)
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

// young is how long an account is watched by the others of its person: R3, R4.
const young = 72 * time.Hour

// Young reports whether an account became active so lately that it may be frozen
// by one tap, and may not vouch.
func (a Account) Young(now time.Time) bool { return now.Before(a.ActiveAt.Add(young)) }

// late is how much later than the account itself the letter about it may begin, and
// end, its 72 hours.
const late = time.Hour

// Doubted reports whether somebody said "not me" of the account while it was young, and
// it did not come back since: what it brought may be a thief's.
func (a Account) Doubted() bool {
	return a.State != Active && !a.FrozenUntil.IsZero() && a.Young(a.StoppedAt.Add(-late))
}

// MayVouch reports whether the holder may be proved by this account for a new one
// of a level (security.md R3): it is in use, no longer young, of that level, and
// its own holder was proved by a document, never by another account.
func (a Account) MayVouch(l tunnus.Level, now time.Time) bool {
	return a.Usable(now) && !a.Young(now) && a.Level.AtLeast(l) && (a.Proofed == ByPassport || a.Proofed == ByIDCard || a.Proofed == ByDesk)
}

// Room fails with dev-too-many unless a person who has these accounts may have one
// more, which replaces the one with the ID given ("" if none): each has one device,
// and a scheme says how many a person may have.
func Room(all []Account, replaces string, most int) error {
	n := 0
	for _, a := range all {
		if a.State.Live() && a.ID != replaces {
			n++
		}
	}
	if n >= most {
		return tunnus.Fail(tunnus.CodeDevTooMany, errors.New("account: the person has as many as there may be"))
	}
	return nil
}
