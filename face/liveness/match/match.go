// Package match finds a sequence of colours that a screen showed in the light that
// came back from a surface: in the logarithms of R/G and B/G, so that the exposure
// of the camera cancels, with the delay of the pictures and a gain for each channel.
package match

import (
	"math"
	"time"
)

// Times of the search for the delay, and what a camera's shutter averages over.
const (
	maxDelay = 600 * time.Millisecond
	pace     = 10 * time.Millisecond
	shutter  = 30 * time.Millisecond
)

// A Screen tells the linear light of a screen at a time.
type Screen func(at time.Duration) [3]float64

// A Light is linear light, one number a channel.
type Light = [3]float64

// A Film is a series of pictures by the times they were taken at.
type Film struct {
	at    []time.Duration
	trend trend
}

// New makes a film of at least one time, in order.
func New(at []time.Duration) *Film {
	share := make([]float64, len(at))
	for i, t := range at {
		share[i] = float64(t-at[0]) / float64(max(1, at[len(at)-1]-at[0]))
	}
	return &Film{at: at, trend: newTrend(share)}
}

// Chroma is the signal of light, one for each picture: ln R/G and then ln B/G, less
// a slow trend. It has twice as many numbers as there are pictures.
func (f *Film) Chroma(light []Light) []float64 {
	n := len(f.at)
	rg, bg := make([]float64, n), make([]float64, n)
	for i, c := range light {
		rg[i], bg[i] = math.Log(c[0]/c[1]), math.Log(c[2]/c[1])
	}
	return append(f.trend.without(rg), f.trend.without(bg)...)
}

// screen is the light that each picture was taken under, if it comes a delay behind
// it: the mean over the time of the shutter.
func (f *Film) screen(s Screen, delay time.Duration) []Light {
	out := make([]Light, len(f.at))
	for i, at := range f.at {
		for part := range 3 {
			l := s(at - delay - time.Duration(part)*shutter/2)
			for k := range l {
				out[i][k] += l[k] / 3
			}
		}
	}
	return out
}

// A Fit is a sequence as it was found in a signal.
type Fit struct {
	Delay time.Duration
	Gain  [3]float64 // light of the screen over that of the room, per channel
	Rho   float64    // correlation of the signal with Hat
	Y     []float64  // the signal, see [Film.Chroma]
	Hat   []float64  // as it should be
	light []Light
}

// linear fits the gains for light that is weak beside the room's: the template of
// each channel, detrended as the signal is, with gains that are not negative.
func (f *Film) linear(light []Light, y []float64) (gain [3]float64, rho float64) {
	n := len(f.at)
	var s [3][]float64
	for k := range s {
		v := make([]float64, n)
		for i := range v {
			v[i] = light[i][k]
		}
		s[k] = f.trend.without(v)
	}
	rg, bg := y[:n], y[n:]
	gram := [3][3]float64{
		{dot(s[0], s[0]), -dot(s[0], s[1]), 0},
		{0, 2 * dot(s[1], s[1]), -dot(s[2], s[1])},
		{0, 0, dot(s[2], s[2])},
	}
	gram[1][0], gram[2][1] = gram[0][1], gram[1][2]
	right := [3]float64{dot(s[0], rg), -dot(s[1], rg) - dot(s[1], bg), dot(s[2], bg)}
	for range 40 { // coordinate descent; there are only three
		for k := range gain {
			rest := right[k]
			for j := range gain {
				if j != k {
					rest -= gram[k][j] * gain[j]
				}
			}
			gain[k] = 0
			if gram[k][k] > 1e-9 {
				gain[k] = math.Max(0, rest/gram[k][k])
			}
		}
	}
	explained := 0.0
	for k := range gain {
		explained += gain[k] * right[k]
	}
	return gain, math.Sqrt(math.Max(0, explained) / dot(y, y))
}

