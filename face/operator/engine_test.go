package operator_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/operator"
)

// seen returns what a network gets to see of a picture, one input a pass.
func seen(t *testing.T, change func(*operator.Model), img image.Image, points [68]face.Point) (passes [][]float32, vector []float32) {
	t.Helper()
	files, m := sound()
	change(&m)
	e, err := operator.Open(files, m, still{answer: func(in []float32) ([]float32, error) {
		passes = append(passes, slices.Clone(in))
		v, err := ones(nil)
		v[0] = float32(len(passes))
		return v, err
	}}, blind{})
	if err != nil {
		t.Fatal(err)
	}
	passes = nil
	emb, err := e.Embed(chip(t, img, points))
	if err != nil || len(emb) != 1 {
		t.Fatalf("%d vectors, %v", len(emb), err)
	}
	return passes, emb[0]
}

// dots is a picture that is black but for one red, one green and one blue dot at
// the eyes and the nose of a face.
func dots(points [68]face.Point) image.Image {
	img := image.NewRGBA(image.Rect(10, 20, 410, 420)) // not at the origin
	for y := range 400 {
		for x := range 400 {
			img.SetRGBA(x+10, y+20, color.RGBA{A: 255})
		}
	}
	for i, p := range []face.Point{points[36], points[42], points[30]} {
		for dy := -4; dy < 4; dy++ {
			for dx := -4; dx < 4; dx++ {
				c := [3]uint8{}
				c[i] = 255
				img.SetRGBA(int(math.Round(p.X))+dx+10, int(math.Round(p.Y))+dy+20, color.RGBA{c[0], c[1], c[2], 255})
			}
		}
	}
	return img
}

// brightest returns where a plane is brightest: the centre of what is near its maximum.
func brightest(plane []float32, side int) (x, y float64) {
	most, n := slices.Max(plane), 0.0
	for i, v := range plane {
		if v > most-0.2 {
			x, y, n = x+float64(i%side)+0.5, y+float64(i/side)+0.5, n+1
		}
	}
	return x / n, y / n
}

// Eyes and nose come to lie where InsightFace's template has them, whatever the
// size of the face, wherever it is, and in the order of colours that was asked for.
func TestArcFaceLaysTheFaceOverItsTemplate(t *testing.T) {
	want := [3][2]float64{{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}}
	for _, tt := range []struct {
		name        string
		scale, move float64
		colours     operator.Colours
	}{
		{"large", 3, 20, operator.RGB}, {"as it is", 1, 50, operator.RGB}, {"blue first", 2, 0, operator.BGR},
	} {
		points := upright(tt.scale, tt.move, tt.move/2)
		passes, _ := seen(t, func(m *operator.Model) { m.Colours = tt.colours }, dots(points), points)
		if len(passes) != 1 {
			t.Fatalf("%s: %d passes", tt.name, len(passes))
		}
		for c := range 3 {
			plane := c
			if tt.colours == operator.BGR {
				plane = 2 - c
			}
			x, y := brightest(passes[0][plane*112*112:][:112*112], 112)
			if math.Hypot(x-want[c][0], y-want[c][1]) > 1 {
				t.Errorf("%s: point %d lies at %.1f, %.1f; want %.1f", tt.name, c, x, y, want[c])
			}
		}
	}
}

// A head that is tilted stands upright in its chip.
func TestATiltedHeadIsTurned(t *testing.T) {
	const angle = 0.4
	points := upright(2, 0, 0)
	for i, p := range points {
		x, y := p.X-100, p.Y-100
		points[i] = face.Point{X: x*math.Cos(angle) - y*math.Sin(angle) + 190, Y: x*math.Sin(angle) + y*math.Cos(angle) + 180}
	}
	passes, _ := seen(t, func(*operator.Model) {}, dots(points), points)
	x, y := brightest(passes[0][:112*112], 112)
	if math.Hypot(x-38.3, y-51.7) > 1 {
		t.Errorf("the eye lies at %.1f, %.1f", x, y)
	}
}

