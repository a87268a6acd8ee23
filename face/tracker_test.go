package face_test

import (
	"image"
	"image/draw"
	"testing"

	"github.com/tunnus-id/tunnus/face"
)

// The mesh lies where the landmarks lie, in every frame of a film, and goes with the face.
func TestTrackerFollows(t *testing.T) {
	e := face.ForTest(t)
	tr := e.Track()
	for i, img := range person(t, "hana").frames {
		m, sure, err := tr.Follow(img)
		if err != nil || !sure || tr.Faces() != 1 {
			t.Fatalf("frame %d: sure %v, %d faces, %v", i, sure, tr.Faces(), err)
		}
		found, err := e.Detect(img)
		if err != nil || len(found) != 1 {
			t.Fatal(len(found), err)
		}
		f := found[0]
		for _, pair := range [][2]int{{33, 36}, {263, 45}, {1, 30}, {61, 48}, {291, 54}} {
			p, q := m[pair[0]], f.Landmarks[pair[1]]
			if d := q.Distance(face.Point{X: p.X, Y: p.Y}); d > 0.2*f.EyeDistance() {
				t.Errorf("frame %d: point %d is %.0f pixels from landmark %d", i, pair[0], d, pair[1])
			}
		}
	}
}

// Without a face there is no mesh; one that comes back is found again.
func TestTrackerLosesAndFinds(t *testing.T) {
	tr := face.ForTest(t).Track()
	frames := person(t, "gus").frames
	for i, step := range []struct {
		img  image.Image
		sure bool
	}{{plain(128), false}, {frames[0], true}, {noise(), false}, {frames[1], true}} {
		m, sure, err := tr.Follow(step.img)
		if err != nil || sure != step.sure || sure == (m == face.Mesh{}) {
			t.Errorf("step %d: sure %v, %v; want %v", i, sure, err, step.sure)
		}
	}
	if _, _, err := tr.Follow(nil); err == nil {
		t.Error("no picture was followed")
	}
}

// A second face is counted when it is looked for, in the ninth frame at the latest.
func TestTrackerCounts(t *testing.T) {
	tr := face.ForTest(t).Track()
	gus, hana := person(t, "gus").frames[0], person(t, "hana").frames[0]
	crowd := image.NewRGBA(image.Rect(0, 0, 960, 640))
	draw.Draw(crowd, image.Rect(0, 0, 480, 640), gus, image.Point{}, draw.Src)
	alone := image.NewRGBA(crowd.Bounds())
	copy(alone.Pix, crowd.Pix)
	draw.Draw(crowd, image.Rect(480, 0, 960, 640), hana, image.Point{}, draw.Src)
	for i := range 9 {
		img := alone
		if i > 3 {
			img = crowd
		}
		if _, _, err := tr.Follow(img); err != nil {
			t.Fatal(err)
		}
		want := 1
		if i == 8 {
			want = 2
		}
		if n := tr.Faces(); n != want {
			t.Errorf("frame %d: %d faces; want %d", i, n, want)
		}
	}
}
