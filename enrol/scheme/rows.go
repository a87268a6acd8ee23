package scheme

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// eligibility judges the rows of the table, each alone and each two of them.
func (c *checker) eligibility() {
	rows := c.file.Eligible
	for i, r := range rows {
		c.row(fmt.Sprintf("eligibility[%d]", i), r)
		for j := range i {
			if what := overlap(rows[j], r); what != "" {
				c.when(true, fmt.Sprintf("eligibility[%d]", i), "says of %s what eligibility[%d] says too", what, j)
				break
			}
		}
	}
	if c.read.About("eligibility") || c.read.About("ways") {
		return
	}
	for _, w := range way.All() {
		if !c.file.Ways[w].On {
			continue
		}
		named := slices.ContainsFunc(rows, func(r Row) bool { return slices.Contains(r.Ways, w) })
		c.when(!named, "ways."+string(w)+".on", "no row of eligibility lets anybody go this way")
	}
}

func (c *checker) row(at string, r Row) {
	c.when(r.From.IsZero(), at+".from", "missing")
	c.when(!r.Until.IsZero() && !r.From.Time().Before(r.Until.Time()), at+".until", "not after from")
	c.when(r.MaxAge != 0 && r.MaxAge < r.MinAge, at+".max_age", "below min_age")
	c.against(r.Guardian > c.file.Guardians.Age, at+".guardian_under", "guardians.full_age", "who may consent for others would need a guardian: over")
	for k, country := range r.Countries {
		c.when(!c.served(country), fmt.Sprintf("%s.countries[%d]", at, k), "%s is not among the countries", country)
	}
	for k, w := range r.Ways {
		path := fmt.Sprintf("%s.ways[%d]", at, k)
		_, there := c.file.Ways[w]
		c.when(!there && !c.read.About("ways"), path, "%s is not among the ways", w)
		kinds, reads := readable[w]
		for _, d := range r.Documents {
			c.when(reads && !slices.Contains(kinds, d), at+".documents", "the way %s does not read the kind %s", w, d)
		}
		c.when(reads && len(r.Documents) == 0, at+".documents", "empty, but the way %s reads a document", w)
		c.when(w == way.Account && r.Guardian > r.MinAge, at+".guardian_under", "on the way account nobody vouches for a child: guardian_under is over min_age")
	}
	c.when(r.Since != 0 && r.Since < 1990, at+".issued_since", "before there were chips")
	for k, s := range r.Faulty {
		path := fmt.Sprintf("%s.faulty[%d]", at, k)
		c.when(len(s.First) != len(s.Last) || s.First > s.Last, path+".last", "not of the length of first, or before it")
		_, known := c.file.Issuers[s.Issuer]
		c.when(!known && !c.read.About("issuers"), path+".issuer", "%s is not among the issuers", s.Issuer)
	}
}

// readable are the kinds of documents that a way can read.
var readable = map[way.Way][]Kind{
	way.Passport: {Passport},
	way.IDCard:   {IDCard},
	way.Desk:     {Passport, IDCard},
}

// overlap names a case that two rows both decide, "" if there is none.
func overlap(a, b Row) string {
	ends := func(d format.Date, other Row) bool { return !d.IsZero() && !other.From.Time().Before(d.Time()) }
	if a.From.IsZero() || b.From.IsZero() || ends(a.Until, b) || ends(b.Until, a) {
		return ""
	}
	country, way, purpose := common(a.Countries, b.Countries), common(a.Ways, b.Ways), common(a.Purposes, b.Purposes)
	if country == "" || way == "" || purpose == "" {
		return ""
	}
	return fmt.Sprintf("%s, %s, %s", country, way, purpose)
}

// common is the first entry of both lists, "" if there is none.
func common[S ~string](a, b []S) S {
	for _, s := range a {
		if slices.Contains(b, s) {
			return s
		}
	}
	return ""
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
