package grid

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// head is the mesh of a ball that looks at the camera, 200 pixels wide, with the
// points that have names where a face has them.
func head(x, y, roll float64) *face.Mesh {
	var m face.Mesh
	put := func(i int, u, v float64) {
		const half = 100
		z := 1 - math.Sqrt(math.Max(0, 1-u*u-v*v/1.44))
		sin, cos := math.Sincos(roll)
		m[i] = face.Point3{X: x + half*(cos*u-sin*v), Y: y + half*(sin*u+cos*v), Z: half * z}
	}
	for i := range m { // evenly over the disk
		r, a := math.Sqrt((float64(i)+0.5)/float64(len(m))), float64(i)*2.39996
		put(i, r*math.Cos(a), 1.2*r*math.Sin(a))
	}
	for i, at := range map[int][2]float64{
		33: {-.55, -.25}, 133: {-.2, -.25}, 362: {.2, -.25}, 263: {.55, -.25},
		70: {-.65, -.5}, 107: {-.15, -.5}, 336: {.15, -.5}, 300: {.65, -.5},
		61: {-.3, .6}, 291: {.3, .6}, 129: {-.2, .25}, 358: {.2, .25}, 1: {0, .15},
		234: {-1, 0}, 454: {1, 0}, 10: {0, -1.2}, 152: {0, 1.2},
	} {
		put(i, at[0], at[1])
	}
	return &m
}

func plain(w, h int, at func(x, y int) color.RGBA) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, at(x, y))
		}
	}
	return img
}

func TestLightIsLinear(t *testing.T) {
	var o liveness.Observation
	skin := liveness.Colour{R: 200, G: 150, B: 120}
	img := plain(480, 640, func(x, y int) color.RGBA {
		if math.Abs(float64(x-240)) < 120 && y > 150 && y < 500 {
			return color.RGBA{200, 150, 120, 255}
		}
		return color.RGBA{90, 90, 100, 255}
	})
	Measure(img, head(240, 320, 0), &Memory{}, &o)
	n := 0
	for j, c := range o.Skin {
		if c.N > 0 {
			n++
			want := skin.Linear()
			if math.Abs(c.R-want[0])+math.Abs(c.G-want[1])+math.Abs(c.B-want[2]) > 0.01 {
				t.Fatalf("cell %d: %v, want %v", j, c, want)
			}
		}
	}
	if n < 120 || n > 220 {
		t.Errorf("%d cells of skin", n)
	}
	room := 0
	for _, c := range o.Ground {
		if c.N > 0 {
			room++
			if math.Abs(c.R-c.G) > 0.01 || math.Abs(c.G-0.102) > 0.01 {
				t.Errorf("room %v", c)
			}
		}
	}
	if room < 8 {
		t.Errorf("%d areas of the room", room)
	}
	if math.Abs(o.Centre.X-240) > 5 || math.Abs(o.Centre.Y-320) > 5 || math.Abs(o.Width-200) > 10 {
		t.Errorf("face at %v, %.0f wide", o.Centre, o.Width)
	}
}

// What is clipped or black is not light that was measured.
func TestClippedIsLeftOut(t *testing.T) {
	for _, v := range []uint8{0, 5, 250, 255} {
		var o liveness.Observation
		Measure(plain(480, 640, func(x, y int) color.RGBA { return color.RGBA{v, 120, 120, 255} }), head(240, 320, 0), &Memory{}, &o)
		for j, c := range o.Skin {
			if c.N != 0 {
				t.Fatalf("%d: cell %d counts %v pixels", v, j, c.N)
			}
		}
	}
}

// Eyes, brows and mouth are no skin, also on a head that is tilted.
func TestFeaturesAreLeftOut(t *testing.T) {
	for _, roll := range []float64{0, 0.3, -0.3} {
		m := head(240, 320, roll)
		blue := func(p face.Point3, x, y int, r float64) bool { return math.Hypot(p.X-float64(x), p.Y-float64(y)) < r }
		img := plain(480, 640, func(x, y int) color.RGBA {
			if blue(middle(m[33], m[133]), x, y, 9) || blue(middle(m[362], m[263]), x, y, 9) || blue(middle(m[61], m[291]), x, y, 15) {
				return color.RGBA{40, 40, 240, 255}
			}
			return color.RGBA{200, 150, 120, 255}
		})
		var o liveness.Observation
		Measure(img, m, &Memory{}, &o)
		for j, c := range o.Skin {
			if c.N > 0 && c.B > c.R {
				t.Errorf("roll %.1f: cell %d holds an eye or the mouth: %v", roll, j, c)
			}
		}
		if math.Abs(o.Pose.Roll-roll*180/math.Pi) > 1 {
			t.Errorf("roll of %.1f degrees for %.1f", o.Pose.Roll, roll*180/math.Pi)
		}
	}
}

// A ball takes most of the screen's light where it looks at the camera.
func TestFacingIsThatOfABall(t *testing.T) {
	var o liveness.Observation
	Measure(plain(480, 640, func(x, y int) color.RGBA { return color.RGBA{100, 100, 100, 255} }), head(240, 320, 0), &Memory{}, &o)
	at := func(column, row int) float64 { return o.Facing[row*liveness.Columns+column] }
	if !(at(6, 9) > 1.3*at(2, 9) && at(6, 9) > 1.3*at(11, 9) && at(6, 9) > 1.15*at(6, 2)) {
		t.Errorf("facing %.2f in the middle, %.2f and %.2f at the sides, %.2f above", at(6, 9), at(2, 9), at(11, 9), at(6, 2))
	}
	sum, n := 0.0, 0.0
	for _, v := range o.Facing {
		if v > 0 {
			sum, n = sum+v, n+1
		}
	}
	if math.Abs(sum/n-1) > 1e-6 || n < 150 {
		t.Errorf("mean %.3f of %.0f cells", sum/n, n)
	}
}

// A frame that is sent again brings nothing new; noise does.
func TestNoiseIsNews(t *testing.T) {
	var m Memory
	var o liveness.Observation
	grain := func(seed int) image.Image {
		return plain(200, 200, func(x, y int) color.RGBA {
			v := uint8(100 + (x*7919+y*104729+seed*31*(x^y))%5)
			return color.RGBA{v, v, v, 255}
		})
	}
	Measure(grain(1), head(100, 100, 0), &m, &o)
	Measure(grain(1), head(100, 100, 0), &m, &o)
	if o.Noise != 0 {
		t.Errorf("noise of %.3f in a frame sent again", o.Noise)
	}
	Measure(grain(2), head(100, 100, 0), &m, &o)
	if o.Noise < 0.5 {
		t.Errorf("noise of %.3f", o.Noise)
	}
}

// No mesh stops the measure: outside of the picture, of no size, of no numbers.
func TestAnyMesh(t *testing.T) {
	img := plain(64, 48, func(x, y int) color.RGBA { return color.RGBA{uint8(x), uint8(y), 9, 255} })
	nan := head(0, 0, 0)
	for i := range nan {
		nan[i] = face.Point3{X: math.NaN(), Y: math.Inf(1), Z: math.NaN()}
	}
	huge := head(0, 0, 0)
	for i := range huge {
		huge[i].X *= 1e300
	}
	for _, m := range []*face.Mesh{{}, nan, huge, head(-5000, 20, 0), head(30, 1e9, 2)} {
		var o liveness.Observation
		Measure(img, m, &Memory{}, &o)
		if o.Size != [2]int{64, 48} {
			t.Errorf("size %v", o.Size)
		}
	}
}
