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
		fit = t.identity(fit, k, seen, embed)
	}
	return t.verdict(fit)
}

// measuredOnly takes a face of which something is no number for one that was lost.
func measuredOnly(seen []Observation) []Observation {
	seen = slices.Clone(seen)
	for i := range seen {
		o := &seen[i]
		sum := o.Centre.X + o.Centre.Y + o.Eyes + o.Pose.Yaw + o.Pose.Pitch + o.Pose.Roll +
			o.Nose + o.Sharp + o.Noise + o.Luma
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
	t.note("shape-cells", float64(s.Places))
	if s.Places < minCells {
		t.unsure("beta", FaceLost)
	} else {
		t.least("beta", s.Beta, t.rules.Beta)
		t.least("beta-t", s.T, t.rules.BetaT)
		t.least("rough", s.Rough, t.rules.Rough)
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
	t.needs("clear", match.Size(x.Hat)/noise, t.rules.Clear, Dimmer)
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
	usualSize := match.Size(x.Hat)
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

// identity asks whether the frames that may be compared and others show one face,
// and returns those three that are to be compared. The others are the first, those
// whose face looks least like the rest, and some that nobody can foresee who does not
// know the server's clock. A frame is compared only if it is close to most of all; one
// may lie off, as shut eyes do, but no further than one person's face can.
func (t *trial) identity(fit []int, k Capture, seen []Observation, embed Embed) []int {
	if embed == nil || len(fit) < compared {
		t.unsure("identity", Again)
		return nil
	}
	sure := window(k, seen, math.MinInt64, math.MaxInt64)
	frames := append(slices.Clone(fit), sure[0])
	frames = append(frames, t.odd[:min(2, len(t.odd))]...)
	random := rand.New(rand.NewPCG(uint64(k.Revealed[len(k.Revealed)-1]), uint64(k.Frames[len(k.Frames)-1].Arrived)))
	for range 3 {
		frames = append(frames, sure[random.IntN(len(sure))])
	}
	vectors := make([][]float32, 0, len(frames))
	for i, frame := range frames {
		if slices.Contains(frames[:i], frame) {
			continue
		}
		v, err := embed(frame)
		if err != nil {
			t.unsure("identity", Again)
			return nil
		}
		frames[len(vectors)] = frame
		vectors = append(vectors, v)
	}
	usual, least, ok := match.Alike(vectors)
	if !ok {
		t.unsure("identity", Again)
		return nil
	}
	var out []int
	for i := range fit {
		if usual[i] <= t.rules.Close && len(out) < compared {
			out = append(out, fit[i])
		}
	}
	t.least("alike", float64(len(out)), compared)
	t.most("close", match.Median(usual), t.rules.Close)
	t.most("apart", slices.Max(least), t.rules.Apart)
	return out
}
