package rates

import (
	"fmt"
	"math"
)

// A Rate is how many of how many trials went wrong.
type Rate struct {
	Errors int `json:"errors"`
	Of     int `json:"of"`
}

func (r *Rate) add(wrong bool) {
	r.Of++
	if wrong {
		r.Errors++
	}
}

// Value is the share that went wrong; not a number if there were no trials.
func (r Rate) Value() float64 { return float64(r.Errors) / float64(r.Of) }

// Confidence is that of all limits.
const Confidence = 0.95

// Limits are the two-sided 95 % limits of the rate by Clopper and Pearson (1934):
// each side is left out with 2.5 % at most, whatever the true rate is. Without
// trials they are 0 and 1. With no error in n the upper one is 3.69/n for large
// n; the rule of three, 3/n, is one-sided.
func (r Rate) Limits() (low, high float64) {
	k, n := r.Errors, r.Of
	low, high = 0, 1
	if n <= 0 || k < 0 || k > n {
		return low, high
	}
	const tail = (1 - Confidence) / 2
	if k > 0 {
		low = quantile(tail, float64(k), float64(n-k+1))
	}
	if k < n {
		high = quantile(1-tail, float64(k+1), float64(n-k))
	}
	return low, high
}

// String is such as "0.14 % (0.05–0.33; 6 of 4208)", all in percent; "none" if there were no trials.
func (r Rate) String() string {
	if r.Of == 0 {
		return "none"
	}
	low, high := r.Limits()
	return fmt.Sprintf("%s %% (%s–%s; %d of %d)", Percent(r.Value()), Percent(low), Percent(high), r.Errors, r.Of)
}

// Percent writes a share in percent with two figures that mean something.
func Percent(share float64) string {
	p := 100 * share
	switch {
	case p == 0:
		return "0"
	case p >= 9.95:
		return fmt.Sprintf("%.1f", p)
	case p >= 0.095:
		return fmt.Sprintf("%.2f", p)
	case p >= 0.0095:
		return fmt.Sprintf("%.3f", p)
	}
	return fmt.Sprintf("%.2g", p)
}

// quantile is the p-quantile of the beta distribution, by bisection: 200 halvings
// reach the last bit of any double, and nothing can diverge.
func quantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if beta(mid, a, b) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// beta is the regularised incomplete beta function I_x(a, b), by its continued
// fraction (Abramowitz and Stegun 26.5.8), on the side where that converges fast.
func beta(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - beta(1-x, b, a)
	}
	ga, _ := math.Lgamma(a)
	gb, _ := math.Lgamma(b)
	gab, _ := math.Lgamma(a + b)
	front := math.Exp(gab - ga - gb + a*math.Log(x) + b*math.Log1p(-x))
	return front * fraction(x, a, b) / a
}

// fraction evaluates the continued fraction by Lentz's method. A million steps
// are more than a million trials need.
func fraction(x, a, b float64) float64 {
	const tiny, enough, steps = 1e-300, 1e-15, 1_000_000
	keep := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/keep(1-(a+b)*x/(a+1))
	h := d
	for m := 1.0; m < steps; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/keep(1+even*d), keep(1+even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/keep(1+odd*d), keep(1+odd/c)
		h *= d * c
		if math.Abs(d*c-1) < enough {
			break
		}
	}
	return h
}
