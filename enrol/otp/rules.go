package otp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
)

// Rules are the numbers of product.md §4; [Defaults] has them.
type Rules struct {
	Life        time.Duration // of a code sent by e-mail
	SMSLife     time.Duration // of a code sent to a phone; zero is five minutes
	Tries       int           // the last of them kills the code
	ResendAfter time.Duration
	Resends     int           // after the first code
	OfferAfter  time.Duration // after which the app offers another code or e-mail; zero is two minutes
	PerContact  int           // codes a day
	PerPerson   int           // codes a day
	// NoSMS are the countries whose phones get no code, two letters (ISO 3166-1): e-mail only.
	NoSMS []string
	// What text messages may cost, whoever asks for them: messages an hour to all
	// numbers that differ in their last four digits only, to one country, and in
	// all. Zero is no bound.
	PerPrefix, PerCountry, PerHour int
	// Proved is how many of a hundred codes sent to the phones of a country must be
	// typed rightly; where fewer are, it gets e-mail only for some time. JudgedFrom is
	// how many of an hour are needed to judge. A Proved of zero judges nothing.
	Proved, JudgedFrom int
}

// Defaults are the rules of a scheme that says nothing else.
func Defaults() Rules {
	return Rules{
		Life: 10 * time.Minute, SMSLife: defaultText, Tries: 3, ResendAfter: time.Minute, Resends: 3, OfferAfter: defaultOffer,
		PerContact: 10, PerPerson: 10, NoSMS: []string{"US", "CA", "BE"}, PerPrefix: 10, PerCountry: 300, PerHour: 1000,
		Proved: 30, JudgedFrom: 50,
	}
}

const (
	defaultText  = 5 * time.Minute
	defaultOffer = 2 * time.Minute
)

// filled returns the rules with what must not be zero.
func (r Rules) filled() Rules {
	if r.SMSLife == 0 {
		r.SMSLife = defaultText
	}
	if r.OfferAfter == 0 {
		r.OfferAfter = defaultOffer
	}
	return r
}

// life is how long a code lives.
func (r Rules) life(by address.Channel) time.Duration {
	if by == address.SMS {
		return r.SMSLife
	}
	return r.Life
}

// A Choice is a contact on file as the applicant may see it.
type Choice struct {
	ID      string          `json:"id"` // to pick it by; says nothing, and holds for one session
	Channel address.Channel `json:"channel"`
	Mask    string          `json:"mask"`
}

// Offer shows the contacts on file of a person, masked, in their order. What
// cannot get a code is left out: phones of countries without text messages, and
// what is no contact in normal form.
func (c *Codes) Offer(session string, onFile []string) []Choice {
	var list []address.Address
	for _, text := range onFile {
		a, err := address.Of(text)
		if err != nil || c.silent(a) || slices.ContainsFunc(list, func(b address.Address) bool { return a.Key() == b.Key() }) {
			continue
		}
		list = append(list, a)
	}
	masks := address.Masks(list)
	out := make([]Choice, 0, len(list))
	for i, a := range list {
		out = append(out, Choice{c.pick(session, a), a.Channel, masks[i]})
	}
	return out
}

// pick names a contact on file within a session.
func (c *Codes) pick(session string, a address.Address) string {
	return hex.EncodeToString(c.mac("pick", session, a.Key())[:16])
}

// silent reports whether a phone is of a country that gets e-mail only.
func (c *Codes) silent(a address.Address) bool {
	return a.Channel == address.SMS && slices.Contains(c.rules.NoSMS, a.Region)
}

func noSMS(why string) error {
	return tunnus.Fail(tunnus.CodeOTPNoSMSCountry, errors.New("otp: "+why))
}

// target finds where the code of an order goes.
func (c *Codes) target(o Order) (address.Address, error) {
	if len(o.OnFile) == 0 {
		a, err := address.Parse(o.Contact)
		if err == nil && c.silent(a) {
			err = noSMS("no text messages to this country")
		}
		return a, err
	}
	if o.Contact == "" {
		for _, text := range o.OnFile {
			if a, err := address.Of(text); err == nil && !c.silent(a) && c.pick(o.Session, a) == o.Pick {
				return a, nil
			}
		}
	}
	return address.Address{}, tunnus.BadRequest("contact", errors.New("otp: none of the contacts on file was picked"))
}

// The periods of budgets, as they stand in a [Spend].
const (
	aDay   = time.DateOnly
	anHour = "2006-01-02T15"
)

// spends are the budgets that a code to somebody takes from.
func (c *Codes) spends(to address.Address, person tunnus.PersonCode, now time.Time) []Spend {
	day, hour := now.Format(aDay), now.Format(anHour)
	out := []Spend{
		{"contact:" + c.ContactKey(to.Text), day, c.rules.PerContact},
		{"person:" + hex.EncodeToString(c.mac("person", person.SemanticsID())), day, c.rules.PerPerson},
	}
	if to.Channel != address.SMS {
		return out
	}
	prefix := to.Text[:max(len(to.Text)-4, 0)]
	for _, s := range []Spend{
		{"prefix:" + hex.EncodeToString(c.mac("prefix", prefix)), hour, c.rules.PerPrefix},
		{"country:" + to.Region, hour, c.rules.PerCountry},
		{"sms", hour, c.rules.PerHour},
	} {
		if s.Max > 0 {
			out = append(out, s)
		}
	}
	return append(out, counts(countSent, to.Region, now)...)
}

// nextPeriod is when the budget that is used up is whole again.
func nextPeriod(err error, now time.Time) time.Time {
	if e, ok := errors.AsType[*Exhausted](err); ok && len(e.Spend.Day) == len(anHour) {
		return now.Truncate(time.Hour).Add(time.Hour)
	}
	return now.Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// An Exhausted is an [ErrBudget] that says which one.
type Exhausted struct{ Spend Spend }

// Error implements error.
func (e *Exhausted) Error() string {
	return fmt.Sprintf("otp: the budget of %s is used up", e.Spend.Day)
}

// Is makes it an [ErrBudget].
func (e *Exhausted) Is(target error) bool { return target == ErrBudget }
