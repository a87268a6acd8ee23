package scheme

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/way"
	files "github.com/tunnus-id/tunnus/scheme"
)

// at is a moment of the day on which the tests are asked.
func at(t *testing.T, day string) time.Time {
	t.Helper()
	if day == "" {
		return time.Time{}
	}
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEligible(t *testing.T) {
	const today = "2026-11-22"
	for _, tt := range []struct {
		name, scheme string
		way          way.Way
		purpose      way.Purpose
		country      string
		birth        string
		prior        Prior
		code         tunnus.Code
		minor        bool
		open         string // what is not known yet
	}{
		{"nordic: a first account by passport", "nordic", way.Passport, way.New, "DK", "1990-02-14", PriorUnknown, "", false, ""},
		{"nordic: the invented state too", "nordic", way.Passport, way.New, "XX", "1990-02-14", PriorNone, "", false, ""},
		{"nordic: not the Baltics", "nordic", way.Passport, way.New, "EE", "1990-02-14", PriorUnknown, tunnus.CodeEligCountry, false, ""},
		{"13 today", "nordic", way.Passport, way.New, "XX", "2013-11-22", PriorUnknown, "", true, ""},
		{"13 tomorrow", "nordic", way.Passport, way.New, "XX", "2013-11-23", PriorUnknown, tunnus.CodeEligAge, false, ""},
		{"18 today", "nordic", way.Passport, way.New, "XX", "2008-11-22", PriorUnknown, "", false, ""},
		{"18 tomorrow", "nordic", way.Passport, way.New, "XX", "2008-11-23", PriorUnknown, "", true, ""},
		{"born tomorrow", "baltic", way.IDCard, way.New, "EE", "2026-11-23", PriorUnknown, tunnus.CodeEligAge, false, ""},
		{"born today", "baltic", way.IDCard, way.New, "EE", today, PriorUnknown, "", true, ""},
		{"no birth date yet", "baltic", way.IDCard, way.New, "LV", "", PriorUnknown, "", false, "age"},
		{"baltic: before the person is proved", "baltic", way.Passport, way.New, "EE", "1990-02-14", PriorUnknown, "", false, "prior"},
		{"baltic: neither is known", "baltic", way.Passport, way.New, "LV", "", PriorUnknown, "", false, "age prior"},
		{"baltic: an earlier account", "baltic", way.Passport, way.New, "LT", "1990-02-14", PriorFound, "", false, ""},
		{"baltic: none", "baltic", way.Passport, way.New, "LT", "1990-02-14", PriorNone, tunnus.CodeEligNoPrior, false, ""},
		{"baltic: too young is told first", "baltic", way.Passport, way.New, "LT", "2020-02-14", PriorNone, tunnus.CodeEligAge, false, ""},
		{"baltic: by card without one", "baltic", way.IDCard, way.New, "LT", "1990-02-14", PriorNone, "", false, ""},
		{"nobody vouches for a renewal", "baltic", way.Account, way.Renew, "EE", "1990-02-14", PriorFound, tunnus.CodeBadRequest, false, ""},
		{"nor for a child", "baltic", way.Account, way.New, "EE", "2008-11-23", PriorFound, tunnus.CodeEligAge, false, ""},
		{"no such way", "baltic", "bank", way.New, "EE", "1990-02-14", PriorFound, tunnus.CodeBadRequest, false, ""},
	} {
		r := Nordic()
		if tt.scheme == "baltic" {
			r = Baltic()
		}
		e, err := r.Eligible(Question{tt.way, tt.purpose, tt.country, at(t, tt.birth), tt.prior}, at(t, today).Add(9*time.Hour))
		if tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.code)
			continue
		}
		if open := strings.Contains(tt.open, "age"); err == nil && (e.Minor != tt.minor || e.AgeOpen != open || e.PriorOpen != strings.Contains(tt.open, "prior")) {
			t.Errorf("%s: minor %v, age open %v, prior open %v", tt.name, e.Minor, e.AgeOpen, e.PriorOpen)
		}
	}
}

