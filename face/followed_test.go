package face

import (
	"image"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// seer is an engine that finds what it is told, and counts what it embeds.
type seer struct {
	found    []Face
	embedded int
}

func (s *seer) Detect(image.Image) ([]Face, error) { return s.found, nil }

func (s *seer) Landmarks(image.Image, Box) ([68]Point, error) { return [68]Point{}, nil }

func (s *seer) Embed(Chip) (Embedding, error) { s.embedded++; return Embedding{{1, 0}, {1, 0}}, nil }

func (s *seer) Meta() Meta { return two }

// eyed is a face with its eyes so far apart, and the middle between them at a place.
func eyed(x, y, eyes float64) (f Face) {
	for i := range f.Landmarks {
		side := eyes / 2
		if i < 42 {
			side = -eyes / 2
		}
		f.Landmarks[i] = Point{X: x + side, Y: y}
	}
	f.Landmarks[8], f.Landmarks[30] = Point{X: x, Y: y + 1.2*eyes}, Point{X: x, Y: y + eyes/2}
	return f
}

// A person who is found living may hold a picture of somebody else into the film: it is
// the face that was followed that is compared, alone, or none.
func TestComparedFaceIsTheFollowedOne(t *testing.T) {
	var m Mesh
	for i, x := range map[int]float64{leftEyeOuter: 135, leftEyeInner: 165, rightEyeInner: 235, rightEyeOuter: 265} {
		m[i] = Point3{X: x, Y: 150}
	}
	own, doubtful := eyed(200, 150, 100), eyed(200, 150, 100)
	doubtful.Doubt = 0.2
	portrait := encode(t, 300, 400)
	frame := Followed{Image: image.NewGray(image.Rect(0, 0, 400, 400)), Mesh: &m}
	for name, tt := range map[string]struct {
		found []Face
		code  tunnus.Code
	}{
		"the followed one":            {[]Face{own}, ""},
		"nearly there":                {[]Face{eyed(215, 160, 90)}, ""},
		"a small one at the chin":     {[]Face{eyed(200, 270, 55)}, tunnus.CodeFacePosition},
		"a small one between eyes":    {[]Face{eyed(200, 150, 70)}, tunnus.CodeFacePosition},
		"a larger one behind":         {[]Face{eyed(200, 150, 130)}, tunnus.CodeFacePosition},
		"beside":                      {[]Face{eyed(230, 150, 100)}, tunnus.CodeFacePosition},
		"no number":                   {[]Face{eyed(math.NaN(), 150, 100)}, tunnus.CodeFacePosition},
		"none":                        {nil, tunnus.CodeFacePosition},
		"the followed one and others": {[]Face{own, eyed(200, 270, 55)}, tunnus.CodeFaceMany},
		"unclear":                     {[]Face{doubtful}, tunnus.CodeFaceQuality},
	} {
		e := &seer{found: tt.found}
		r, err := CompareFollowed(e, portrait, []Followed{frame, frame, frame})
		if tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
		if compared := e.embedded > 0; compared != (tt.code == "") || compared != (r.Frames == 3) || err != nil && (r.Verdict != Review || r.Distance != -1 || r.Engine == "") {
			t.Errorf("%s: %d embedded, %+v", name, e.embedded, r)
		}
	}
	for _, n := range []int{0, 2, 4} {
		if _, err := CompareFollowed(&seer{found: []Face{own}}, portrait, make([]Followed, n)); tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%d frames: %v", n, err)
		}
	}
}
