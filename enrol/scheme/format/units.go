package format

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Duration is written as a whole number with its unit: "90s", "30m", "24h", "60d".
type Duration struct{ time.Duration }

// units are those of a duration, longest first.
var units = []struct {
	letter byte
	length time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

const day = 24 * time.Hour

// maxDuration is longer than anything that a rule could mean.
const maxDuration = 100 * 365 * day

// MarshalText writes the longest unit that fits.
func (d Duration) MarshalText() ([]byte, error) {
	for _, u := range units {
		if d.Duration%u.length == 0 && (d.Duration != 0 || u.letter == 's') {
			return fmt.Appendf(nil, "%d%c", d.Duration/u.length, u.letter), nil
		}
	}
	return nil, errors.New("format: a duration of less than seconds")
}

var durations = regexp.MustCompile(`^[0-9]{1,10}[smhd]$`)

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if !durations.MatchString(s) {
		return fmt.Errorf(`%s is no duration such as "30m", "24h" or "60d"`, show(s))
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil {
		return errors.New("no such duration")
	}
	for _, u := range units {
		if u.letter != s[len(s)-1] {
			continue
		}
		if n > int64(maxDuration/u.length) {
			return errors.New("longer than a hundred years")
		}
		d.Duration = time.Duration(n) * u.length
	}
	return nil
}

// Bounds refuses a duration outside of min and max; a bound may be "".
func (d Duration) Bounds(least, most string) error {
	for _, b := range []struct {
		text string
		sign time.Duration
		word string
	}{{least, 1, "shorter than"}, {most, -1, "longer than"}} {
		var limit Duration
		if b.text == "" {
			continue
		}
		if err := limit.UnmarshalText([]byte(b.text)); err != nil {
			return err
		}
		if b.sign*d.Duration < b.sign*limit.Duration {
			return fmt.Errorf("%s %s", b.word, b.text)
		}
	}
	return nil
}

// Kind names the type for [Keys].
func (Duration) Kind() string { return "duration" }

// A Date is a day of the calendar, "2026-11-22"; its zero value, "", is none. In
// which time zone it begins is for whoever reads it to say.
type Date struct{ at time.Time }

// On makes a date.
func On(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// IsZero reports whether it is none.
func (d Date) IsZero() bool { return d.at.IsZero() }

// Time is when the day begins in UTC.
func (d Date) Time() time.Time { return d.at }

// MarshalText writes it as ISO 8601 does.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.at.Format(time.DateOnly)), nil
}

// UnmarshalText reads a date of this century or the next.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	at, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf(`%s is no date such as "2026-11-22"`, show(string(text)))
	}
	if at.Year() < 2000 || at.Year() > 2199 {
		return errors.New("a date from 2000 to 2199 is expected")
	}
	d.at = at
	return nil
}

// Kind names the type for [Keys].
func (Date) Kind() string { return "date" }

// A Decimal is a number with a fraction, written as a text so that it means what
// it says: "0.45". Its zero value, "", is none.
type Decimal struct {
	value float64
	there bool
}

// Float is the number, 0 if there is none.
func (d Decimal) Float() float64 { return d.value }

// IsZero reports whether there is none.
func (d Decimal) IsZero() bool { return !d.there }

// MarshalText writes it without zeros that say nothing.
func (d Decimal) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return strconv.AppendFloat(nil, d.value, 'f', -1, 64), nil
}

// decimals have at most fifteen digits: more than that no float tells apart.
var decimals = regexp.MustCompile(`^[0-9]{1,7}([.][0-9]{1,8})?$`)

// UnmarshalText reads a decimal of at most seven digits and eight behind the point.
func (d *Decimal) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "" {
		*d = Decimal{}
		return nil
	}
	if !decimals.MatchString(s) {
		return fmt.Errorf(`%s is no decimal such as "0.45"`, show(s))
	}
	v, err := strconv.ParseFloat(s, 64)
	*d = Decimal{v, true}
	return err
}

// Kind names the type for [Keys].
func (Decimal) Kind() string { return "decimal" }

// Channels are a decimal for each colour of a pixel, written as three with spaces
// between, or as one where they are the same: "127.5". Their zero value, "", is none.
type Channels [3]Decimal

// Floats are the numbers.
func (c Channels) Floats() [3]float64 { return [3]float64{c[0].value, c[1].value, c[2].value} }

// IsZero reports whether there are none.
func (c Channels) IsZero() bool { return c[0].IsZero() }

// MarshalText writes one for all where that says it.
func (c Channels) MarshalText() ([]byte, error) {
	if c[0] == c[1] && c[1] == c[2] {
		return c[0].MarshalText()
	}
	var words []string
	for _, d := range c {
		b, err := d.MarshalText()
		if err != nil {
			return nil, err
		}
		words = append(words, string(b))
	}
	return []byte(strings.Join(words, " ")), nil
}

// UnmarshalText reads one decimal or three.
func (c *Channels) UnmarshalText(text []byte) error {
	*c = Channels{}
	if len(text) == 0 {
		return nil
	}
	words := strings.Split(string(text), " ")
	if len(words) == 1 {
		words = []string{words[0], words[0], words[0]}
	}
	if len(words) != len(c) {
		return fmt.Errorf(`%s is neither one decimal nor three, such as "122.782 117.001 104.298"`, show(string(text)))
	}
	for i, w := range words {
		if err := c[i].UnmarshalText([]byte(w)); err != nil {
			return err
		}
		if c[i].IsZero() {
			return fmt.Errorf("%s has two spaces together, or one at an end", show(string(text)))
		}
	}
	return nil
}

// Kind names the type for [Keys].
func (Channels) Kind() string { return "decimal, or three" }
