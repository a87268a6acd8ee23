package face

import (
	"errors"
	"image"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// sham is an engine that finds a good face everywhere, and embeds as it is told.
type sham struct {
	detect func() ([]Face, error)
	embed  func() (Embedding, error)
}

func (s sham) Detect(image.Image) ([]Face, error) { return s.detect() }

func (s sham) Landmarks(image.Image, Box) ([68]Point, error) { return [68]Point{}, nil }

func (s sham) Embed(Chip) (Embedding, error) { return s.embed() }

func (s sham) Meta() Meta {
	return Meta{
		Name: "sham", Networks: []Network{{Size: 2, Metric: Euclidean, Unit: 1}},
		Match: Thresholds{0.4, 0.4}, Review: Thresholds{0.5, 0.5}, Report: "r",
	}
}

func oneFace() ([]Face, error) {
	f := Face{Box: Box{Right: 300, Bottom: 300}, Score: 1}
	for _, m := range meanShape {
		f.Landmarks[m.index] = Point{X: 50 + 200*m.at.X, Y: 50 + 200*m.at.Y}
	}
	for i := range 17 { // the jaw
		turn := math.Pi * float64(i) / 16
		f.Landmarks[i] = Point{X: 148 - 115*math.Cos(turn), Y: 110 + 160*math.Sin(turn)}
	}
	for i := range 10 { // the brows
		f.Landmarks[17+i] = Point{X: 70 + 17*float64(i), Y: 70}
	}
	f.Landmarks[66] = f.Landmarks[62]
	return []Face{f}, nil
}

// checked is a picture with contrast.
func checked() image.Image {
	img := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range img.Pix {
		img.Pix[i] = uint8(60 + 90*min(1, (i%300/10+i/300/10)%3))
	}
	return img
}

// What an engine gets wrong is our fault: it is neither a verdict nor a refusal
// that a person would be told.
func TestEngineFaults(t *testing.T) {
	good := func() (Embedding, error) { return Embedding{{0.6, 0.8}}, nil }
	frames := []image.Image{checked(), checked(), checked()}
	r, err := Compare(sham{oneFace, good}, checked(), frames)
	if err != nil || r.Verdict != Match || r.Distance != 0 || r.Report != "r" || r.Portrait == nil || len(r.Compared) != 3 || r.Compared[0].Eyes < 50 {
		t.Fatalf("Compare = %+v, %v; want a match", r, err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, emb := range map[string]Embedding{
		"none": nil, "short": {{1}}, "long": {{1, 0, 0}}, "two": {{1, 0}, {1, 0}},
		"no number": {{nan, 1}}, "infinite": {{inf, 1}}, "zero": {{0, 0}},
	} {
		bad := func() (Embedding, error) { return emb, nil }
		if r, err := Compare(sham{oneFace, bad}, checked(), frames); tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%s: %+v, %v; want a fault", name, r, err)
		}
		calls := 0
		later := func() (Embedding, error) {
			if calls++; calls > 1 {
				return emb, nil
			}
			return good()
		}
		if r, err := Compare(sham{oneFace, later}, checked(), frames); tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%s, in a frame: %+v, %v; want a fault", name, r, err)
		}
	}
	broken := errors.New("out of order")
	for name, e := range map[string]Engine{
		"embed":  sham{oneFace, func() (Embedding, error) { return nil, broken }},
		"detect": sham{func() ([]Face, error) { return nil, broken }, good},
	} {
		if r, err := Compare(e, checked(), frames); !errors.Is(err, broken) || tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%s: %+v, %v; want the fault", name, r, err)
		}
	}
}

// A fault in the worker is no refusal out of it either.
func TestFaultsCrossTheProcess(t *testing.T) {
	a := answer(errors.New("the engine gave no vector"))
	if _, err := a.Outcome(); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Errorf("Outcome = %v; want a fault", err)
	}
}
