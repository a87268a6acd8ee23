package liveness

import (
	"math"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// stream judges the times and the files: what a camera and a network can have
// done. It reports whether the rest can be looked at.
func (t *trial) stream(c Challenge, k Capture, seen []Observation) bool {
	if len(k.Frames) != len(seen) || len(k.Frames) < 10 {
		t.unsure("frames", Camera)
		return false
	}
	if len(k.Shown) != len(c.Steps) || len(k.Revealed) != len(c.Steps) {
		t.unsure("steps", Again)
		return false
	}
	if !t.order(k) || !t.steps(c, k) {
		return false
	}
	t.lateness(c, k)
	t.rate(c, k, seen)
	t.files(k, seen)
	return true
}

// order refuses frames that are not in the order of their numbers and times.
func (t *trial) order(k Capture) bool {
	for i, f := range k.Frames[1:] {
		was := k.Frames[i]
		if f.Number <= was.Number || f.At <= was.At || f.Arrived < was.Arrived {
			t.refuse("order")
			return false
		}
	}
	return true
}

// steps refuses steps out of order, and those that stood shorter than a screen can
// have shown them. One that stood too long is the client's trouble.
func (t *trial) steps(c Challenge, k Capture) bool {
	const jitter = 40 * time.Millisecond // two pictures of a screen and a late timer
	for i, s := range k.Shown {
		if s.Step != i || i > 0 && (s.At < k.Shown[i-1].At+c.Hold+c.Steps[i].Pause-jitter || k.Revealed[i] < k.Revealed[i-1]) {
			t.refuse("steps")
			return false
		}
		if i > 0 && c.Way == Light && s.At > k.Shown[i-1].At+c.Hold+time.Second {
			t.unsure("steps", Network)
		}
	}
	return true
}

// lateness bounds the time in which a forger could have made a frame: from the
// step being sent to a frame that was taken under it having come, less what the
// client says lay between the two. It holds for any two clocks.
func (t *trial) lateness(c Challenge, k Capture) {
	low, high := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	near, far := low, high
	for _, f := range k.Frames {
		way := f.Arrived - f.At
		near, far = min(near, way), max(far, way)
		for i, s := range k.Shown {
			low = min(low, way+s.At-k.Revealed[i])
			if f.At >= s.At && (i+1 == len(k.Shown) || f.At < k.Shown[i+1].At) {
				high = max(high, way+s.At-k.Revealed[i])
			}
		}
	}
	// Shown before it was sent, or come before it was taken.
	t.least("haste", low.Seconds(), 0)
	ahead := time.Duration(t.rules.Ahead) * c.Hold
	if c.Way == Calm {
		ahead = 0
	}
	t.within("late", high.Seconds(), (ahead + t.rules.MaxLate).Seconds(), Network)
	t.within("lag", (far - near).Seconds(), t.rules.MaxLate.Seconds(), Network)
	slope := arrivalSlope(k.Frames)
	t.within("slope", slope, 1.25, Network)
	t.least("slope", slope, 0.75)
}

// arrivalSlope is how fast the server's clock runs against the frames' times.
func arrivalSlope(frames []Frame) float64 {
	var x, y, xx, xy float64
	n := float64(len(frames))
	for _, f := range frames {
		a, b := (f.At - frames[0].At).Seconds(), (f.Arrived - frames[0].Arrived).Seconds()
		x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// rate asks for frames often enough while the steps stand, and with the face.
func (t *trial) rate(c Challenge, k Capture, seen []Observation) {
	from, to := k.Shown[0].At, k.Shown[len(k.Shown)-1].At+c.Hold
	var all, sure []float64
	last := [2]time.Duration{from, from}
	for i, f := range k.Frames {
		if f.At < from || f.At > to {
			continue
		}
		all = append(all, (f.At - last[0]).Seconds())
		last[0] = f.At
		if seen[i].Sure {
			sure = append(sure, (f.At - last[1]).Seconds())
			last[1] = f.At
		}
	}
	if len(all) < 4 {
		t.unsure("rate", Camera)
		return
	}
	rate := float64(len(all)) / (to - from).Seconds()
	t.needs("rate", rate, t.rules.MinRate, Camera)
	t.most("rate", rate, 130)
	t.within("gap", slices.Max(append(all, (to-last[0]).Seconds())), t.rules.MaxGap.Seconds(), Camera)
	t.within("gap-face", slices.Max(append(sure, (to-last[1]).Seconds())), t.rules.MaxGap.Seconds(), FaceLost)
	t.note("jitter", slices.Max(all[1:])-slices.Min(all[1:]))
}

// files looks at the pictures: size, faces, repeats, noise, jumps.
func (t *trial) files(k Capture, seen []Observation) {
	digests := map[[32]byte]int{}
	var lost, twice, still, noises, crowd float64
	var noise []float64
	for i, o := range seen {
		if o.Size != [2]int{k.Width, k.Height} {
			lost++
			continue
		}
		if digests[o.Digest]++; digests[o.Digest] > 1 {
			twice++
		}
		if o.Faces > 1 {
			crowd++
		}
		if !o.Sure {
			lost++
			continue
		}
		if i > 0 && seen[i-1].Sure {
			noise = append(noise, o.Noise)
			if noises++; !(o.Noise >= t.rules.MinNoise) {
				still++
			}
		}
	}
	n := float64(len(seen))
	if t.note("crowd", crowd); crowd > 0 {
		t.unsure("crowd", OneFace)
	}
	t.within("lost", lost/n, t.rules.Lost, FaceLost)
	t.most("twice", twice/n, t.rules.Twice)
	t.note("noise", match.Median(noise))
	if noises == 0 {
		t.unsure("noise", FaceLost)
	} else {
		t.most("still", still/noises, t.rules.Still)
	}
	t.within("jump", jump(k, seen), t.rules.Jump, HoldStill)
}

// jump is the farthest that the face went between two frames, in its widths, or
// the most that it grew, as a share; beyond what a head does in the time between.
func jump(k Capture, seen []Observation) float64 {
	most, last := 0.0, -1
	for i, o := range seen {
		if !o.Sure || !(o.Width > 0) {
			continue
		}
		if last >= 0 {
			was := seen[last]
			width := math.Min(o.Width, was.Width)
			far := math.Hypot(o.Centre.X-was.Centre.X, o.Centre.Y-was.Centre.Y) / width
			grown := math.Abs(math.Log(o.Width / was.Width))
			slack := 1 / math.Max(1, (k.Frames[i].At-k.Frames[last].At).Seconds()/0.1)
			most = math.Max(most, math.Max(far, grown)*slack)
		}
		last = i
	}
	return most
}
