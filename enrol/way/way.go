// Package way holds the ways of becoming a holder as tables: which facts each
// way needs, in their order, what each fact is worth, and which one is open.
//
// [Next] is the one dispatcher: it works out the step that is open from the
// facts that stand, and nothing else does. Nothing here reads or writes; how a
// fact is found is the matter of package enrol and its rooms. doc/states.md is
// drawn from these tables, and the CHECKs of the store repeat them.
package way

import (
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Way is one way of becoming a holder.
type Way string

// The ways.
const (
	Passport Way = "passport" // the chip of a passport, and the face
	IDCard   Way = "idcard"   // an ID-card in a browser, with the app beside it
	Account  Way = "account"  // another account of the same person vouches
	Desk     Way = "desk"     // an officer sees the person and reads the document
)

// All lists the ways.
func All() []Way { return []Way{Passport, IDCard, Account, Desk} }

// A Purpose says what a way is gone for.
type Purpose string

// The purposes. Renew and Upgrade end with another account of the person closed.
const (
	New     Purpose = "new"
	Renew   Purpose = "renew"
	Upgrade Purpose = "upgrade" // to a higher level
)

// Purposes lists the purposes.
func Purposes() []Purpose { return []Purpose{New, Renew, Upgrade} }

// Replaces reports whether an older account makes place for the new one.
func (p Purpose) Replaces() bool { return p == Renew || p == Upgrade }

// A Fact is something that a way needs to stand before it goes on.
type Fact string

// The facts.
const (
	Versions          Fact = "versions"     // app and system are new enough, as they say
	Terms             Fact = "terms"        // accepted, in their version
	Consent           Fact = "consent"      // to the use of biometrics, told apart from the terms
	FormFilled        Fact = "form"         // who the applicant claims to be
	ChipProved        Fact = "chip"         // genuine, present, valid, and of whom the form says
	ContactConfirmed  Fact = "contact"      // the address is read by the applicant
	RegisterAgrees    Fact = "register"     // the population register says the same
	FaceMatches       Fact = "face"         // the applicant looks like the portrait of the chip
	GuardianAgrees    Fact = "guardian"     // who answers for a child has signed for it
	DeviceConfirms    Fact = "old-device"   // the device of the account that is replaced says so, or cannot
	PINsChosen        Fact = "pins"         // the phone's halves exist, sealed under the PINs
	CodeShown         Fact = "code"         // the app shows a registration code
	CardLoggedIn      Fact = "card-login"   // the card has proved itself in the portal
	QuestionsAnswered Fact = "questions"    // of the portal
	CodeMatched       Fact = "code-matched" // portal and app speak of one registration
	CardSigned        Fact = "card-signed"  // the card's PIN2 has confirmed what is made
	AccountVouches    Fact = "vouched"      // another account of the person has signed with both PINs
	OfficerAttests    Fact = "officer"      // an officer has compared person and document
	CodeTyped         Fact = "activation"   // the officer's code came from this app
	IdentityConfirmed Fact = "is-me"        // "is this you?" was answered in the app
	PINsRecalled      Fact = "recalled"     // both PINs were entered once more
	KeysMade          Fact = "keys"         // both keys are whole and have certificates
	ReplacementAgreed Fact = "replacement"  // the older account may be closed
	ApplicationSigned Fact = "application"  // with the new PIN2
)

// A Route is one row of the tables: a way, gone for a purpose, by an adult or by
// a child.
type Route struct {
	Way     Way     `json:"way"`
	Purpose Purpose `json:"purpose"`
	Minor   bool    `json:"minor,omitempty"`
}

// String is the route in one word: "passport", "idcard/renew", "passport/child".
func (r Route) String() string {
	s := string(r.Way)
	if r.Purpose != New {
		s += "/" + string(r.Purpose)
	}
	if r.Minor {
		s += "/child"
	}
	return s
}

// ways lists the facts that each way needs, in their order. What is not listed
// is not asked for; what comes out of turn is refused. Facts that only some
// routes need stand in conditions.
var ways = map[Way][]Fact{
	Passport: {
		Versions, Terms, Consent, FormFilled, ChipProved, ContactConfirmed, RegisterAgrees, FaceMatches,
		GuardianAgrees, DeviceConfirms, KeysMade, ReplacementAgreed, ApplicationSigned,
	},
	IDCard: {
		Versions, Terms, DeviceConfirms, PINsChosen, CodeShown, CardLoggedIn, QuestionsAnswered, ContactConfirmed, CodeMatched,
		CardSigned, RegisterAgrees, GuardianAgrees, IdentityConfirmed, KeysMade, PINsRecalled, ReplacementAgreed, ApplicationSigned,
	},
	Account: {
		Versions, Terms, AccountVouches, ContactConfirmed, KeysMade, PINsRecalled, ApplicationSigned,
	},
	Desk: {
		Versions, Terms, ChipProved, OfficerAttests, RegisterAgrees, GuardianAgrees, DeviceConfirms, CodeTyped, ContactConfirmed,
		KeysMade, PINsRecalled, ReplacementAgreed, ApplicationSigned,
	},
}

// conditions tell on which routes a fact of the tables is asked for; a fact that
// does not stand here is asked for on all.
var conditions = map[Fact]func(Route) bool{
	GuardianAgrees:    func(r Route) bool { return r.Minor },
	DeviceConfirms:    func(r Route) bool { return r.Purpose.Replaces() },
	ReplacementAgreed: func(r Route) bool { return r.Purpose.Replaces() },
}

// revisions name the state of each row of the table. A fact keeps the one under
// which it was found.
var revisions = map[Way]string{Passport: "passport/2", IDCard: "idcard/1", Account: "account/1", Desk: "desk/1"}

// Revision names the state of the table of a way: "passport/2".
func (w Way) Revision() string { return revisions[w] }

// Valid reports whether the tables know a route. Nobody vouches for a renewal:
// the years of an account end so that its holder is proved again.
func (r Route) Valid() bool {
	if !slices.Contains(All(), r.Way) || !slices.Contains(Purposes(), r.Purpose) {
		return false
	}
	return r.Way != Account || r.Purpose == New && !r.Minor
}

// Routes lists every route that there is.
func Routes() []Route {
	var out []Route
	for _, w := range All() {
		for _, p := range Purposes() {
			for _, minor := range []bool{false, true} {
				if r := (Route{w, p, minor}); r.Valid() {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// Facts lists what a route needs, in order; none for one that is not [Route.Valid].
func (r Route) Facts() []Fact {
	if !r.Valid() {
		return nil
	}
	var out []Fact
	for _, f := range ways[r.Way] {
		if asked, ok := conditions[f]; !ok || asked(r) {
			out = append(out, f)
		}
	}
	return out
}

// A Mark says what a fact is worth (R11).
type Mark string

// The marks, weakest first.
const (
	Claimed  Mark = "claimed"  // the client says so
	Attested Mark = "attested" // somebody stands behind it: the device's signature, the register, an officer
	Proved   Mark = "proved"   // the server has verified it itself
)

// marks tells what each fact is worth.
var marks = map[Fact]Mark{
	Versions: Claimed, Terms: Attested, Consent: Attested, FormFilled: Claimed, ChipProved: Proved, ContactConfirmed: Proved,
	RegisterAgrees: Attested, FaceMatches: Proved, GuardianAgrees: Proved, DeviceConfirms: Proved, PINsChosen: Proved, CodeShown: Proved,
	CardLoggedIn: Proved, QuestionsAnswered: Claimed, CodeMatched: Proved, CardSigned: Proved, AccountVouches: Proved,
	OfficerAttests: Attested, CodeTyped: Proved, IdentityConfirmed: Attested, PINsRecalled: Proved, KeysMade: Proved,
	ReplacementAgreed: Attested, ApplicationSigned: Proved,
}

// Mark tells what a fact is worth.
func (f Fact) Mark() Mark { return marks[f] }

// A Record is what is kept of a fact. Detail holds words of the system
// (versions, results), never anything of a person. JSON is its form in a row.
type Record struct {
	Mark     Mark              `json:"mark"`
	At       time.Time         `json:"at"`
	Revision string            `json:"revision"`
	Detail   map[string]string `json:"detail,omitempty"`
}

// Facts are the facts that stand.
type Facts map[Fact]Record

// Has reports whether a fact stands.
func (f Facts) Has(x Fact) bool { _, ok := f[x]; return ok }

// Next reports the fact that is asked for now; ok is false once all are there.
// It reads and writes nothing.
func Next(r Route, have Facts) (f Fact, ok bool) {
	for _, f := range r.Facts() {
		if !have.Has(f) {
			return f, true
		}
	}
	return "", false
}

// Admit refuses a fact that is not the next one, with [tunnus.CodeStateConflict].
func Admit(r Route, have Facts, f Fact) error {
	if next, ok := Next(r, have); !ok || next != f {
		return tunnus.Conflict(fmt.Errorf("way: %s offered, %q is next", f, next))
	}
	return nil
}
