package liveness

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A scene is what a trace is made of: a head or something else, in numbers, before
// a screen. The zero value of most fields is that of an honest person.
type scene struct {
	seed     uint64
	lit      float64                     // light of the screen over that of the room, on the face
	room     float64                     // on the background, as a share of that
	relief   float64                     // 1 a head, 0 a sheet
	delay    time.Duration               // from screen to picture
	noise    float64                     // of each cell, relative
	sequence []Step                      // that the face was lit by, if not the one asked for
	network  time.Duration               // one way
	alter    func(i int, o *Observation) // of single frames
}

func honest(seed uint64) scene {
	return scene{seed: seed, lit: 0.25, room: 0.1, relief: 0.7, delay: 100 * time.Millisecond, noise: 0.01, network: 60 * time.Millisecond}
}

// trace makes the capture of a scene at 20 frames a second.
func (s scene) trace(t *testing.T, c Challenge) (Capture, []Observation) {
	t.Helper()
	r := rand.New(rand.NewPCG(s.seed, 7))
	const client = 100 * time.Second // its clock is ahead of the server's
	k := Capture{Width: 480, Height: 640}
	begin := 2500 * time.Millisecond
	for i, step := range c.Steps {
		k.Shown = append(k.Shown, Shown{Step: i, At: client + begin})
		ahead := 250 * time.Millisecond
		if c.Way == Calm {
			ahead = s.network
		}
		k.Revealed = append(k.Revealed, begin-ahead)
		begin += c.Hold
		if i+1 < len(c.Steps) {
			begin += c.Steps[i+1].Pause
		}
		_ = step
	}
	lit := c
	if s.sequence != nil {
		lit.Steps = s.sequence
	}
	var seen []Observation
	for at := time.Duration(0); at < begin+200*time.Millisecond; at += 50*time.Millisecond + time.Duration(r.IntN(8))*time.Millisecond {
		k.Frames = append(k.Frames, Frame{Number: len(k.Frames), At: client + at, Arrived: at + s.network + 30*time.Millisecond})
		o := s.observe(r, lit.Screen(k.Shown, client+at-s.delay), len(seen))
		s.pose(c, k, client+at, &o, r)
		if s.alter != nil {
			s.alter(len(seen), &o)
		}
		seen = append(seen, o)
	}
	return k, seen
}

// observe is one frame under the light of the screen.
func (s scene) observe(r *rand.Rand, screen [3]float64, frame int) Observation {
	o := Observation{
		Size: [2]int{480, 640}, Sure: true, Faces: -1, Eyes: 90, Width: 150,
		Sharp: 10 + r.Float64(), Noise: 1, Luma: 120,
	}
	binary.BigEndian.PutUint64(o.Digest[:], s.seed<<20|uint64(frame))
	exposure := 0.3 + 0.03*math.Sin(float64(frame)/9)
	cell := func(lit float64, j int) Cell {
		albedo := [3]float64{.6, .45, .35}
		var l [3]float64
		for k := range l {
			l[k] = exposure * albedo[k] * (1 + 0.3*math.Sin(float64(j))) * (1 + lit*screen[k]) * (1 + s.noise*r.NormFloat64())
		}
		return Cell{l[0], l[1], l[2], 50}
	}
	for j := range o.Skin {
		x, y := float64(j%Columns)/(Columns-1)*2-1, float64(j/Columns)/(Rows-1)*2-1
		o.Facing[j] = 1.4 - 0.6*(x*x+y*y) + 0.3*math.Cos(6*x)*math.Cos(5*y)
		o.Skin[j] = cell(s.lit*(1+s.relief*(o.Facing[j]-1)), j)
	}
	for j := range o.Ground {
		o.Ground[j] = cell(s.lit*s.room, j)
	}
	return o
}

// pose moves the head as it was asked to.
func (s scene) pose(c Challenge, k Capture, at time.Duration, o *Observation, r *rand.Rand) {
	o.Centre.X, o.Centre.Y = 240+3*math.Sin(at.Seconds()*2)+0.5*r.NormFloat64(), 320+2*math.Cos(at.Seconds()*3)
	near := k.Shown[0].At - 500*time.Millisecond
	for i, step := range c.Steps {
		since := (at - k.Shown[i].At).Seconds() - 0.4
		switch turn := 20 * math.Sin(math.Pi*since/1.4); {
		case step.Move == Near:
			near = k.Shown[i].At + 1400*time.Millisecond
		case since < 0 || since > 1.4:
		case step.Move == Left:
			o.Pose.Yaw -= turn
		case step.Move == Right:
			o.Pose.Yaw += turn
		}
	}
	f := min(1, max(0, 1+(at-near).Seconds()/1))
	o.Width *= 1 + 0.5*f
	o.Pose.Yaw += 0.5 * r.NormFloat64()
	o.Nose = 0.4 * s.relief / 0.7 * math.Sin(o.Pose.Yaw*math.Pi/180)
}

// one is an embedding that is the same for all frames.
func one(int) ([]float32, error) { return make([]float32, 128), nil }