// response is the signal that gains give, the light added to a steady one, and
// its change with a common factor of the gains.
func (f *Film) response(light []Light, gain [3]float64) (hat, change []float64) {
	n := len(light)
	rg, bg, drg, dbg := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i, s := range light {
		var l, d [3]float64
		for k := range l {
			lit := math.Max(1e-3, 1+gain[k]*s[k])
			l[k], d[k] = math.Log(lit), gain[k]*s[k]/lit
		}
		rg[i], bg[i], drg[i], dbg[i] = l[0]-l[1], l[2]-l[1], d[0]-d[1], d[2]-d[1]
	}
	return append(f.trend.without(rg), f.trend.without(bg)...), append(f.trend.without(drg), f.trend.without(dbg)...)
}

// refine improves gains for light that is not weak, by Gauss-Newton steps.
func (f *Film) refine(light []Light, y []float64, gain [3]float64) [3]float64 {
	ones := make([]float64, len(y))
	for i := range ones {
		ones[i] = 1
	}
	for range 8 {
		hat, _ := f.response(light, gain)
		rows := make([][]float64, len(y))
		rest := make([]float64, len(y))
		for i := range rows {
			rows[i], rest[i] = make([]float64, 3), y[i]-hat[i]
		}
		for k := range gain {
			const h = 1e-4
			more := gain
			more[k] += h
			up, _ := f.response(light, more)
			for i := range rows {
				rows[i][k] = (up[i] - hat[i]) / h
			}
		}
		step, _, ok := LeastSquares(rows, rest, ones)
		if !ok {
			break
		}
		for k := range gain {
			gain[k] = math.Min(50, math.Max(0, gain[k]+math.Max(-0.5*gain[k]-0.05, math.Min(0.5*gain[k]+0.05, step[k]))))
		}
	}
	return gain
}

// Find looks for what a screen showed in the signal y, at every delay up to 0.6 s.
func (f *Film) Find(s Screen, y []float64) Fit {
	best := Fit{Rho: -1}
	for d := time.Duration(0); d <= maxDelay; d += pace {
		light := f.screen(s, d)
		if gain, rho := f.linear(light, y); rho > best.Rho {
			best = Fit{Delay: d, Gain: gain, Rho: rho, light: light}
		}
	}
	best.Y = y
	best.Gain = f.refine(best.light, y, best.Gain)
	best.Hat, _ = f.response(best.light, best.Gain)
	best.Rho = Correlation(y, best.Hat)
	return best
}

// Correlation is that of two signals without their trend.
func Correlation(a, b []float64) float64 {
	return dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
}

// Strength is how much of the fit another signal of the same frames has: 1 if its
// light is as that of the face, 0 if it knows nothing of the screen. With it comes
// its standard error.
func (f *Film) Strength(x Fit, y []float64) (g, e float64) {
	g = 1
	top := max(x.Gain[0], x.Gain[1], x.Gain[2])
	floor := -0.5 / math.Max(top, 1e-9)
	for range 12 {
		hat, change := f.response(x.light, [3]float64{g * x.Gain[0], g * x.Gain[1], g * x.Gain[2]})
		if math.Abs(g) < 1e-3 { // the change is that of g itself where g is nearly 0
			g = math.Copysign(1e-3, g)
			hat, change = f.response(x.light, [3]float64{g * x.Gain[0], g * x.Gain[1], g * x.Gain[2]})
		}
		var up, down, rest float64
		for i := range y {
			d := change[i] / g
			up, down, rest = up+d*(y[i]-hat[i]), down+d*d, rest+(y[i]-hat[i])*(y[i]-hat[i])
		}
		if down == 0 {
			return math.NaN(), math.NaN()
		}
		e = math.Sqrt(rest / float64(len(y)) / down)
		step := math.Max(-0.5, math.Min(0.5, up/down))
		if g = math.Max(floor, math.Min(20, g+step)); math.Abs(step) < 1e-4 {
			break
		}
	}
	return g, e
}

// Glow is the mean light of the screen over that of the room that a fit has found,
// in luminance.
func (f *Film) Glow(x Fit) float64 {
	sum := 0.0
	for _, l := range x.light {
		sum += 0.2126*x.Gain[0]*l[0] + 0.7152*x.Gain[1]*l[1] + 0.0722*x.Gain[2]*l[2]
	}
	return sum / float64(len(x.light))
}

