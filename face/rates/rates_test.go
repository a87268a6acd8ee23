package rates_test

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus/face/rates"
)

// The limits of published tables (Newcombe 1998, table I, "Clopper–Pearson exact"),
// and the closed forms at both ends: 1-(α/2)^(1/n).
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		errors, of int
		low, high  float64
	}{
		{81, 263, 0.2527, 0.3676},
		{15, 148, 0.0578, 0.1617},
		{0, 20, 0, 0.1684},
		{1, 29, 0.0009, 0.1776},
		{29, 29, 1 - 0.1194, 1},
		{0, 3000, 0, 1 - math.Pow(0.025, 1.0/3000)},
		{0, 0, 0, 1},
	} {
		low, high := rates.Rate{Errors: tt.errors, Of: tt.of}.Limits()
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f; want %.4f to %.4f", tt.errors, tt.of, low, high, tt.low, tt.high)
		}
	}
}

// tail is the chance of at least k errors in n trials at the rate p, summed in
// exact rationals' big floats: another way than the continued fraction.
func tail(k, n int, p float64) float64 {
	sum, one := new(big.Float).SetPrec(300), big.NewFloat(1).SetPrec(300)
	bp := new(big.Float).SetPrec(300).SetFloat64(p)
	bq := new(big.Float).SetPrec(300).Sub(one, bp)
	for i := k; i <= n; i++ {
		term := new(big.Float).SetPrec(300).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
		for range i {
			term.Mul(term, bp)
		}
		for range n - i {
			term.Mul(term, bq)
		}
		sum.Add(sum, term)
	}
	f, _ := sum.Float64()
	return f
}

// By what they are: at the lower limit, as many errors or more come with 2.5 %; at
// the upper one, as many or fewer do.
func TestLimitsAreThoseOfTheBinomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		low, high := rates.Rate{Errors: k, Of: n}.Limits()
		if k > 0 && math.Abs(tail(k, n, low)-0.025) > 1e-9 {
			t.Fatalf("%d of %d: lower limit %v leaves %v", k, n, low, tail(k, n, low))
		}
		if k < n && math.Abs(1-tail(k+1, n, high)-0.025) > 1e-9 {
			t.Fatalf("%d of %d: upper limit %v leaves %v", k, n, high, 1-tail(k+1, n, high))
		}
		if v := float64(k) / float64(n); low > v || high < v {
			t.Fatalf("%v is not between %v and %v", v, low, high)
		}
	})
}

// Millions of trials end, and lie between the rule of three and 3.69/n.
func TestLimitsOfMany(t *testing.T) {
	for _, n := range []int{1e5, 1e6, 2e6} {
		if _, high := (rates.Rate{Of: n}).Limits(); math.Abs(high*float64(n)-3.6889) > 1e-3 {
			t.Errorf("none of %d: %v/n", n, high*float64(n))
		}
		low, high := rates.Rate{Errors: n / 2, Of: n}.Limits()
		if half := 1.96 / math.Sqrt(4*float64(n)); math.Abs(high-0.5-half) > 1e-5 || math.Abs(0.5-low-half) > 1e-5 {
			t.Errorf("half of %d: %v to %v", n, low, high)
		}
	}
}

func set(pairs ...rates.Pair) rates.Set {
	return rates.Set{Measures: []string{"x", "y"}, Dimensions: []string{"skin"}, Pairs: pairs}
}

func pair(same bool, group string, d ...float64) rates.Pair {
	return rates.Pair{Same: same, Groups: []string{group}, Distances: d}
}

