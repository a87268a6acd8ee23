package picture

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
	want := Similarity{A: 1.5, B: -0.75, TX: 12, TY: -3}
	from := []Point{{0, 0}, {10, 1}, {3, 7}, {-4, 5}}
	to := make([]Point, len(from))
	for i, p := range from {
		to[i] = want.Apply(p)
	}
	got := Fit(from, to)
	for i, p := range from {
		if q := got.Apply(p); !near(q, to[i]) {
			t.Errorf("%v goes to %v; want %v", p, q, to[i])
		}
	}
}

// Noise on one point moves the others little: the fit is one of least squares.
func TestFitSpreadsNoise(t *testing.T) {
	from := []Point{{0, 0}, {10, 0}, {0, 10}, {10, 10}}
	to := []Point{{0, 0}, {10, 0}, {0, 10}, {14, 10}}
	got := Fit(from, to)
	if c := got.Apply(Point{5, 5}); !near(c, Point{6, 5}) {
		t.Errorf("the centre goes to %v; want (6, 5)", c)
	}
}

func TestCutShrinksByMean(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 4, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(10 * i)
	}
	pic, err := New(img)
	if err != nil {
		t.Fatal(err)
	}
	got := pic.Cut(&tensor.Pool{}, 2, Similarity{A: 2}, 7)
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
	pic, err := New(img)
	if err != nil || pic.Pix[0] != 1 || pic.Pix[1] != 2 || pic.Pix[2] != 3 {
		t.Errorf("New = %v, %v; want 1, 2, 3", pic, err)
	}
}

func TestPictureLimits(t *testing.T) {
	for _, img := range []image.Image{nil, image.NewGray(image.Rect(0, 0, 0, 5)), image.NewGray(image.Rect(0, 0, 4096, 1025))} {
		if _, err := New(img); err == nil {
			t.Errorf("%T of no or too many pixels was taken", img)
		}
	}
}

func TestMirror(t *testing.T) {
	in := &tensor.Tensor{H: 1, W: 3, C: 2, Data: []float32{1, 2, 3, 4, 5, 6}}
	got := Mirror(&tensor.Pool{}, in)
	for i, want := range []float32{5, 6, 3, 4, 1, 2} {
		if got.Data[i] != want {
			t.Fatalf("Mirror = %v", got.Data)
		}
	}
}