// Drift is how far the delays of both halves of the film lie apart.
func (f *Film) Drift(s Screen, x Fit) time.Duration {
	n := len(f.at)
	var best [2]time.Duration
	low := [2]float64{math.Inf(1), math.Inf(1)}
	for d := time.Duration(0); d <= maxDelay; d += pace {
		hat, _ := f.response(f.screen(s, d), x.Gain)
		var rest [2]float64
		for i, y := range x.Y {
			half := 2 * (i % n) / n
			rest[half] += (y - hat[i]) * (y - hat[i])
		}
		for h := range rest {
			if rest[h] < low[h] {
				low[h], best[h] = rest[h], d
			}
		}
	}
	return (best[0] - best[1]).Abs()
}

// Beats is by how many standard deviations of theirs a fit is better than what the
// others give at its delay: sequences that were not shown.
func (f *Film) Beats(x Fit, others []Screen) float64 {
	rhos := make([]float64, len(others))
	for i, s := range others {
		_, rhos[i] = f.linear(f.screen(s, x.Delay), x.Y)
	}
	_, own := f.linear(x.light, x.Y)
	return (own - mean(rhos)) / Spread(rhos)
}

// Noise is what changes in the signal from picture to picture while the screen does
// not: a standard deviation. starts are the times when it changed.
func (f *Film) Noise(y []float64, starts []time.Duration) float64 {
	n := len(f.at)
	var d []float64
	for i := 1; i < n; i++ {
		if step(starts, f.at[i]) == step(starts, f.at[i-1]) {
			for k := range 2 {
				d = append(d, math.Abs(y[k*n+i]-y[k*n+i-1]))
			}
		}
	}
	// The late change of light within a step comes once in it and is no noise: the
	// median leaves it out.
	return Median(d) / 0.6745 / math.Sqrt2
}

// step is how many of the starts are over at a time.
func step(starts []time.Duration, at time.Duration) int {
	n := 0
	for n < len(starts) && at >= starts[n] {
		n++
	}
	return n
}

// A Change is one from a colour to the next, as it was found in a signal.
type Change struct {
	Found float64 // share of the expected change, 1 in full, negative the wrong way
	Aside float64 // what lies beside it, as a share of it
}

// Changes compares each change of the screen, at its start, with that of the signal:
// what was before with what was after it has settled. The last start is the end of
// the last colour. ok is false if a colour has no picture of its own.
func (f *Film) Changes(x Fit, starts []time.Duration, settle time.Duration) (all []Change, ok bool) {
	s := f.segments(x, starts, settle)
	for i := 1; i < len(starts); i++ {
		if s[i].n == 0 {
			return nil, false
		}
		if s[i-1].n == 0 {
			continue // the light before the first colour, if nobody filmed it
		}
		var yh, hh, yy float64
		for k := range 2 {
			dy, dh := s[i].y[k]-s[i-1].y[k], s[i].hat[k]-s[i-1].hat[k]
			yh, hh, yy = yh+dy*dh, hh+dh*dh, yy+dy*dy
		}
		found := yh / hh
		// Two colours may lie near to each other, where noise is a large share of
		// little: nothing below the size of the signal is divided by.
		least := Size(x.Hat)
		all = append(all, Change{Found: found, Aside: math.Sqrt(max(0, yy-found*found*hh) / max(hh, least*least))})
	}
	return all, true
}

// A segment sums up the settled pictures between two starts: the mean of the signal
// and of the fit.
type segment struct {
	n      int
	y, hat [2]float64
}

func (f *Film) segments(x Fit, starts []time.Duration, settle time.Duration) []segment {
	out := make([]segment, len(starts)+1)
	n := len(f.at)
	for i, at := range f.at {
		t := at - x.Delay
		s := step(starts, t)
		if s > 0 && t < starts[s-1]+settle+shutter {
			continue
		}
		g := &out[s]
		g.n++
		for k := range 2 {
			g.y[k] += x.Y[k*n+i]
			g.hat[k] += x.Hat[k*n+i]
		}
	}
	for i := range out {
		for k := range 2 {
			out[i].y[k] /= float64(max(1, out[i].n))
			out[i].hat[k] /= float64(max(1, out[i].n))
		}
	}
	return out
}
