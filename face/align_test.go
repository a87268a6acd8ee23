package face

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus/face/tensor"
)

func near(a, b Point) bool { return math.Hypot(a.X-b.X, a.Y-b.Y) < 1e-9 }

// Points that were turned, scaled and moved are brought back exactly.
func TestFitIsExact(t *testing.T) {
	want := similarity{a: 1.5, b: -0.75, tx: 12, ty: -3}
	from := []Point{{0, 0}, {10, 1}, {3, 7}, {-4, 5}}
	to := make([]Point, len(from))
	for i, p := range from {
		to[i] = want.apply(p)
	}
	got := fit(from, to)
	for i, p := range from {
		if q := got.apply(p); !near(q, to[i]) {
			t.Errorf("%v goes to %v; want %v", p, q, to[i])
		}
	}
}

// Noise on one point moves the others little: the fit is one of least squares.
func TestFitSpreadsNoise(t *testing.T) {
	from := []Point{{0, 0}, {10, 0}, {0, 10}, {10, 10}}
	to := []Point{{0, 0}, {10, 0}, {0, 10}, {14, 10}}
	got := fit(from, to)
	if c := got.apply(Point{5, 5}); !near(c, Point{6, 5}) {
		t.Errorf("the centre goes to %v; want (6, 5)", c)
	}
}

// A face that has the mean shape is cut out as it is.
func TestAlignMeanShape(t *testing.T) {
	var f Face
	for _, m := range meanShape {
		f.Landmarks[m.index] = Point{100 + 200*m.at.X, 50 + 200*m.at.Y}
	}
	s := align(f, 150)
	// The chip shows a quarter of the square's side around it.
	if got := s.apply(Point{}); !near(got, Point{50, 0}) {
		t.Errorf("the corner lies at %v; want (50, 0)", got)
	}
	if got := s.apply(Point{150, 150}); !near(got, Point{350, 300}) {
		t.Errorf("the far corner lies at %v; want (350, 300)", got)
	}
}

func TestCutShrinksByMean(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 4, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(10 * i)
	}
	pic, err := newPicture(img)
	if err != nil {
		t.Fatal(err)
	}
	got := pic.cut(&tensor.Pool{}, 2, similarity{a: 2}, 7)
	// The first pixel is the mean of 0, 10, 40, 50; the lower row lies outside.
	for i, want := range []float32{25, 45, 7, 7} {
		if got.Data[3*i] != want {
			t.Errorf("pixel %d is %v; want %v", i, got.Data[3*i], want)
		}
	}
}

func TestPictureColours(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 5, 6, 6))
	img.Set(5, 5, color.NRGBA{1, 2, 3, 255})
	pic, err := newPicture(img)
	if err != nil || pic.pix[0] != 1 || pic.pix[1] != 2 || pic.pix[2] != 3 {
		t.Errorf("newPicture = %v, %v; want 1, 2, 3", pic, err)
	}
}

func TestPictureLimits(t *testing.T) {
	for _, img := range []image.Image{nil, image.NewGray(image.Rect(0, 0, 0, 5)), image.NewGray(image.Rect(0, 0, 4096, 1025))} {
		if _, err := newPicture(img); err == nil {
			t.Errorf("%T of no or too many pixels was taken", img)
		}
	}
}

func TestMirror(t *testing.T) {
	in := &tensor.Tensor{H: 1, W: 3, C: 2, Data: []float32{1, 2, 3, 4, 5, 6}}
	got := mirror(&tensor.Pool{}, in)
	for i, want := range []float32{5, 6, 3, 4, 1, 2} {
		if got.Data[i] != want {
			t.Fatalf("mirror = %v", got.Data)
		}
	}
}