// A match keeps all limits, each one included; who could not be measured is in no rate.
func TestCounts(t *testing.T) {
	s := set(
		pair(true, "I", 0.5, 1), pair(true, "I", 0.4, 1.1), pair(true, "II", 0.6, 0.1), pair(true, "II"),
		pair(false, "I", 0.5, 1), pair(false, "II", 0.51, 1), pair(false, "II", 9, 0), pair(false, ""),
	)
	c := s.At([]float64{0.5, 1})
	want := rates.Counts{FMR: rates.Rate{Errors: 1, Of: 3}, FNMR: rates.Rate{Errors: 2, Of: 3}, Unmeasured: 1, UnmeasuredTwo: 1}
	if c != want {
		t.Errorf("%+v; want %+v", c, want)
	}
	if frr := c.FRR(); frr != (rates.Rate{Errors: 3, Of: 4}) {
		t.Errorf("rejected: %v", frr)
	}
	groups := s.Groups([]float64{0.5, 1})
	if len(groups) != 3 || groups[0].Name != "" || groups[1].FMR.Errors != 1 || groups[2].FNMR != (rates.Rate{Errors: 1, Of: 1}) || groups[2].FMR.Of != 2 {
		t.Errorf("groups: %+v", groups)
	}
	if n := s.At(nil); n.FMR.Errors != 0 || n.FNMR.Errors != 3 {
		t.Errorf("without limits everything fails, but: %+v", n)
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, s := range map[string]rates.Set{
		"no number":       set(pair(true, "", math.NaN(), 1)),
		"negative":        set(pair(true, "", -0.1, 1)),
		"without end":     set(pair(true, "", math.Inf(1), 1)),
		"one distance":    set(pair(true, "", 1)),
		"no group":        set(rates.Pair{Same: true}),
		"itself":          set(rates.Pair{A: "a", B: "a", Groups: []string{""}}),
		"half a name":     set(rates.Pair{A: "a", Groups: []string{""}}),
		"nothing measure": {Pairs: []rates.Pair{{}}},
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if math.IsNaN(set(pair(false, "", math.NaN(), 0)).At([]float64{1, 1}).FMR.Value()) || set(pair(false, "", math.NaN(), 0)).At([]float64{1, 1}).FMR.Errors != 0 {
		t.Error("a distance that is no number matched")
	}
}

// What a curve says at a value, counting says at its limits; and the limits of a
// false match rate let through that share and no more, while a touch more would.
func TestCurveAgreesWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s rates.Set
		s.Measures = []string{"x", "y"}
		for range rapid.IntRange(2, 60).Draw(t, "pairs") {
			d := func(label string) float64 { return float64(rapid.IntRange(1, 20).Draw(t, label)) / 8 }
			p := rates.Pair{Same: rapid.Bool().Draw(t, "same"), Distances: []float64{d("x"), d("y")}}
			s.Pairs = append(s.Pairs, p)
		}
		c, err := s.Curve([]float64{0.5, 2})
		if err != nil {
			t.Fatal(err)
		}
		v := float64(rapid.IntRange(0, 64).Draw(t, "v")) / 8
		fmr, fnmr := c.At(v)
		if n := s.At([]float64{0.5 * v, 2 * v}); n.FMR != fmr || n.FNMR != fnmr {
			t.Fatalf("at %v: %v %v, counted %+v", v, fmr, fnmr, n)
		}
		if fmr.Of == 0 {
			return
		}
		share := rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.5, 0.99}).Draw(t, "fmr")
		v, err = c.AtFMR(share)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := c.At(v); got.Value() > share+1e-9 {
			t.Fatalf("at most %v was asked for, %v match", share, got)
		}
		if more, _ := c.At(v * (1 + 1e-12)); more.Value() <= share {
			t.Fatalf("%v is not the loosest: %v match a touch above it", v, more)
		}
		if n := s.At(c.Limits(v)); n.FMR.Value() > share+1e-9 {
			t.Fatalf("the limits as written let %v match", n.FMR)
		}
	})
}

// The curve runs from nobody to everybody, and never back.
func TestPoints(t *testing.T) {
	s := set(pair(true, "", 0.1, 0), pair(true, "", 0.3, 0), pair(false, "", 0.2, 0), pair(false, "", 0.4, 0), pair(false, "", 0.5, 0))
	c, err := s.Along(0)
	if err != nil {
		t.Fatal(err)
	}
	points := c.Points()
	if last := points[len(points)-1]; last.FMR != 1 || last.FNMR != 0 {
		t.Errorf("the end is %+v", last)
	}
	if !slices.IsSortedFunc(points, func(a, b rates.Point) int {
		if a.FMR > b.FMR || a.FNMR < b.FNMR {
			return 1
		}
		return -1
	}) {
		t.Errorf("not monotone: %+v", points)
	}
	if _, eer := c.EqualError(); math.Abs(eer-(1.0/3+0.5)/2) > 1e-9 {
		t.Errorf("equal error rate %v", eer)
	}
	if _, err := s.Curve([]float64{1}); err == nil {
		t.Error("a scale of one limit for two measures was taken")
	}
}

func TestGroupsThatDiffer(t *testing.T) {
	all := rates.Rate{Errors: 60, Of: 2000}
	for of, want := range map[rates.Rate]bool{
		{Errors: 50, Of: 1000}: true, {Errors: 30, Of: 1000}: false, {Errors: 1, Of: 3}: false, {}: false, {Errors: 60, Of: 2000}: false,
	} {
		if got := rates.Differs(of, all); got != want {
			t.Errorf("%v of %v: %v", of, all, got)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.5: "50.0", 0.0123: "1.23", 0.00123: "0.12", 0.000123: "0.012", 0.0000123: "0.0012"} {
		if got := rates.Percent(share); got != want {
			t.Errorf("%v: %s; want %s", share, got, want)
		}
	}
	if s := (rates.Rate{Errors: 1, Of: 100}).String(); !strings.HasPrefix(s, "1.00 % (0.025–5.45; 1 of 100)") {
		t.Errorf("written as %s", s)
	}
}
