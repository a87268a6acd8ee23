package rates

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// A Curve is the trade-off of a set along one scale: at the value v, every limit
// is v times that of the scale. Its ends are sorted, alike first.
type Curve struct {
	scale     []float64
	one, two  []float64 // of pairs of one person and of two, on the scale
	Unmatched int       // pairs that were not measured
}

// Curve lays the pairs on a scale: one limit, above 0, for each measure. A pair
// lies at v if v times the scale is the smallest limits that it keeps. A measure
// whose limit is +Inf does not count.
func (s Set) Curve(scale []float64) (Curve, error) {
	if len(scale) != len(s.Measures) || slices.ContainsFunc(scale, func(l float64) bool { return !(l > 0) }) {
		return Curve{}, errors.New("rates: a scale has a limit above 0 for each measure")
	}
	c := Curve{scale: slices.Clone(scale)}
	for _, p := range s.Pairs {
		if !p.Measured() {
			c.Unmatched++
			continue
		}
		at := 0.0
		for i, d := range p.Distances {
			at = max(at, d/scale[i])
		}
		if p.Same {
			c.one = append(c.one, at)
		} else {
			c.two = append(c.two, at)
		}
	}
	slices.Sort(c.one)
	slices.Sort(c.two)
	return c, nil
}

// Along is the curve of one measure alone, on its own scale.
func (s Set) Along(measure int) (Curve, error) {
	scale := make([]float64, len(s.Measures))
	for i := range scale {
		scale[i] = math.Inf(1)
	}
	if measure < 0 || measure >= len(scale) {
		return Curve{}, errors.New("rates: no such measure")
	}
	scale[measure] = 1
	return s.Curve(scale)
}

// At counts the errors at a value of the scale.
func (c Curve) At(v float64) (fmr, fnmr Rate) {
	return Rate{upTo(c.two, v), len(c.two)}, Rate{len(c.one) - upTo(c.one, v), len(c.one)}
}

// upTo counts the values that are at most v, of sorted ones.
func upTo(sorted []float64, v float64) int {
	n, _ := slices.BinarySearchFunc(sorted, v, func(e, v float64) int {
		if e <= v {
			return -1
		}
		return 1
	})
	return n
}

// Limits are those at a value of the scale, rounded down.
func (c Curve) Limits(v float64) []float64 {
	out := make([]float64, len(c.scale))
	for i, l := range c.scale {
		out[i] = Round(v * l)
	}
	return out
}

// AtFMR returns the loosest value of the scale at which at most that share of the
// pairs of two persons match. With fewer than 1/fmr such pairs that is where none
// of them does, and [Rate.Limits] tells how little it shows. It fails if there are
// no pairs of two persons, or if there is no such value above 0.
func (c Curve) AtFMR(fmr float64) (v float64, err error) {
	if len(c.two) == 0 {
		return 0, errors.New("rates: no pairs of two persons")
	}
	if !(fmr >= 0 && fmr < 1) {
		return 0, errors.New("rates: a false match rate is 0 to 1")
	}
	allowed := min(int(fmr*float64(len(c.two))+1e-9), len(c.two)-1) // 0.1 of 10 is meant exactly
	v = math.Nextafter(c.two[allowed], math.Inf(-1))
	if v <= 0 {
		return 0, errors.New("rates: pairs of two persons at distance 0")
	}
	return v, nil
}

// A Point is one corner of a curve.
type Point struct{ V, FMR, FNMR float64 }

// Points are the corners of the curve, the strictest first; none if there are no
// pairs of one kind.
func (c Curve) Points() []Point {
	if len(c.one) == 0 || len(c.two) == 0 {
		return nil
	}
	all := slices.Concat(c.one, c.two)
	slices.SortFunc(all, cmp.Compare)
	all = slices.Compact(all)
	var out []Point
	for _, v := range all {
		fmr, fnmr := c.At(v)
		p := Point{v, fmr.Value(), fnmr.Value()}
		if n := len(out); n > 1 {
			a, b := out[n-2], out[n-1]
			if a.FMR == b.FMR && b.FMR == p.FMR || a.FNMR == b.FNMR && b.FNMR == p.FNMR {
				out[n-1] = p // the line runs straight on
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// EqualError is the rate at which both errors are as near to each other as they come.
func (c Curve) EqualError() (v, rate float64) {
	best := math.Inf(1)
	for _, p := range c.Points() {
		if gap := math.Abs(p.FMR - p.FNMR); gap < best {
			best, v, rate = gap, p.V, (p.FMR+p.FNMR)/2
		}
	}
	return v, rate
}
