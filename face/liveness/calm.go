package liveness

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// A turn is one move as it was found.
type turn struct {
	angle  float64       // of the head towards the side asked for, degrees from rest
	other  float64       // towards the other side
	relief float64       // how far the nose went with it, in eye distances
	react  time.Duration // from being asked to a third of the way
}

// calm judges the moves: each done when and as it was asked for and no other, by a
// head of which the nose stands out. It returns the frames that may be compared.
func (t *trial) calm(c Challenge, k Capture, seen []Observation) []int {
	rest := window(k, seen, math.MinInt64, k.Shown[0].At+t.rules.React)
	if len(rest) < 4 {
		t.unsure("rest", FollowTurn)
		return nil
	}
	yaw := over(rest, func(i int) float64 { return seen[i].Pose.Yaw })
	nose := over(rest, func(i int) float64 { return seen[i].Nose })
	angle, other, relief, react := math.Inf(1), 0.0, math.Inf(1), time.Duration(math.MaxInt64)
	for i, s := range c.Steps {
		during := window(k, seen, k.Shown[i].At, k.Shown[i].At+c.Hold)
		if len(during) < 8 {
			t.unsure("moves", Camera)
			return nil
		}
		if s.Move == Near {
			t.near(k, seen, k.Shown[i].At, c.Hold)
			other = math.Max(other, sway(during, seen, yaw))
			continue
		}
		sign := map[Move]float64{Left: -1, Right: 1}[s.Move]
		m := turned(during, k, seen, k.Shown[i].At, sign, yaw, nose)
		angle, other, relief, react = math.Min(angle, m.angle), math.Max(other, m.other), math.Min(relief, m.relief), min(react, m.react)
	}
	t.needs("turn", angle, t.rules.Turn, FollowTurn)
	t.within("other-turn", other, t.rules.Rest, FollowTurn)
	t.within("unrest", t.unrest(c, k, seen, yaw), t.rules.Rest, FollowTurn)
	t.least("react", react.Seconds(), t.rules.React.Seconds())
	t.least("relief", relief, t.rules.Relief)
	return t.still(c, k, seen, yaw)
}

// turned measures a turn in its window. Sign is that of the yaw asked for.
func turned(during []int, k Capture, seen []Observation, asked time.Duration, sign, yaw, nose float64) turn {
	var m turn
	at := func(i int) float64 { return sign * (seen[i].Pose.Yaw - yaw) }
	for _, i := range during {
		m.angle, m.other = math.Max(m.angle, at(i)), math.Max(m.other, -at(i))
	}
	var far []float64
	for _, i := range during {
		if at(i) >= 0.8*m.angle {
			far = append(far, sign*(seen[i].Nose-nose))
		}
	}
	m.relief, m.react = match.Median(far), math.MaxInt64
	for _, i := range during {
		if at(i) > m.angle/3 {
			m.react = k.Frames[i].At - asked
			break
		}
	}
	return m
}

// sway is the farthest that the head is turned from rest over frames, in degrees.
func sway(frames []int, seen []Observation, yaw float64) float64 {
	most := 0.0
	for _, i := range frames {
		most = math.Max(most, math.Abs(seen[i].Pose.Yaw-yaw))
	}
	return most
}

// near judges that the face came up after it was asked to and not before.
func (t *trial) near(k Capture, seen []Observation, asked, hold time.Duration) {
	before := window(k, seen, asked-hold/2, asked+t.rules.React)
	after := window(k, seen, asked+hold-hold/4, asked+hold)
	if len(before) < 2 || len(after) < 2 {
		t.unsure("growth", FollowOval)
		return
	}
	wide := func(i int) float64 { return seen[i].Width }
	t.needs("growth", over(after, wide)/over(before, wide), t.rules.Growth, FollowOval)
	// An approach that began before it was asked for is one of another time.
	first := window(k, seen, math.MinInt64, asked+t.rules.React)
	t.within("early", over(before, wide)/over(first, wide), 1.12, FollowTurn)
}

// unrest is how far the head is turned while nothing is asked, in degrees: in the
// pauses, and in the time that nobody can react in.
func (t *trial) unrest(c Challenge, k Capture, seen []Observation, yaw float64) float64 {
	most := 0.0
	for i := range c.Steps {
		from := time.Duration(math.MinInt64)
		if i > 0 {
			from = k.Shown[i-1].At + c.Hold
		}
		most = math.Max(most, sway(window(k, seen, from, k.Shown[i].At+t.rules.React), seen, yaw))
	}
	return most
}

// still are three frames to compare: from the front, sharp, and apart in time.
func (t *trial) still(c Challenge, k Capture, seen []Observation, yaw float64) []int {
	score := func(i int) float64 {
		o := seen[i]
		return o.Sharp * math.Exp(-math.Hypot(o.Pose.Yaw-yaw, o.Pose.Pitch)/8) * (1 - math.Abs(o.Luma-128)/160)
	}
	order := window(k, seen, k.Shown[0].At, k.Shown[len(k.Shown)-1].At+c.Hold)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score(b), score(a)) })
	return spaced(order, func(i int) time.Duration { return k.Frames[i].At })
}

// compared is how many frames are compared with a portrait, and spare how many more
// are looked at.
const (
	compared = 3
	spare    = 2
)

// spaced takes the first of frames that lie apart by the time of a colour; nil if
// there are too few of them.
func spaced(order []int, at func(int) time.Duration) []int {
	var out []int
	for _, i := range order {
		if len(out) < compared+spare && !slices.ContainsFunc(out, func(j int) bool { return (at(i) - at(j)).Abs() < hold }) {
			out = append(out, i)
		}
	}
	if len(out) < compared {
		return nil
	}
	return out
}
