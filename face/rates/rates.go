// Package rates counts the errors of a comparison of faces on labelled pairs and
// says how sure the counts are, in the terms of ISO/IEC 19795-1.
//
// A [Set] holds pairs with their distances: small is alike. [Set.At] counts false
// matches and false non-matches at given limits, overall and per group, each with
// its 95 % limits by Clopper and Pearson; [Set.Curve] is the whole trade-off of
// one scale of limits. Pairs that could not be measured are counted beside, never
// dropped unseen.
//
// The limits of a rate take each pair as an independent trial. Pairs that share a
// picture or a person are not, so that true limits are wider; [Set.Pictures] and
// [Set.Persons] tell how far that goes. Nothing here knows of engines or pictures.
package rates

import (
	"fmt"
	"math"
	"slices"
)

// A Pair is one labelled comparison.
type Pair struct {
	A, B string // names of the two pictures; both empty if they are not told
	Same bool   // whether both show one person
	// Groups are the pair's groups, one for each of the set's dimensions; "" is
	// not told.
	Groups []string
	// Distances are in the order of the set's measures. There are none if one of
	// the pictures could not be measured: a failure to acquire.
	Distances []float64
}

// A Set is labelled pairs that were compared by one engine.
type Set struct {
	Measures   []string // names of the distances: "d128", "fused"
	Dimensions []string // what pairs are grouped by: "skin", "age"
	Pairs      []Pair
}

// maxDistance is more than any engine says; a squared one is still exact.
const maxDistance = 1e6

// Check refuses a set that cannot be counted: what is no number must neither
// match nor be left out silently.
func (s Set) Check() error {
	if len(s.Measures) == 0 {
		return fmt.Errorf("rates: no measure")
	}
	for i, p := range s.Pairs {
		switch {
		case len(p.Groups) != len(s.Dimensions):
			return fmt.Errorf("rates: pair %d: %d groups for %d dimensions", i+1, len(p.Groups), len(s.Dimensions))
		case p.Distances != nil && len(p.Distances) != len(s.Measures):
			return fmt.Errorf("rates: pair %d: %d distances for %d measures", i+1, len(p.Distances), len(s.Measures))
		case (p.A == "") != (p.B == ""):
			return fmt.Errorf("rates: pair %d: one picture has a name and the other has none", i+1)
		case p.A != "" && p.A == p.B:
			return fmt.Errorf("rates: pair %d: a picture with itself", i+1)
		}
		for _, d := range p.Distances {
			if !(d >= 0 && d <= maxDistance) {
				return fmt.Errorf("rates: pair %d: %v is no distance", i+1, d)
			}
		}
	}
	return nil
}

// Measured reports whether the pair has distances.
func (p Pair) Measured() bool { return p.Distances != nil }

// Within reports whether a pair matches: every distance keeps its limit. A pair
// that was not measured does not.
func (p Pair) Within(limits []float64) bool {
	if !p.Measured() || len(limits) != len(p.Distances) {
		return false
	}
	for i, d := range p.Distances {
		if !(d <= limits[i]) {
			return false
		}
	}
	return true
}

// Counts are the errors at given limits.
type Counts struct {
	FMR  Rate // false matches of pairs of two persons
	FNMR Rate // false non-matches of pairs of one person
	// Unmeasured are the pairs in which a picture could not be measured, of one
	// person and of two; they are in neither rate.
	Unmeasured, UnmeasuredTwo int
}

// FRR is the share of pairs of one person that do not get through at all: those
// that could not be measured count as failed.
func (c Counts) FRR() Rate {
	return Rate{c.FNMR.Errors + c.Unmeasured, c.FNMR.Of + c.Unmeasured}
}

// At counts the errors of all pairs at the limits, one for each measure.
func (s Set) At(limits []float64) Counts {
	return s.count(limits, func(Pair) bool { return true })
}

func (s Set) count(limits []float64, of func(Pair) bool) Counts {
	var c Counts
	for _, p := range s.Pairs {
		if !of(p) {
			continue
		}
		match := p.Within(limits)
		switch {
		case !p.Measured() && p.Same:
			c.Unmeasured++
		case !p.Measured():
			c.UnmeasuredTwo++
		case p.Same:
			c.FNMR.add(!match)
		default:
			c.FMR.add(match)
		}
	}
	return c
}

// A Group is the pairs that have one value in one dimension.
type Group struct {
	Dimension, Name string
	Persons         int // 0 if pictures have no names
	Counts
}

// Groups counts each group, in the order of dimensions and names. Pairs whose
// group is not told are a group of its own, named "", where others are told.
func (s Set) Groups(limits []float64) []Group {
	var out []Group
	of := s.people()
	for i, dimension := range s.Dimensions {
		var names []string
		for _, p := range s.Pairs {
			if !slices.Contains(names, p.Groups[i]) {
				names = append(names, p.Groups[i])
			}
		}
		slices.Sort(names)
		for _, name := range names {
			in := func(p Pair) bool { return p.Groups[i] == name }
			persons := map[string]bool{}
			for _, p := range s.Pairs {
				if in(p) && p.A != "" {
					persons[of[p.A]], persons[of[p.B]] = true, true
				}
			}
			out = append(out, Group{dimension, name, len(persons), s.count(limits, in)})
		}
	}
	return out
}

// Differs reports whether a group's rate is another than that of the rest, as
// far as the numbers show it: the 95 % limits of both do not touch.
func Differs(group, all Rate) bool {
	rest := Rate{all.Errors - group.Errors, all.Of - group.Of}
	if group.Of == 0 || rest.Of <= 0 {
		return false
	}
	low, high := group.Limits()
	restLow, restHigh := rest.Limits()
	return low > restHigh || high < restLow
}

// Round rounds down to four decimals: a limit that is written never lets through
// more than the one that was counted.
func Round(limit float64) float64 { return math.Floor(limit*1e4) / 1e4 }
