package relit

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/tunnus-id/tunnus/face"
)

// ball is a mesh on the front half of a ball of 100 pixels about (200, 250).
func ball() *face.Mesh {
	var m face.Mesh
	on := func(x, y float64) face.Point3 {
		return face.Point3{X: 200 + 100*x, Y: 250 + 100*y, Z: -100 * math.Sqrt(max(0, 1-x*x-y*y))}
	}
	for i := range m {
		r, a := math.Sqrt(float64(i)/float64(len(m))), float64(i)*2.39996 // a sunflower
		m[i] = on(r*math.Cos(a), r*math.Sin(a))
	}
	m[33], m[263], m[10], m[152], m[234], m[454] = on(-0.5, -0.3), on(0.5, -0.3), on(0, -0.98), on(0, 0.98), on(-0.98, 0), on(0.98, 0)
	return &m
}

func photograph() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 400, 500))
	for i := range img.Pix {
		img.Pix[i] = 188 // half of the light
	}
	img.Set(200, 250, color.RGBA{255, 0, 0, 255})
	return img
}

// near is the vertex nearest to a pixel of the photograph.
func near(r *Relief, x, y int) int {
	return (y+int(beyond*500))/step*r.Cols + (x+int(beyond*400))/step
}

func TestFaceStandsOutAndIsLit(t *testing.T) {
	r, err := New(photograph(), ball())
	if err != nil {
		t.Fatal(err)
	}
	middle, side, wall := near(r, 200, 250), near(r, 270, 250), near(r, 20, 20)
	if r.Pos[middle].Z <= r.Pos[side].Z || r.Pos[side].Z <= r.Pos[wall].Z {
		t.Errorf("depths %.1f in the middle, %.1f beside, %.1f of the wall", r.Pos[middle].Z, r.Pos[side].Z, r.Pos[wall].Z)
	}
	if r.Face[middle] < 0.95 || r.Face[wall] > 0.1 {
		t.Errorf("the face takes %.2f of the flash, the wall %.2f", r.Face[middle], r.Face[wall])
	}
	if n := r.Nrm[middle]; n.Z < 0.95 {
		t.Errorf("normal in the middle %+v; want it towards the camera", n)
	}
	if n := r.Nrm[side]; n.X < 0.3 {
		t.Errorf("normal on the right %+v; want it to the right", n)
	}
	if math.Abs(r.Wide-2*0.98*eyesApart) > 0.1 {
		t.Errorf("the face is %.1f cm wide", r.Wide)
	}
}

func TestColoursAreThoseOfThePhotograph(t *testing.T) {
	r, err := New(photograph(), ball())
	if err != nil {
		t.Fatal(err)
	}
	at := func(x, y int) [3]float32 { return r.Skin.Texels[(y+int(beyond*500))*r.Skin.Width+x+int(beyond*400)] }
	if got := at(200, 250); got[0] != 1 || got[1] != 0 {
		t.Errorf("the red pixel is %v", got)
	}
	for _, p := range [][2]int{{10, 10}, {-100, 250}, {399, 700}} { // and its edges go on
		if got := at(p[0], p[1]); math.Abs(float64(got[1])-0.503) > 0.01 {
			t.Errorf("at %v it is %v; want half of the light", p, got)
		}
	}
}

func TestNoUprightFace(t *testing.T) {
	lying := ball()
	lying[33], lying[263] = face.Point3{X: 200, Y: 200}, face.Point3{X: 200, Y: 300}
	tiny := ball()
	tiny[33], tiny[263] = face.Point3{X: 200, Y: 200}, face.Point3{X: 210, Y: 200}
	outside := ball()
	outside[152].Y = 600
	for name, m := range map[string]*face.Mesh{"lying": lying, "tiny": tiny, "outside": outside, "none": {}} {
		if _, err := New(photograph(), m); err == nil {
			t.Errorf("%s: a relief was made", name)
		}
	}
}
