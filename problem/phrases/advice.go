package phrases

import (
	"slices"

	"github.com/tunnus-id/tunnus"
)

// A Step is what to do after a failure, as one word for machines. Words are
// added, never renamed.
type Step string

// The steps.
const (
	Retry      Step = "retry"       // the same again
	Reload     Step = "reload"      // ask for the state, go on from there
	Mend       Step = "mend"        // send a right request: for programs
	Wait       Step = "wait"        // until the time given, or a while
	Update     Step = "update"      // the app, or the phone's system
	Correct    Step = "correct"     // what was filled in
	Retype     Step = "retype"      // a code or a PIN
	NewestCode Step = "newest-code" // the message that came last
	Rescan     Step = "rescan"      // the code line, or a QR code
	Reread     Step = "reread"      // the chip
	Retake     Step = "retake"      // the picture
	Restart    Step = "restart"     // from the beginning
	Other      Step = "other"       // one of the other ways
	Register   Step = "register"    // an account, anew
	ChangePIN  Step = "change-pin"  // then everything is served again
	Office     Step = "office"      // the register's own office
	Support    Step = "support"     // with the reference number
	Choose     Step = "choose"      // another of what is offered
	Officer    Step = "officer"     // ask the one at the desk
	Colleague  Step = "colleague"   // ask one who may: for staff
	Contract   Step = "contract"    // of the relying party
)

// A Way is something else that may lead to the same end, as one word for machines.
type Way string

// The ways. Those of registering are named as in package enrol/way.
const (
	ByPassport Way = "passport"
	ByIDCard   Way = "idcard"
	ByAccount  Way = "account"
	ByDesk     Way = "desk"
	Document   Way = "document" // another document of the same person
	Phone      Way = "phone"    // another phone
	Email      Way = "email"    // a code by e-mail
)

// Registering lists the ways of registering: which of them are open is a matter of
// the scheme. The others always are.
func Registering() []Way { return []Way{ByPassport, ByIDCard, ByAccount, ByDesk} }

// AllWays lists all ways.
func AllWays() []Way { return append(Registering(), Document, Phone, Email) }

// anyWay are the ways that stand open to whom the passport way fails.
var anyWay = []Way{ByIDCard, ByAccount, ByDesk}

// notByCard are the ways that stand open to whom a card fails.
var notByCard = []Way{ByPassport, ByAccount, ByDesk}

// otherDocument are those to whom one document fails.
var otherDocument = []Way{Document, ByIDCard, ByAccount, ByDesk}

// An advice is what follows on a failure.
type advice struct {
	step Step
	ways []Way
}

// Next returns what to do after a failure; "" of a code that is not known here.
func Next(c tunnus.Code) Step { return advices[c].step }

// Ways lists the other ways that are open after a failure, the nearest first.
func Ways(c tunnus.Code) []Way { return slices.Clone(advices[c].ways) }

// alike are the codes that must look like another one from outside (security.md
// L8): whoever tries forgeries must not learn which part of them was seen.
var alike = map[tunnus.Code]tunnus.Code{
	tunnus.CodeDocClone:     tunnus.CodeDocSigBad,
	tunnus.CodeHashMismatch: tunnus.CodeDocSigBad,
}

// Told returns the code under which a failure is told to those outside: mostly
// itself. The log and the staff have the real one.
func Told(c tunnus.Code) tunnus.Code {
	if as, ok := alike[c]; ok {
		return as
	}
	return c
}

// alerts are the failures, as they are told, that may be an attack. With them,
// nobody is told how many tries are left.
var alerts = map[tunnus.Code]bool{
	tunnus.CodeDocSigBad:     true,
	tunnus.CodeDocRevoked:    true,
	tunnus.CodeFaceNoMatch:   true,
	tunnus.CodeSesTerminated: true,
	tunnus.CodeRegiDeceased:  true,
}

// Alert reports whether a failure may be an attack, so that no number is told
// that would help to plan the next one.
func Alert(c tunnus.Code) bool { return alerts[Told(c)] }
