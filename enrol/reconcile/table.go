package reconcile

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// A Finding is how what the register says differs from an account.
type Finding string

// The findings, the gravest first.
const (
	Deceased Finding = "deceased"
	Replaced Finding = "replaced" // the person has another code now
	Absent   Finding = "absent"   // the register does not know the code
	Renamed  Finding = "renamed"
	Agrees   Finding = "agrees"
)

// A Demand is what a finding demands.
type Demand string

// The demands.
const (
	Revoke  Demand = "revoke"  // the account and its certificates, at once
	Warn    Demand = "warn"    // tell the holder; close the account when the time is over
	Review  Demand = "review"  // a person has to look at it
	Nothing Demand = "nothing" // and what was demanded before is settled
)

// demands is the table.
var demands = map[Finding]Demand{
	Deceased: Revoke,
	Replaced: Review,
	Absent:   Review,
	Renamed:  Warn,
	Agrees:   Nothing,
}

// Demands tells what a finding demands.
func Demands(f Finding) Demand { return demands[f] }

// Find compares what the register said of a person with an account of theirs.
// gone is the register's failure: nil or [match.ErrNoPerson]; any other says
// nothing, and must not come here.
func Find(p match.Person, gone error, a account.Account, now time.Time) Finding {
	switch {
	case errors.Is(gone, match.ErrNoPerson):
		return Absent
	case p.Deceased:
		return Deceased
	case !p.Successor.IsZero():
		return Replaced
	case p.NamesSince.After(now):
		return Agrees // of names that are not in force yet, nothing follows
	case !sameName(p.Surname, a.Surname), !sameName(p.GivenNames, a.GivenNames):
		return Renamed
	}
	return Agrees
}

// sameName compares names as they are written, whatever their capitals, spaces
// and composition: a mark on a letter is part of a name.
func sameName(a, b string) bool {
	return strings.EqualFold(plain(a), plain(b))
}

func plain(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// A Case is what was found of one account, until it is settled. It names nobody.
type Case struct {
	Account string
	Finding Finding // not Agrees
	Since   time.Time
	Due     time.Time // when the account is closed; zero if it is not by itself
	Settled bool      // done, or agrees again
	Rev     int64     // 0 until first saved; every save raises it by one
}

// A Step is what is done about one account now.
type Step string

// The steps.
const (
	Keep   Step = "keep"   // nothing
	Open   Step = "open"   // a case for a person
	Tell   Step = "tell"   // a case, and the holder is told
	End    Step = "end"    // revoke for good
	Close  Step = "close"  // the time to renew is over
	Settle Step = "settle" // the case has gone by itself
)

// Next tells the step for a finding, from the case that stands. It reads and
// writes nothing.
func Next(f Finding, c Case, now time.Time) Step {
	stands := c.Rev > 0 && !c.Settled && c.Finding == f
	switch Demands(f) {
	case Revoke:
		return End
	case Review:
		if !stands {
			return Open
		}
	case Warn:
		switch {
		case !stands:
			return Tell
		case !now.Before(c.Due):
			return Close
		}
	case Nothing:
		if c.Rev > 0 && !c.Settled {
			return Settle
		}
	}
	return Keep
}

// why is what the holder of an account that ends is told, and how it ends.
func why(f Finding) (account.Event, tunnus.Code) {
	if f == Deceased {
		return account.Revoke, tunnus.CodeRegiDeceased
	}
	return account.Close, tunnus.CodeRegiMismatch
}
