package scheme

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A ContactRule says where one-time codes go.
type ContactRule string

// The rules.
const (
	OnFile     ContactRule = "on-file" // to one on file, which this way cannot change
	NewContact ContactRule = "new"     // to one that is proved anew
)

// Prior is what is known of an earlier account. It is looked up only once a
// chip or a card has proved the person (R5).
type Prior string

// What may be known.
const (
	PriorUnknown Prior = ""
	PriorFound   Prior = "found"
	PriorNone    Prior = "none"
)

// A Question asks whether somebody may go a way.
type Question struct {
	Way     way.Way
	Purpose way.Purpose
	Country string
	Birth   time.Time // zero if it is not known yet
	Prior   Prior
}

// An Eligibility is the answer: the row that applies, and what it means for who
// was asked about.
type Eligibility struct {
	Row
	Index int // of the row in the file, for the evidence

	// AgeOpen tells that no birth date was given: ask again with the one of the
	// chip, the card or the register before anything is made.
	AgeOpen bool
	// PriorOpen tells that an earlier account is demanded and was not looked for:
	// ask again once the person is proved.
	PriorOpen bool
	// Minor tells that a guardian's consent is needed. It is false while AgeOpen.
	Minor bool
}

// Eligible finds the row of the day and judges by it. It fails with
// elig-country where no row names the country for this way and purpose, with
// elig-age for who is too young or too old (or is born tomorrow), with
// elig-no-prior where an earlier account is demanded and there is none, and with
// bad-request for a way that is switched off or not gone for this purpose.
// What is not known yet is not judged: the answer says that it is open. Days, those
// of the table and birthdays, begin in the time zone of the scheme.
func (r Rules) Eligible(q Question, now time.Time) (Eligibility, error) {
	if w := r.Ways[q.Way]; !w.On || !slices.Contains(w.Purposes, q.Purpose) {
		return Eligibility{}, tunnus.BadRequest("way", fmt.Errorf("scheme: the way %q is not open for %q", q.Way, q.Purpose))
	}
	now = r.wall(now)
	i := slices.IndexFunc(r.File.Eligible, func(row Row) bool { return row.names(q, now) })
	if i < 0 {
		return Eligibility{}, r.noCountry()
	}
	e := Eligibility{Row: r.File.Eligible[i], Index: i, AgeOpen: q.Birth.IsZero()}
	e.PriorOpen = e.Prior && q.Prior == PriorUnknown
	if !e.AgeOpen {
		if err := e.Row.ofAge(q.Birth, now); err != nil {
			return Eligibility{}, err
		}
		e.Minor = younger(q.Birth, e.Guardian, now)
	}
	if e.Prior && q.Prior == PriorNone {
		return Eligibility{}, NoPrior(errors.New("scheme: no earlier account"))
	}
	return e, nil
}

// ofAge refuses who is too young for a row, or too old.
func (row Row) ofAge(birth, now time.Time) error {
	no := tunnus.Fail(tunnus.CodeEligAge, errors.New("scheme: not of the age for this way"))
	switch {
	case row.MinAge > 0 && younger(birth, row.MinAge, now):
		return no.WithNote("age-from", strconv.Itoa(row.MinAge))
	case row.MaxAge > 0 && !younger(birth, row.MaxAge+1, now):
		return no.WithNote("age-to", strconv.Itoa(row.MaxAge))
	case now.Before(birth):
		return no
	}
	return nil
}

// NoPrior is the refusal of a way that is for people who have an account, or had one.
func NoPrior(cause error) error { return tunnus.Fail(tunnus.CodeEligNoPrior, cause) }

// FullAge reports whether who was born on a day may answer for a child now (R9).
func (r Rules) FullAge(birth, now time.Time) bool {
	return !younger(birth, r.Guardians.Age, r.wall(now))
}

// wall is a moment as calendars and clocks of the scheme's time zone show it,
// written as if it were UTC, as days are ([format.Date]).
func (r Rules) wall(now time.Time) time.Time {
	y, m, d := now.In(r.zone).Date()
	h, min, s := now.In(r.zone).Clock()
	return time.Date(y, m, d, h, min, s, now.Nanosecond(), time.UTC)
}

// names reports whether a row speaks of what is asked, on this day.
func (row Row) names(q Question, now time.Time) bool {
	return !now.Before(row.From.Time()) && (row.Until.IsZero() || now.Before(row.Until.Time())) &&
		slices.Contains(row.Countries, q.Country) && slices.Contains(row.Ways, q.Way) && slices.Contains(row.Purposes, q.Purpose)
}

// noCountry is the refusal of a country; the codes' rules have the same one.
func (r Rules) noCountry() error {
	_, err := tunnus.ParsePersonCode("", "")
	return err
}

// younger reports whether somebody has not reached an age. Who was born on 29
// February reaches it on 1 March of other years.
func younger(birth time.Time, years int, now time.Time) bool {
	return now.Before(birth.AddDate(years, 0, 0))
}
