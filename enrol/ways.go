package enrol

import (
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Way is one way of becoming a holder.
type Way string

// Passport is a first account by the chip of a passport and the face.
const Passport Way = "passport"

// A Fact is something that a way needs to stand before it goes on.
type Fact string

// The facts, in the order of the passport way.
const (
	Versions          Fact = "versions"    // app and system are new enough, as they say
	Terms             Fact = "terms"       // accepted, in their version
	Consent           Fact = "consent"     // to the use of biometrics, told apart from the terms
	FormFilled        Fact = "form"        // who the applicant claims to be
	ChipProved        Fact = "chip"        // genuine, present, valid, and of whom the form says
	ContactConfirmed  Fact = "contact"     // the address is read by the applicant
	RegisterAgrees    Fact = "register"    // the population register says the same
	FaceMatches       Fact = "face"        // the applicant looks like the portrait of the chip
	KeysMade          Fact = "keys"        // both keys and certificates exist
	ApplicationSigned Fact = "application" // with the new PIN2
)

// ways lists the facts that each way needs, in their order. What is not listed
// is not asked for; what comes out of turn is refused.
var ways = map[Way][]Fact{
	Passport: {
		Versions, Terms, Consent, FormFilled, ChipProved, ContactConfirmed,
		RegisterAgrees, FaceMatches, KeysMade, ApplicationSigned,
	},
}

// revisions name the state of each row of the table. A fact keeps the one under
// which it was found.
var revisions = map[Way]string{Passport: "passport/1"}

// A Mark says what a fact is worth (R11).
type Mark string

// The marks, weakest first.
const (
	Claimed  Mark = "claimed"  // the client says so
	Attested Mark = "attested" // somebody stands behind it: the device's signature, the register
	Proved   Mark = "proved"   // the server has verified it itself
)

// marks tells what each fact is worth.
var marks = map[Fact]Mark{
	Versions: Claimed, Terms: Attested, Consent: Attested, FormFilled: Claimed, ChipProved: Proved,
	ContactConfirmed: Proved, RegisterAgrees: Attested, FaceMatches: Proved, KeysMade: Proved, ApplicationSigned: Proved,
}

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
func Next(w Way, have Facts) (f Fact, ok bool) {
	for _, f := range ways[w] {
		if !have.Has(f) {
			return f, true
		}
	}
	return "", false
}

// Admit refuses a fact that is not the next one, with [tunnus.CodeStateConflict].
func Admit(w Way, have Facts, f Fact) error {
	if next, ok := Next(w, have); !ok || next != f {
		return tunnus.Conflict(fmt.Errorf("enrol: %s offered, %q is next", f, next))
	}
	return nil
}
