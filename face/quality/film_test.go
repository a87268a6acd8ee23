package quality_test

import (
	"flag"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face/quality"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
)

// films is how many films are made of each of how many persons; all of the cast if 0.
var films = flag.Int("films", 0, "films of each member of the cast, instead of one of three")

// capture is a person who comes near before a screen that changes its colour.
func capture(st *clip.Stage, d clip.Device) clip.Script {
	w, h := d.Size()
	// From ear to ear a face is a quarter wider than from cheek to cheek.
	share := func(of float64) float64 { return st.DistanceFor(of / 1.25 * float64(min(w, h)) / float64(w)) }
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	return clip.Script{
		Length: ms(2600), Fade: ms(80),
		Shown: []clip.Shown{
			{At: 0, Colour: [3]uint8{180, 180, 180}},
			{At: ms(1200), Colour: [3]uint8{255, 150, 150}},
			{At: ms(1600), Colour: [3]uint8{0, 208, 80}},
			{At: ms(2000), Colour: [3]uint8{125, 182, 255}},
		},
		Moves: []clip.Move{{At: 0, Distance: share(0.38)}, {At: ms(900), Distance: share(0.58)}},
	}
}

// A tally counts frames of living persons.
type tally struct {
	frames, good int
	shut, seen   int // frames of a blink, and those of them that were noticed
	hints        map[quality.Hint]int
}

// watch judges every n-th frame of a film.
func (c *tally) watch(t testing.TB, frames []clip.Frame, n int, g quality.Gates) (good int) {
	tr, best := engine(t).Track(), 0.0
	for i := 0; i < len(frames); i += n {
		img := decode(t, frames[i].JPEG)
		m := quality.Measure(img, film(t, tr, img))
		best = max(best, m.Sharp)
		m.Best = best
		h, ok := quality.Judge(m, g)
		if open := frames[i].Truth.Open; open < 0.9 {
			if open < 0.2 {
				c.shut++
			}
			if open < 0.2 && h == quality.EyesShut {
				c.seen++
			}
			continue
		}
		c.frames++
		if ok {
			c.good++
			good++
			continue
		}
		c.hints[h]++
		if testing.Verbose() {
			t.Logf("frame %d: %q %+v", i, h, m)
		}
	}
	return good
}

// Living persons of light and dark skin, with and without glasses and beards, meet the
// gates of a match at 30 to 400 lux before a screen that changes its colour; with the flag films it is all of the cast.
func TestLiveCapturesAreGood(t *testing.T) {
	cast, n := []string{"ada", "gus", "hana"}, 1
	if *films > 0 {
		cast, n = nil, *films
		for _, p := range virtual.Cast() {
			cast = append(cast, p.Name)
		}
	}
	c := tally{hints: map[quality.Hint]int{}}
	for k, name := range cast {
		s := clip.Sit(model(t, name))
		for i := range n {
			sc := clip.Draw(uint64(7000+100*k+i), 30, 400)
			st := clip.New(s, sc)
			frames := st.Film(capture(st, sc.Device))
			near := frames[len(frames)/2:]
			before := c.frames
			if good := c.watch(t, near, 5, quality.Match()); good < 3 {
				t.Errorf("%s, %.0f lux, %s: %d of %d frames are good, and three are compared", name, sc.Lux, sc.Device, good, c.frames-before)
			}
		}
	}
	t.Logf("%d of %d frames good, of %d with shut eyes %d noticed; hints %v", c.good, c.frames, c.shut, c.seen, c.hints)
	if c.frames < 10 || c.good < c.frames*95/100 {
		t.Errorf("%d of %d frames are good: %v", c.good, c.frames, c.hints)
	}
}

// What a person does wrong before a camera has its hint.
func TestFilmedFaults(t *testing.T) {
	p, _ := virtual.Find("hana")
	s := clip.Sit(model(t, "hana"))
	oval := quality.Oval{X: 0.5, Y: 0.5, Width: 0.45}
	faults := []struct {
		name   string
		sitter *clip.Sitter
		at     clip.Move
		share  float64 // of the picture's width, that the face has
		want   quality.Hint
	}{
		{"in the oval", s, clip.Move{}, 0.45, quality.None},
		{"far", s, clip.Move{}, 0.28, quality.Closer},
		{"near", s, clip.Move{}, 0.68, quality.Back},
		{"beside", s, clip.Move{X: 0.17}, 0.45, quality.Centre},
		{"too high", s, clip.Move{Y: -0.2}, 0.45, quality.Centre},
		{"turned left", s, clip.Move{Yaw: -25}, 0.45, quality.Straight},
		{"turned right", s, clip.Move{Yaw: 25}, 0.45, quality.Straight},
		{"tilted", s, clip.Move{Roll: 22}, 0.45, quality.Straight},
		{"from below", s, clip.Move{Pitch: 28, Y: 0.13}, 0.45, quality.EyeLevel},
		{"from above", s, clip.Move{Pitch: -28, Y: -0.2}, 0.45, quality.EyeLevel},
		{"eyes shut", clip.Sit(virtual.NewModelOf(p, virtual.Expression{Blink: 1})), clip.Move{}, 0.45, quality.EyesShut},
		{"mouth open", clip.Sit(virtual.NewModelOf(p, virtual.Expression{Gape: 2.6})), clip.Move{}, 0.45, quality.MouthOpen},
		{"smiling", clip.Sit(virtual.NewModelOf(p, virtual.Expression{Smile: 1})), clip.Move{}, 0.45, quality.None},
	}
	for _, f := range faults {
		sc := clip.Draw(31, 150, 200)
		sc.Calm, sc.Device, sc.Side = true, clip.Phone, 0.2
		st := clip.New(f.sitter, sc)
		f.at.Distance = st.DistanceFor(f.share)
		frames := st.Film(clip.Script{Length: 60 * time.Millisecond, Moves: []clip.Move{f.at}})
		img := decode(t, frames[0].JPEG)
		m := quality.Measure(img, film(t, engine(t).Track(), img))
		if h, ok := quality.Judge(m, quality.Stream(oval)); h != f.want || ok != (f.want == quality.None) {
			t.Errorf("%s: %q, want %q; %+v", f.name, h, f.want, m)
		}
	}
}
