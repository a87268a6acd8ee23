package face_test

import (
	"image"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
)

func TestEmbedShapes(t *testing.T) {
	e := face.ForTest(t)
	emb, err := face.Embed(e, person(t, "gus").portrait)
	if err != nil || len(emb) != 2 || len(emb[0]) != 128 || len(emb[1]) != 1024 {
		t.Fatalf("Embed = %d vectors, %v", len(emb), err)
	}
	sum := 0.0
	for _, v := range emb[1] {
		sum += float64(v) * float64(v)
	}
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("the 1024-d vector has length %v; want 1", math.Sqrt(sum))
	}
	if d, f := e.Meta().Distance(emb, emb); d != 0 || f != 0 {
		t.Errorf("Distance to itself = %v, %v", d, f)
	}
}

func TestEmbedWantsOneFace(t *testing.T) {
	e := face.ForTest(t)
	if _, err := face.Embed(e, image.NewGray(image.Rect(0, 0, 99, 99))); tunnus.CodeOf(err) != tunnus.CodeFacePosition {
		t.Errorf("Embed of nobody: %v; want %s", err, tunnus.CodeFacePosition)
	}
}

// The first network sees picture and mirror image, so that it cannot tell one
// from the other.
func TestEmbedOfTheMirrorImage(t *testing.T) {
	e := face.ForTest(t)
	img := person(t, "hana").portrait
	b := img.Bounds()
	turned := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			turned.Set(b.Max.X-1-x, y, img.At(x, y))
		}
	}
	one, err := face.Embed(e, img)
	if err != nil {
		t.Fatal(err)
	}
	other, err := face.Embed(e, turned)
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := e.Meta().Distance(one, other); d > 0.15 {
		t.Errorf("the mirror image is %.2f away", d)
	}
}

// The landmarks lie where the eyes are: the left one left of the right one,
// the chin below the nose, all within the picture.
func TestDetectLandmarks(t *testing.T) {
	e := face.ForTest(t)
	img := person(t, "hana").portrait
	found, err := e.Detect(img)
	if err != nil || len(found) != 1 {
		t.Fatalf("Detect = %d faces, %v", len(found), err)
	}
	f := found[0]
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	for i, p := range f.Landmarks {
		if p.X < 0 || p.Y < 0 || p.X > w || p.Y > h {
			t.Errorf("landmark %d lies at %v", i, p)
		}
	}
	if f.Landmarks[36].X >= f.Landmarks[45].X || f.Landmarks[8].Y <= f.Landmarks[30].Y || f.EyeDistance() < 60 || f.Doubt > 0.15 {
		t.Errorf("not an upright face: %+v", f)
	}
}
