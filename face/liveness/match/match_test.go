package match

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// colours is a screen that changes every 400 ms.
func colours(seed uint64) Screen {
	palette := []Light{{1, .31, .31}, {0, .63, .08}, {.2, .47, 1}, {1, .22, 1}, {.51, .46, 0}, {0, .55, .75}}
	r := rand.New(rand.NewPCG(seed, 1))
	var shown [12]Light
	for i := range shown {
		shown[i] = palette[r.IntN(len(palette))]
	}
	return func(at time.Duration) Light { return shown[min(11, max(0, int(at/(400*time.Millisecond))))] }
}

func times() []time.Duration {
	var at []time.Duration
	for t := 500 * time.Millisecond; t < 4500*time.Millisecond; t += 57 * time.Millisecond {
		at = append(at, t)
	}
	return at
}

// lit is what a camera sees of a surface whose steady light is one, with its own
// exposure and a white balance that drifts.
func lit(s Screen, at []time.Duration, delay time.Duration, gain Light, noise float64) []Light {
	r := rand.New(rand.NewPCG(7, 7))
	out := make([]Light, len(at))
	for i, t := range at {
		exposure := 0.3 + 0.1*math.Sin(float64(i))
		l := s(t - delay)
		for k := range l {
			out[i][k] = exposure * (1 + 0.03*float64(k)*t.Seconds()) * (1 + gain[k]*l[k]) * (1 + noise*r.NormFloat64())
		}
	}
	return out
}

// Delay and gains come out as they went in, for light that is weak and that is not.
func TestFind(t *testing.T) {
	at, s := times(), colours(3)
	for _, tt := range []struct {
		delay time.Duration
		gain  Light
	}{
		{0, Light{.1, .1, .1}},
		{120 * time.Millisecond, Light{.05, .1, .2}},
		{300 * time.Millisecond, Light{1.5, 1.2, .8}},
		{500 * time.Millisecond, Light{.3, .3, .3}},
	} {
		f := New(at)
		x := f.Find(s, f.Chroma(lit(s, at, tt.delay, tt.gain, 0.002)))
		if late := (x.Delay - tt.delay + shutter/2).Abs(); late > 40*time.Millisecond || x.Rho < 0.97 {
			t.Errorf("delay %v for %v, rho %.3f", x.Delay, tt.delay, x.Rho)
		}
		for k, g := range tt.gain {
			if math.Abs(x.Gain[k]/g-1) > 0.25 {
				t.Errorf("gains %.3f for %.3f", x.Gain, tt.gain)
			}
		}
		for _, share := range []float64{0, 0.1, 0.5, 2} {
			part := Light{share * tt.gain[0], share * tt.gain[1], share * tt.gain[2]}
			g, e := f.Strength(x, f.Chroma(lit(s, at, tt.delay, part, 0.002)))
			if math.Abs(g-share) > 0.1+0.15*share || !(e < 0.1) {
				t.Errorf("strength %.3f ± %.3f for %.1f", g, e, share)
			}
		}
	}
}

// The light of another sequence is a poor fit, and no better than any other's.
func TestOtherSequence(t *testing.T) {
	at := times()
	others := make([]Screen, 100)
	for i := range others {
		others[i] = colours(uint64(100 + i))
	}
	for seed := range uint64(10) {
		f := New(at)
		y := f.Chroma(lit(colours(seed+20), at, 100*time.Millisecond, Light{.2, .2, .2}, 0.002))
		if x := f.Find(colours(seed+20), y); x.Rho < 0.97 || f.Beats(x, others) < 2 {
			t.Errorf("own sequence: rho %.3f, beats by %.1f", x.Rho, f.Beats(x, others))
		}
		if x := f.Find(colours(seed), y); x.Rho > 0.9 {
			t.Errorf("another sequence: rho %.3f", x.Rho)
		}
	}
}

// A film in which the light comes later and later has a drift.
func TestDrift(t *testing.T) {
	at, s := times(), colours(5)
	steady, sliding := lit(s, at, 100*time.Millisecond, Light{.2, .2, .2}, 0.002), make([]Light, len(at))
	for i, t := range at {
		sliding[i] = lit(s, []time.Duration{t}, 50*time.Millisecond+t/10, Light{.2, .2, .2}, 0)[0]
	}
	f := New(at)
	x := f.Find(s, f.Chroma(steady))
	if d := f.Drift(s, x); d > 30*time.Millisecond {
		t.Errorf("drift of %v in a steady film", d)
	}
	x = f.Find(s, f.Chroma(sliding))
	if d := f.Drift(s, x); d < 120*time.Millisecond {
		t.Errorf("drift of %v in a film that slides", d)
	}
}

func TestLeastSquares(t *testing.T) {
	rows := [][]float64{{1, 0}, {1, 1}, {1, 2}, {1, 3}}
	w := []float64{1, 1, 1, 0}
	x, inverse, ok := LeastSquares(rows, []float64{1, 3, 5, 99}, w)
	if !ok || math.Abs(x[0]-1) > 1e-9 || math.Abs(x[1]-2) > 1e-9 || math.Abs(inverse[1]-0.5) > 1e-9 {
		t.Errorf("%v, %v, %v", x, inverse, ok)
	}
	if _, _, ok := LeastSquares([][]float64{{1, 2}, {2, 4}}, []float64{1, 2}, w); ok {
		t.Error("rows that say the same determine two unknowns")
	}
	if _, _, ok := LeastSquares(nil, nil, nil); ok {
		t.Error("nothing determines something")
	}
}