// Who may not go a way, or not with this document, is told for whom it is and what would do.
func TestRefusalsSayWhatWouldDo(t *testing.T) {
	r, now := inZone(t, "Europe/Copenhagen"), at(t, "2026-11-22")
	ask := func(birth string) (Eligibility, error) {
		return r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: "DK", Birth: at(t, birth)}, now)
	}
	young, old := second(ask("2013-01-01")), second(ask("1940-01-01"))
	e, err := ask("1990-01-01")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		err  error
		note tunnus.Note
	}{
		"too young":                    {young, tunnus.Note{Key: "age-from", Value: "16"}},
		"too old":                      {old, tunnus.Note{Key: "age-to", Value: "70"}},
		"an ID-card for the passport":  {e.Accepts(mrz.Zone{Kind: mrz.TD1, Document: "ID", Issuer: "DNK"}, time.Time{}), tunnus.Note{Key: "doc-passport"}},
		"a visa":                       {r.Takes(mrz.Zone{Kind: mrz.TD3, Document: "V", Issuer: "DNK"}), tunnus.Note{Key: "doc-both"}},
		"of a state that nobody knows": {r.Takes(mrz.Zone{Kind: mrz.TD3, Document: "P", Issuer: "QQQ"}), tunnus.Note{Key: "doc-state"}},
	} {
		if refused, ok := errors.AsType[*tunnus.Error](c.err); !ok || refused.Note != c.note {
			t.Errorf("%s: %v, note %+v; want %+v", what, c.err, refused, c.note)
		}
	}
}

func second(_ Eligibility, err error) error { return err }

// Codes go to a contact on file where the scheme says so.
func TestWhereCodesGo(t *testing.T) {
	ask := func(r Rules, country string) ContactRule {
		e, err := r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: country}, at(t, "2026-11-22"))
		if err != nil {
			t.Fatal(err)
		}
		return e.Contact
	}
	if b, n := ask(Baltic(), "EE"), ask(Nordic(), "DK"); b != OnFile || n != NewContact {
		t.Errorf("baltic %s, nordic %s", b, n)
	}
}

// dated is a table that changes on 1 July.
const dated = `[
		{"from": "2026-01-01", "until": "2026-07-01", "countries": ["DK"], "ways": ["passport"], "min_age": 13, "contact": "new", "documents": ["passport"]},
		{"from": "2026-07-01", "countries": ["DK"], "ways": ["passport"], "min_age": 16, "max_age": 70, "contact": "new", "documents": ["passport"]},
		{"from": "2026-01-01", "countries": ["DK", "XX"], "ways": ["idcard", "account", "desk"], "min_age": 0, "contact": "new", "documents": ["id-card"]}]`

// inZone is nordic.json with the dated table, and a time zone.
func inZone(t *testing.T, zone string) Rules {
	t.Helper()
	file := strings.Replace(string(with(t, "eligibility", dated)), `"Europe/Copenhagen"`, `"`+zone+`"`, 1)
	r, err := Parse("x", []byte(file))
	if err != nil || r.Zone != zone {
		t.Fatal(r.Zone, err)
	}
	return r
}

// Rules change on a day, at midnight, and no day has two.
func TestRowsHoldFromTheirDayOn(t *testing.T) {
	r := inZone(t, "UTC")
	for _, tt := range []struct {
		now, birth string
		country    string
		code       tunnus.Code
		index      int
	}{
		{"2025-12-31", "1990-01-01", "DK", tunnus.CodeEligCountry, 0},
		{"2026-01-01", "1990-01-01", "DK", "", 0},
		{"2026-06-30", "2012-01-01", "DK", "", 0},
		{"2026-07-01", "2012-01-01", "DK", tunnus.CodeEligAge, 0},
		{"2026-07-01", "1990-01-01", "DK", "", 1},
		{"2026-07-02", "1955-07-03", "DK", "", 1},
		{"2026-07-02", "1955-07-02", "DK", tunnus.CodeEligAge, 0},
		{"2026-07-02", "1990-01-01", "XX", tunnus.CodeEligCountry, 0},
	} {
		e, err := r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: tt.country, Birth: at(t, tt.birth)}, at(t, tt.now))
		if tunnus.CodeOf(err) != tt.code || e.Index != tt.index {
			t.Errorf("%s, born %s: row %d, %v; want row %d, %q", tt.now, tt.birth, e.Index, err, tt.index, tt.code)
		}
	}
	if e, err := r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: "DK"}, at(t, "2026-07-01").Add(-time.Nanosecond)); err != nil || e.Index != 0 {
		t.Errorf("a moment before midnight: row %d, %v", e.Index, err)
	}
}

