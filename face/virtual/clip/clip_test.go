package clip

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

const second = time.Second

// sat is one person, made ready once for all tests.
var sat = sync.OnceValue(func() *Sitter {
	p, _ := virtual.Find("ben")
	return Sit(virtual.NewModel(p))
})

// still is a scene in which nothing happens by itself.
func still() Scene {
	return Scene{
		Seed: 1, Device: Phone, Lux: 150, Nits: 500, Focal: 460, FPS: 20, Lag: 80 * time.Millisecond,
		Readout: 10 * time.Millisecond, Wall: 200, Quality: 92, Calm: true,
	}
}

func decoded(t *testing.T, f Frame) *image.YCbCr {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(f.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.YCbCr)
}

// mean is the linear light of a square about a place.
func mean(img *image.YCbCr, at [2]float64, half int) (c solid.RGB) {
	n := 0.0
	for y := int(at[1]) - half; y <= int(at[1])+half; y++ {
		for x := int(at[0]) - half; x <= int(at[0])+half; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			c = c.Add(solid.Tint(linear(uint8(r>>8)), linear(uint8(g>>8)), linear(uint8(b>>8))))
			n++
		}
	}
	return c.Times(1 / n)
}

// cheek is a place of bare skin.
func cheek(f Frame) [2]float64 {
	e := f.Truth.Eyes
	d := e[1].X - e[0].X
	return [2]float64{e[0].X + 0.1*d, e[0].Y + 0.6*d}
}

func TestSizeOfFrames(t *testing.T) {
	for _, d := range []Device{Phone, Laptop} {
		sc := still()
		sc.Device = d
		f, ok := New(sat(), sc).Next(&Script{Length: second})
		if !ok {
			t.Fatal("no frame")
		}
		w, h := d.Size()
		if got := decoded(t, f).Bounds(); got != image.Rect(0, 0, w, h) {
			t.Errorf("%s: %v", d, got)
		}
	}
}

func TestFilmsAreDeterministic(t *testing.T) {
	s := Script{Length: second / 3}
	a, b, other := New(sat(), Draw(5, 30, 400)).Film(s), New(sat(), Draw(5, 30, 400)).Film(s), New(sat(), Draw(6, 30, 400)).Film(s)
	if len(a) < 3 || len(a) != len(b) {
		t.Fatalf("%d and %d frames", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i].JPEG, b[i].JPEG) || a[i].At != b[i].At {
			t.Errorf("frame %d of one seed differs", i)
		}
	}
	if bytes.Equal(a[0].JPEG, other[0].JPEG) {
		t.Error("another seed gives the same picture")
	}
}

// A green screen makes the face greener by as much as its share of the light,
// after the lag and not before, and the wall behind much less.
func TestScreenColoursTheFaceAfterTheLag(t *testing.T) {
	sc := still()
	s := Script{Length: second, Shown: []Shown{{0, [3]uint8{255, 150, 150}}, {400 * time.Millisecond, [3]uint8{0, 208, 80}}}}
	ratio := func(f Frame, at [2]float64) float64 {
		c := mean(decoded(t, f), at, 6)
		return math.Log(c.R / c.G)
	}
	var before, soon, after, wallBefore, wallAfter float64
	for _, f := range New(sat(), sc).Film(s) {
		switch at := f.At; {
		case at > 250*time.Millisecond && at < 400*time.Millisecond:
			before, wallBefore = ratio(f, cheek(f)), ratio(f, [2]float64{60, 60})
		case at > 400*time.Millisecond && at < 470*time.Millisecond:
			soon = ratio(f, cheek(f))
		case at > 600*time.Millisecond && after == 0:
			after, wallAfter = ratio(f, cheek(f)), ratio(f, [2]float64{60, 60})
		}
	}
	if drop := before - after; drop < 0.05 || drop > 0.6 {
		t.Errorf("ln(R/G) of the cheek falls by %.3f; want it to follow the screen", drop)
	}
	if math.Abs(before-soon) > 0.02 {
		t.Errorf("before the lag is over ln(R/G) moved by %.3f", before-soon)
	}
	if b := (wallBefore - wallAfter) / (before - after); b > 0.3 || b < 0 {
		t.Errorf("the wall follows with %.2f of the face's slope", b)
	}
}

func TestTruthFollowsTheScript(t *testing.T) {
	st := New(sat(), still())
	near := st.DistanceFor(0.45)
	s := Script{Length: 2 * second, Moves: []Move{{Distance: 50}, {At: second, Distance: near, Yaw: 12, Pitch: -5, Roll: 4}}}
	film := st.Film(s)
	last := film[len(film)-1].Truth
	if last.Pose.Yaw != 12 || last.Pose.Pitch != -5 || last.Pose.Roll != 4 {
		t.Errorf("pose %+v", last.Pose)
	}
	if got := last.Face / 480; math.Abs(got-0.45) > 0.005 {
		t.Errorf("the face is %.3f of the picture wide; want 0.45", got)
	}
	if film[0].Truth.Distance < 49 {
		t.Errorf("it begins at %v", film[0].Truth.Distance)
	}
	// clockwise: the eye on the picture's right lies lower
	if last.Eyes[1].Y <= last.Eyes[0].Y {
		t.Errorf("eyes at %+v with a roll of 4°", last.Eyes)
	}
}

func BenchmarkSit(b *testing.B) {
	p, _ := virtual.Find("ben")
	m := virtual.NewModel(p)
	for b.Loop() {
		Sit(m)
	}
}

func BenchmarkFrame(b *testing.B) {
	s := Script{Length: time.Hour, Moves: []Move{{Distance: 30}}}
	st := New(sat(), Draw(1, 30, 400))
	for b.Loop() {
		st.Next(&s)
	}
}
