package liveness

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// Embed gives the embedding of the face in a frame of the capture.
type Embed func(frame int) ([]float32, error)

// Judge says whether a capture that answers c shows a living person, of what was
// seen in its frames: one observation for each. It asks embed for those frames that
// it would let be compared and for some others, and for none if the answer is
// clear without; a fault of embed is no answer, that is Retry. It does not look at
// c beyond its form, which [Challenge.Check] does. Judge is a pure function: the
// same input gives the same verdict.
func Judge(c Challenge, k Capture, seen []Observation, r Rules, embed Embed) Verdict {
	t := newTrial(r, c.Way)
	if err := c.Check(); err != nil {
		t.unsure("challenge", Again)
		return t.verdict(nil)
	}
	seen = measuredOnly(seen)
	if !t.stream(c, k, seen) {
		return t.verdict(nil)
	}
	var fit []int
	if c.Way == Calm {
		fit = t.calm(c, k, seen)
	} else {
		fit = t.light(c, k, seen)
	}
	if t.clean() {
		t.identity(fit, k, seen, embed)
	}
	return t.verdict(fit)
}

// measuredOnly takes a face of which something is no number for one that was lost.
func measuredOnly(seen []Observation) []Observation {
	seen = slices.Clone(seen)
	for i := range seen {
		o := &seen[i]
		sum := o.Centre.X + o.Centre.Y + o.Eyes + o.Pose.Yaw + o.Pose.Pitch + o.Pose.Roll +
			o.Depth.Nose + o.Depth.Ears + o.Depth.Wings + o.Sharp + o.Noise + o.Luma
		o.Sure = o.Sure && o.Width > 0 && !math.IsNaN(sum-sum) // which an infinity also fails
	}
	return seen
}

// clean reports whether nothing stands against a capture yet.
func (t *trial) clean() bool { return !t.refused && len(t.hints) == 0 }

// light judges the colours. It returns the frames that may be compared.
func (t *trial) light(c Challenge, k Capture, seen []Observation) []int {
	t.approach(c, k, seen)
	f := newFilm(c, k, seen)
	if len(f.index) < 2*len(c.Steps) {
		t.unsure("film", Camera)
		return nil
	}
	face, n := f.face(seen)
	if t.note("cells", float64(n)); n < minCells {
		t.unsure("cells", Dimmer)
		return nil
	}
	x := f.Find(f.screen(c.Steps), f.Chroma(face))
	if !t.sequence(f, x) {
		return nil
	}
	g, e, n := f.background(x, seen)
	if t.note("background-error", e); n < minGround || !(e < 0.25) {
		t.note("background", g)
		t.unsure("background", Background)
	} else {
		t.most("background", g, t.rules.Background)
	}
	s := f.relief(x, seen)
	t.note("shape-cells", float64(s.cells))
	if s.cells < minCells {
		t.unsure("beta", FaceLost)
	} else {
		t.least("beta", s.beta, t.rules.Beta)
		t.least("beta-t", s.t, t.rules.BetaT)
		t.least("rough", s.rough, t.rules.Rough)
	}
	t.eyes(f, x, seen)
	t.least("sway", f.sway(seen), t.rules.Sway)
	p := f.pattern(seen)
	t.note("pattern", slices.Max(p))
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	for _, i := range order {
		t.odd = append(t.odd, f.index[i])
	}
	return f.best(x, p, seen)
}

// sequence judges the light of the face against what was commanded. It reports
// whether there is enough of it to look further.
func (t *trial) sequence(f *film, x match.Fit) bool {
	for k, name := range []string{"gain-r", "gain-g", "gain-b"} {
		t.note(name, x.Gain[k])
	}
	noise := f.Noise(x.Y, f.starts())
	t.note("noise-chroma", noise)
	t.needs("amplitude", (x.Gain[0]+x.Gain[1]+x.Gain[2])/3, t.rules.Amplitude, Dimmer)
	t.needs("clear", size(x.Hat)/noise, t.rules.Clear, Dimmer)
	t.least("rho", x.Rho, t.rules.Rho)
	if !(x.Rho > 0) || !((x.Gain[0]+x.Gain[1]+x.Gain[2])/3 > 0) {
		return false
	}
	t.least("decoys", f.Beats(x, f.decoys()), t.rules.Decoys)
	all, ok := f.Changes(x, f.starts(), f.challenge.Fade)
	if !ok {
		if !t.refused { // a fit at any delay is not missed frames
			t.unsure("changes", Camera)
		}
		return false
	}
	least, aside := math.Inf(1), 0.0
	for _, c := range all {
		least, aside = math.Min(least, c.Found), math.Max(aside, c.Aside)
	}
	t.least("change", least, t.rules.Change)
	t.most("aside", aside, t.rules.Aside)
	t.most("delay", x.Delay.Seconds(), t.rules.Delay.Seconds())
	t.most("drift", f.Drift(f.screen(f.challenge.Steps), x).Seconds(), t.rules.Drift.Seconds())
	return true
}

