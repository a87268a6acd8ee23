package face

import (
	"testing"
)

func near(a, b Point) bool { return a.Distance(b) < 1e-9 }

// A face that has the mean shape is cut out as it is.
func TestAlignMeanShape(t *testing.T) {
	var f Face
	for _, m := range meanShape {
		f.Landmarks[m.index] = Point{X: 100 + 200*m.at.X, Y: 50 + 200*m.at.Y}
	}
	s := align(f.Landmarks, 150)
	// The chip shows a quarter of the square's side around it.
	if got := s.Apply(Point{}); !near(got, Point{X: 50, Y: 0}) {
		t.Errorf("the corner lies at %v; want (50, 0)", got)
	}
	if got := s.Apply(Point{X: 150, Y: 150}); !near(got, Point{X: 350, Y: 300}) {
		t.Errorf("the far corner lies at %v; want (350, 300)", got)
	}
}

// What lies on the five places of ArcFace comes to lie on them, at any size.
func TestArcFaceIsExact(t *testing.T) {
	var landmarks [68]Point
	for i := range landmarks {
		landmarks[i] = Point{X: 7, Y: 7} // no part of the alignment
	}
	moved := func(i int) Point { return Point{X: 30 + 2*arcFace[i].X, Y: 40 + 2*arcFace[i].Y} }
	for i := range 6 {
		landmarks[36+i], landmarks[42+i] = moved(0), moved(1)
	}
	landmarks[30], landmarks[48], landmarks[54] = moved(2), moved(3), moved(4)
	for _, size := range []int{112, 224} {
		view := ArcFace.view(landmarks, size)
		for i, p := range arcFace {
			at := view.Apply(Point{X: p.X * float64(size) / 112, Y: p.Y * float64(size) / 112})
			if !near(at, moved(i)) {
				t.Errorf("size %d: place %d is cut from %v; want %v", size, i, at, moved(i))
			}
		}
	}
}