// Midnight is that of the scheme's time zone: a moment before it the older row holds,
// and who has a birthday is younger; summer and winter, east and west of Greenwich.
func TestDaysBeginInTheSchemesZone(t *testing.T) {
	for _, tt := range []struct{ zone, rows, birthday string }{
		{"UTC", "2026-07-01T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"Europe/Copenhagen", "2026-06-30T22:00:00Z", "2026-11-21T23:00:00Z"},
		{"Europe/Riga", "2026-06-30T21:00:00Z", "2026-11-21T22:00:00Z"},
		{"America/St_Johns", "2026-07-01T02:30:00Z", "2026-11-22T03:30:00Z"},
	} {
		r := inZone(t, tt.zone)
		moment := func(s string) time.Time {
			m, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for before, index := range map[time.Duration]int{time.Nanosecond: 0, 0: 1} {
			e, err := r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: "DK"}, moment(tt.rows).Add(-before))
			if err != nil || e.Index != index {
				t.Errorf("%s, %s before midnight: row %d, %v", tt.zone, before, e.Index, err)
			}
			q := Question{Way: way.Passport, Purpose: way.New, Country: "DK", Birth: at(t, "2010-11-22")} // 16 on the day
			if _, err := r.Eligible(q, moment(tt.birthday).Add(-before)); (err == nil) != (before == 0) {
				t.Errorf("%s, %s before the birthday: %v", tt.zone, before, err)
			}
		}
	}
}

// R9: from which age on somebody may consent for a child is the file's to say, and the
// day begins in its time zone.
func TestR9FullAgeIsTheFiles(t *testing.T) {
	older, err := Parse("x", bytes.Replace(files.Nordic(), []byte(`"full_age": 18`), []byte(`"full_age": 21`), 1))
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC) // in Copenhagen
	for years, r := range map[int]Rules{18: Nordic(), 21: older} {
		birth := at(t, "2026-11-22").AddDate(-years, 0, 0)
		if !r.FullAge(birth, midnight) || r.FullAge(birth, midnight.Add(-time.Nanosecond)) || r.FullAge(birth.AddDate(0, 0, 1), midnight) {
			t.Errorf("%d years: of age too early or too late", years)
		}
	}
}

// Who was born on 29 February is of age on 1 March.
func TestBirthdayOnLeapDay(t *testing.T) {
	birth := at(t, "2008-02-29")
	for day, young := range map[string]bool{"2026-02-28": true, "2026-03-01": false} {
		e, err := Nordic().Eligible(Question{Way: way.Passport, Purpose: way.New, Country: "XX", Birth: birth}, at(t, day))
		if err != nil || e.Minor != young {
			t.Errorf("%s: minor %v, %v", day, e.Minor, err)
		}
	}
}

func TestDocuments(t *testing.T) {
	zone := func(kind mrz.Kind, document, issuer, number string) mrz.Zone {
		return mrz.Zone{Kind: kind, Document: document, Issuer: issuer, Number: number}
	}
	r, err := Parse("x", with(t, "eligibility[0].faulty", `[{"issuer": "UTO", "first": "KA0000100", "last": "KA0000199"}]`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.Eligible(Question{Way: way.Passport, Purpose: way.New, Country: "XX"}, at(t, "2026-11-22"))
	if err != nil {
		t.Fatal(err)
	}
	e.Since = 2015
	for _, tt := range []struct {
		name   string
		zone   mrz.Zone
		issued string
		code   tunnus.Code
	}{
		{"a passport", zone(mrz.TD3, "P", "UTO", "X1234567"), "", ""},
		{"of another type", zone(mrz.TD3, "PM", "UTO", "X1234567"), "2015-01-01", ""},
		{"too old", zone(mrz.TD3, "P", "UTO", "X1234567"), "2014-12-31", tunnus.CodeDocTooOld},
		{"the first of a faulty series", zone(mrz.TD3, "P", "UTO", "KA0000100"), "", tunnus.CodeDocTooOld},
		{"the last of it", zone(mrz.TD3, "P", "UTO", "KA0000199"), "2026-01-01", tunnus.CodeDocTooOld},
		{"behind it", zone(mrz.TD3, "P", "UTO", "KA0000200"), "", ""},
		{"longer", zone(mrz.TD3, "P", "UTO", "KA00001000"), "", ""},
		{"of another state", zone(mrz.TD3, "P", "DNK", "KA0000150"), "", ""},
		{"a card", zone(mrz.TD1, "ID", "UTO", "X1234567"), "", tunnus.CodeDocTypeNo},
		{"a visa", zone(mrz.TD3, "V", "UTO", "X1234567"), "", tunnus.CodeDocTypeNo},
		{"nothing", mrz.Zone{}, "", tunnus.CodeDocTypeNo},
	} {
		if err := e.Accepts(tt.zone, at(t, tt.issued)); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.code)
		}
	}
	for doc, want := range map[string]Kind{"I": IDCard, "ID": IDCard, "AC": IDCard, "C": IDCard, "P": "", "V": "", "": ""} {
		if got := KindOf(zone(mrz.TD1, doc, "UTO", "1")); got != want {
			t.Errorf("TD1 %q: %q", doc, got)
		}
	}
}
