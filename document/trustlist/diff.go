package trustlist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/document/crl"
)

// A Difference is one thing that comes, goes or changes between two versions.
type Difference struct {
	Sign    byte   // '+', '-' or '~'
	Country string // two letters; "" for what is of no country
	What    string
}

// String is such as "+ XX anchor C=XX, CN=CSCA, 2026-11-22 to 2036-11-22".
func (d Difference) String() string {
	return fmt.Sprintf("%c %-2s %s", d.Sign, cmp.Or(d.Country, "--"), d.What)
}

// Diff tells how two versions differ, by country. A certificate that comes in the
// place of one of the same name and key is a change.
func Diff(from, to *List) []Difference {
	diffs := slices.Concat(diffAnchors(from, to), diffCRLs(from, to), diffRules(from, to), diffPins(from, to))
	slices.SortStableFunc(diffs, func(a, b Difference) int { return cmp.Compare(a.Country, b.Country) })
	return diffs
}

// Describe shows an anchor with its dates and the start of its fingerprint.
func (a Anchor) Describe() string {
	kind := "anchor"
	if a.Link {
		kind = "link"
	}
	key := "unreadable key"
	if k, err := a.Key(); err == nil {
		key = k.String()
	}
	sum := a.Fingerprint()
	return fmt.Sprintf("%s %v, %s, %s to %s, SHA-256 %x…, from %s", kind, a.Certificate, key, day(a.NotBefore), day(a.NotAfter), sum[:8], strings.Join(a.Sources, ", "))
}

func diffAnchors(from, to *List) (diffs []Difference) {
	before, after := map[[sha256.Size]byte]Anchor{}, map[[sha256.Size]byte]Anchor{}
	for _, a := range from.Anchors {
		before[a.Fingerprint()] = a
	}
	gone := map[string][]Anchor{}
	for _, a := range to.Anchors {
		after[a.Fingerprint()] = a
	}
	for _, a := range from.Anchors {
		if _, ok := after[a.Fingerprint()]; !ok {
			gone[a.role()] = append(gone[a.role()], a)
		}
	}
	for _, a := range to.Anchors {
		country, old := a.Subject.Country(), gone[a.role()]
		was, ok := before[a.Fingerprint()]
		switch {
		case ok && was.Link == a.Link && slices.Equal(was.Sources, a.Sources):
		case ok:
			diffs = append(diffs, Difference{'~', country, fmt.Sprintf("%s (was from %s)", a.Describe(), strings.Join(was.Sources, ", "))})
		case len(old) > 0:
			gone[a.role()] = old[1:]
			diffs = append(diffs, Difference{'~', country, fmt.Sprintf("%s (was %s to %s)", a.Describe(), day(old[0].NotBefore), day(old[0].NotAfter))})
		default:
			diffs = append(diffs, Difference{'+', country, a.Describe()})
		}
	}
	for _, role := range slices.Sorted(maps.Keys(gone)) {
		for _, a := range gone[role] {
			diffs = append(diffs, Difference{'-', a.Subject.Country(), a.Describe()})
		}
	}
	return diffs
}

// role is alike for certificates of one name and key by one issuer.
func (a Anchor) role() string {
	return fmt.Sprint(a.Link) + a.Subject.Key() + "\x00" + a.Issuer.Key() + "\x00" + string(a.KeyInfo)
}

// DescribeCRL shows a revocation list with its dates.
func DescribeCRL(c *crl.CRL) string {
	until := "no end"
	if !c.Next.IsZero() {
		until = day(c.Next)
	}
	return fmt.Sprintf("revocation list of %v, %s to %s, %d revoked", c.Issuer, day(c.This), until, c.Len())
}

func diffCRLs(from, to *List) (diffs []Difference) {
	key := func(c *crl.CRL) string { return c.Issuer.Key() + "\x00" + string(c.AuthorityKeyID) }
	in := func(l *List, c *crl.CRL) bool {
		return slices.ContainsFunc(l.crlsOf[c.Issuer.Key()], func(o *crl.CRL) bool { return bytes.Equal(o.Raw, c.Raw) })
	}
	gone := map[string][]*crl.CRL{}
	for _, c := range from.CRLs {
		if !in(to, c) {
			gone[key(c)] = append(gone[key(c)], c)
		}
	}
	for _, c := range to.CRLs {
		old := gone[key(c)]
		switch {
		case in(from, c):
		case len(old) > 0:
			gone[key(c)] = old[1:]
			diffs = append(diffs, Difference{'~', c.Issuer.Country(), fmt.Sprintf("%s (was of %s, %d revoked)", DescribeCRL(c), day(old[0].This), old[0].Len())})
		default:
			diffs = append(diffs, Difference{'+', c.Issuer.Country(), DescribeCRL(c)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(gone)) {
		for _, c := range gone[k] {
			diffs = append(diffs, Difference{'-', c.Issuer.Country(), DescribeCRL(c)})
		}
	}
	return diffs
}

func diffRules(from, to *List) []Difference {
	lines := func(l *List) map[string]string {
		all := map[string]string{} // what to country
		for _, e := range l.Exceptions {
			all["exception "+line(e)] = e.Country
		}
		for _, d := range l.Defects {
			all["defect "+line(d)] = ""
		}
		return all
	}
	return diffSets(lines(from), lines(to))
}

func line(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func diffPins(from, to *List) []Difference {
	lines := func(l *List) map[string]string {
		all := map[string]string{}
		for _, p := range l.Pins {
			all[fmt.Sprintf("pin %x", p)] = ""
		}
		for _, s := range l.Sources {
			all[fmt.Sprintf("%s of %s with %d certificates, SHA-256 %x…", s.Name, day(s.Signed), s.Count, s.Digest[:8])] = ""
		}
		return all
	}
	return diffSets(lines(from), lines(to))
}

// diffSets compares things that do not change, each with its country.
func diffSets(from, to map[string]string) (diffs []Difference) {
	for _, what := range slices.Sorted(maps.Keys(to)) {
		if _, ok := from[what]; !ok {
			diffs = append(diffs, Difference{'+', to[what], what})
		}
	}
	for _, what := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[what]; !ok {
			diffs = append(diffs, Difference{'-', from[what], what})
		}
	}
	return diffs
}