// Mean and divisor are given in the order of colours, in both layouts.
func TestPixelsAreBroughtIntoTheirForm(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 300))
	for i := range img.Pix {
		img.Pix[i] = []uint8{200, 100, 50, 255}[i%4]
	}
	points := upright(2, 0, 0)
	change := func(m *operator.Model) {
		m.Mean, m.Divisor = [3]float64{60, 80, 100}, [3]float64{5, 20, 10} // blue first
		m.Colours = operator.BGR
	}
	want := []float32{-2, 1, 10} // blue, green, red
	passes, _ := seen(t, change, img, points)
	middle := 56*112 + 56
	for c := range 3 {
		if got := passes[0][c*112*112+middle]; got != want[c] {
			t.Errorf("plane %d: %v, want %v", c, got, want[c])
		}
	}
	files, m := inRows()
	change(&m)
	var in []float32
	e, err := operator.Open(files, m, still{answer: func(v []float32) ([]float32, error) { in = slices.Clone(v); return ones(nil) }}, blind{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(chip(t, img, points)); err != nil {
		t.Fatal(err)
	}
	if got := in[3*middle:][:3]; !slices.Equal(got, want) {
		t.Errorf("one pixel after the other: %v, want %v", got, want)
	}
}

// The mirror image is one: the mean of both vectors counts, and has length 1.
func TestMirrorImage(t *testing.T) {
	points := upright(2, 40, 40)
	passes, v := seen(t, func(m *operator.Model) { m.Mirror = true }, dots(points), points)
	if len(passes) != 2 {
		t.Fatalf("%d passes", len(passes))
	}
	for i, got := range passes[1] {
		if want := passes[0][i-i%112+111-i%112]; got != want {
			t.Fatalf("value %d of the mirror image is %v, not %v", i, got, want)
		}
	}
	// The first number is 1 in the first pass and 2 in the second; the next one is 2.
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.Abs(sum-1) > 1e-6 || math.Abs(float64(v[0]/v[1])-0.75) > 1e-6 {
		t.Errorf("of length %v, and begins %v", math.Sqrt(sum), v[:2])
	}
}

// Who finds the faces is the other engine.
func TestFacesAreFoundByTheEyes(t *testing.T) {
	files, m := sound()
	e, err := operator.Open(files, m, still{answer: ones}, blind{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := e.Detect(grey())
	points, err2 := e.Landmarks(grey(), face.Box{})
	if err != nil || err2 != nil || len(found) != 0 || points != upright(1, 0, 0) {
		t.Errorf("%v, %v, %v", found, err, err2)
	}
}

// Whatever changes one number changes what stands in evidence, and the limits are
// those of the scheme.
func TestMetaSaysAll(t *testing.T) {
	meta := func(change func(*operator.Model)) face.Meta {
		files, m := inRows()
		change(&m)
		e, err := operator.Open(files, m, still{answer: ones}, blind{})
		if err != nil {
			t.Fatal(err)
		}
		return e.Meta()
	}
	said := map[string]string{}
	for name, change := range map[string]func(*operator.Model){
		"as it is":    func(*operator.Model) {},
		"a mirror":    func(m *operator.Model) { m.Mirror = true },
		"the norm":    func(m *operator.Model) { m.Norm = operator.None },
		"the metric":  func(m *operator.Model) { m.Metric = face.Euclidean },
		"the mean":    func(m *operator.Model) { m.Mean[2] = 3 },
		"the divisor": func(m *operator.Model) { m.Divisor[0] = 3 },
		"the colours": func(m *operator.Model) { m.Colours = operator.BGR },
		"alignment":   func(m *operator.Model) { m.Alignment = face.Dlib },
		"a limit":     func(m *operator.Model) { m.Match = 0.3 },
		"the other":   func(m *operator.Model) { m.Review = 0.7 },
		"the report":  func(m *operator.Model) { m.Report = strings.Repeat("ab", 32) },
		"its name":    func(m *operator.Model) { m.Name = "own-2" },
	} {
		text := fmt.Sprintf("%+v", meta(change))
		if said[text] != "" {
			t.Errorf("%s: the same as %s", name, said[text])
		}
		said[text] = name
	}
	m := meta(func(*operator.Model) {})
	near, far := face.Embedding{unit(0)}, face.Embedding{unit(1.2)}
	d, fused := m.Distance(near, far)
	if want := 1 - math.Cos(1.2); math.Abs(d-want) > 1e-6 || d != fused {
		t.Errorf("distances %v and %v, want %v", d, fused, want)
	}
	for d, want := range map[float64]face.Verdict{0: face.Match, 0.4: face.Match, 0.401: face.Review, 0.6: face.Review, 0.601: face.NoMatch, -1: face.NoMatch} {
		if got := m.Verdict(d, d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// unit is a vector of length 1, turned by an angle.
func unit(angle float64) []float32 {
	v := make([]float32, 16)
	v[0], v[1] = float32(math.Cos(angle)), float32(math.Sin(angle))
	return v
}