// size is the root mean square of a signal.
func size(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum / float64(len(v)))
}

// approach judges how the face grew from the far oval to the near one.
func (t *trial) approach(c Challenge, k Capture, seen []Observation) {
	near := window(k, seen, k.Shown[0].At, k.Shown[len(k.Shown)-1].At+c.Hold)
	before := window(k, seen, math.MinInt64, k.Shown[0].At)
	if len(near) < 4 || len(before) < 4 {
		t.unsure("approach", FollowOval)
		return
	}
	slices.SortStableFunc(before, func(a, b int) int { return cmp.Compare(seen[a].Width, seen[b].Width) })
	far := before[:max(4, len(before)/4)]
	wide := func(i int) float64 { return seen[i].Width }
	growth := over(near, wide) / over(far, wide)
	t.needs("growth", growth, t.rules.Growth, FollowOval)
	t.note("ears", math.Log(over(near, func(i int) float64 { return seen[i].Depth.Ears })/over(far, func(i int) float64 { return seen[i].Depth.Ears })))
	t.note("wings", math.Log(over(near, func(i int) float64 { return seen[i].Depth.Wings })/over(far, func(i int) float64 { return seen[i].Depth.Wings })))
}

// window are the frames with a face that were taken in a span of time.
func window(k Capture, seen []Observation, from, to time.Duration) []int {
	var out []int
	for i, f := range k.Frames {
		if f.At >= from && f.At < to && seen[i].Sure {
			out = append(out, i)
		}
	}
	return out
}

// over is the median of a measure over frames.
func over(frames []int, of func(int) float64) float64 {
	v := make([]float64, len(frames))
	for i, f := range frames {
		v[i] = of(f)
	}
	return match.Median(v)
}

// eyes notes how the glints of the eyes follow the sequence. It is not judged:
// small eyes have none, and glasses have them on anybody.
func (t *trial) eyes(f *film, x match.Fit, seen []Observation) {
	for side, name := range []string{"eye-left", "eye-right"} {
		if spot, ok := f.area(seen, func(o *Observation) Cell { return o.Spots[side] }); ok {
			t.note(name, match.Correlation(f.Chroma(spot), x.Hat))
		}
	}
}

// best are the three frames to compare: sharp, from the front and evenly lit, each
// of a step of its own, and each of them close to the light that was commanded.
func (f *film) best(x match.Fit, pattern []float64, seen []Observation) []int {
	n := len(f.at)
	usualSize := size(x.Hat)
	usual := match.Median(pattern)
	order := make([]int, 0, n)
	score := make([]float64, n)
	for i, frame := range f.index {
		o := seen[frame]
		miss := math.Hypot(x.Y[i]-x.Hat[i], x.Y[n+i]-x.Hat[n+i])
		if miss > 0.6*usualSize+0.01 || pattern[i] > 1.5*usual || f.at[i]-x.Delay < f.shown[0].At {
			continue
		}
		score[i] = o.Sharp * math.Exp(-math.Hypot(o.Pose.Yaw, o.Pose.Pitch)/15) * (1 - math.Abs(o.Luma-128)/160)
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	out := spaced(order, func(i int) time.Duration { return f.at[i] })
	for j, i := range out {
		out[j] = f.index[i]
	}
	return out
}

// identity asks whether the frames that are to be compared and others show one face:
// every pair of them. The others are the first, those whose face looks least like
// the rest, and some that nobody can foresee who does not know the server's clock.
func (t *trial) identity(compare []int, k Capture, seen []Observation, embed Embed) {
	if embed == nil || len(compare) == 0 {
		t.unsure("identity", Again)
		return
	}
	sure := window(k, seen, math.MinInt64, math.MaxInt64)
	frames := slices.Clone(compare)
	take := func(i int) {
		if !slices.Contains(frames, i) {
			frames = append(frames, i)
		}
	}
	take(sure[0])
	for _, i := range t.odd[:min(2, len(t.odd))] {
		take(i)
	}
	random := rand.New(rand.NewPCG(uint64(k.Revealed[len(k.Revealed)-1]), uint64(k.Frames[len(k.Frames)-1].Arrived)))
	for range 3 {
		take(sure[random.IntN(len(sure))])
	}
	vectors := make([][]float32, len(frames))
	for i, frame := range frames {
		var err error
		if vectors[i], err = embed(frame); err != nil || len(vectors[i]) == 0 || len(vectors[i]) != len(vectors[0]) {
			t.unsure("identity", Again)
			return
		}
	}
	most := 0.0
	for i, a := range vectors {
		for _, b := range vectors[:i] {
			sum := 0.0
			for j := range a {
				sum += float64(a[j]-b[j]) * float64(a[j]-b[j])
			}
			if math.IsNaN(sum) {
				t.unsure("identity", Again)
				return
			}
			most = math.Max(most, math.Sqrt(sum))
		}
	}
	t.most("apart", most, t.rules.Apart)
}
