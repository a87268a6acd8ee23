package liveness

import (
	"bytes"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/flash"
)

// draw draws a challenge that is the same in every run of a test.
func draw(t *testing.T, way Way, seed ...uint64) Challenge {
	t.Helper()
	var key [32]byte
	copy(key[2:], t.Name())
	for _, s := range seed {
		key[0], key[1] = byte(s), byte(s>>8)
	}
	c, err := Draw(rand.NewChaCha8(key), way)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every pair of neighbours, the grey at both ends included, is looked at by itself
// and as the fastest back and forth that could be drawn.
func TestNoPairOfColoursFlashes(t *testing.T) {
	palette := Palette()
	all := append(palette[:], Neutral())
	for _, a := range all {
		for _, b := range all {
			if err := flash.Safe(a.values(), b.values()); err != nil {
				t.Errorf("%v to %v: %v", a, b, err)
			}
			for _, blend := range []func(f float64) [3]float64{
				func(f float64) [3]float64 {
					mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + f*(float64(b)-float64(a)))) }
					return flash.Linear([3]uint8{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B)})
				},
				func(f float64) [3]float64 {
					x, y := a.Linear(), b.Linear()
					return [3]float64{x[0] + f*(y[0]-x[0]), x[1] + f*(y[1]-x[1]), x[2] + f*(y[2]-x[2])}
				},
			} {
				var light [][3]float64
				for _, f := range []float64{0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1, .9, .8, .7, .6, .5, .4, .3, .2, .1, 0} {
					light = append(light, blend(f))
				}
				if general, red := flash.Count(append(light, light...)); general+red > 0 {
					t.Errorf("%v and %v: %d general, %d red flashes", a, b, general, red)
				}
			}
		}
	}
}

// What is displayed over a whole challenge, each millisecond of it.
func TestDrawnChallengesDoNotFlashAsDisplayed(t *testing.T) {
	for i := range uint64(50) {
		c := draw(t, Light, i)
		var shown []Shown
		for i := range c.Steps {
			shown = append(shown, Shown{Step: i, At: time.Second + time.Duration(i)*c.Hold})
		}
		var light [][3]float64
		for at := 900 * time.Millisecond; at < 6*time.Second; at += time.Millisecond {
			light = append(light, c.Screen(shown, at))
		}
		if general, red := flash.Count(light); general+red > 0 {
			t.Fatalf("%v: %d general, %d red flashes", c.Steps, general, red)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		way   Way
		spoil func(*Challenge)
	}{
		{"white and black", Light, func(c *Challenge) { c.Steps[2].Colour = Colour{255, 255, 255}; c.Steps[3].Colour = Colour{} }},
		{"a red", Light, func(c *Challenge) { c.Steps[2].Colour = Colour{255, 0, 0} }},
		{"twice in a row", Light, func(c *Challenge) { c.Steps[3] = c.Steps[2] }},
		{"too fast", Light, func(c *Challenge) { c.Hold = 300 * time.Millisecond }},
		{"too short", Light, func(c *Challenge) { c.Steps = c.Steps[:7] }},
		{"too long", Light, func(c *Challenge) { c.Steps = append(c.Steps, c.Steps[:5]...) }},
		{"a fade that never ends", Light, func(c *Challenge) { c.Fade = c.Hold }},
		{"a move among colours", Light, func(c *Challenge) { c.Steps[1].Move = Left }},
		{"no approach", Light, func(c *Challenge) { c.Near.Width = c.Far.Width }},
		{"oval at the edge", Light, func(c *Challenge) { c.Near.X = 0.9 }},
		{"no way", Light, func(c *Challenge) { c.Way = "" }},
		{"a colour in the calm", Calm, func(c *Challenge) { c.Steps[1].Colour = Neutral() }},
		{"turns only", Calm, func(c *Challenge) {
			for i := range c.Steps {
				c.Steps[i].Move = Left
			}
		}},
		{"no pause", Calm, func(c *Challenge) { c.Steps[2].Pause = 0 }},
	} {
		c := draw(t, tt.way)
		tt.spoil(&c)
		if c.Check() == nil {
			t.Errorf("%s: %+v passes", tt.name, c)
		}
	}
}

func TestDrawFailsWithItsSource(t *testing.T) {
	for _, way := range []Way{Light, Calm} {
		if c, err := Draw(iotest.ErrReader(errors.New("no entropy")), way); err == nil {
			t.Errorf("%s: drew %+v of nothing", way, c)
		}
		if _, err := Draw(bytes.NewReader(make([]byte, 7)), way); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", way, err)
		}
	}
	if _, err := Draw(crand.Reader, "other"); err == nil {
		t.Error("drew a way that does not exist")
	}
}

// Each colour and side comes as often as any other, at each place.
func TestDrawIsEven(t *testing.T) {
	const n = 1500
	source := rand.NewChaCha8([32]byte{1})
	colours, sides, near := map[Colour]int{}, map[Move]int{}, map[int]int{}
	for range n {
		light, err := Draw(source, Light)
		c, err2 := Draw(source, Calm)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		colours[light.Steps[5].Colour]++
		sides[c.Steps[0].Move]++
		for i, s := range c.Steps {
			if s.Move == Near {
				near[i]++
			}
		}
	}
	even := func(what string, count, share float64) {
		if count < 0.8*share*n || count > 1.2*share*n {
			t.Errorf("%s came %.0f times of %d", what, count, n)
		}
	}
	for _, c := range Palette() {
		even("a colour", float64(colours[c]), 1.0/6)
	}
	even("left", float64(sides[Left]), 0.5)
	for i := 1; i < calmSteps; i++ {
		even("near", float64(near[i]), 0.25)
	}
}

func TestChallengeIsStoredWhole(t *testing.T) {
	for _, way := range []Way{Light, Calm} {
		c := draw(t, way)
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Challenge
		if err := json.Unmarshal(b, &back); err != nil || back.Check() != nil || len(back.Steps) != len(c.Steps) || back.Steps[3] != c.Steps[3] || back.Near != c.Near {
			t.Errorf("%s became %+v (%v)", b, back, err)
		}
	}
}
