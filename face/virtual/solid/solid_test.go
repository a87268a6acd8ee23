package solid

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

func TestTurnAndBack(t *testing.T) {
	pose := Turned(0.3, -0.2, 0.1)
	v := Vec{1, 2, 3}
	if got := pose.Undo(pose.Apply(v)).Sub(v).Length(); got > 1e-12 {
		t.Errorf("there and back is off by %g", got)
	}
	if Turned(0.3, 0, 0).Apply(Vec{0, 0, 1}).X <= 0 || Turned(0, 0.3, 0).Apply(Vec{0, 0, 1}).Y <= 0 {
		t.Error("positive yaw must look right, positive pitch up")
	}
}

func TestSplineMeetsItsKnots(t *testing.T) {
	s := Spline{{-1, 2}, {0, 5}, {3, 4}}
	for _, k := range s {
		if got := s.At(k[0]); math.Abs(got-k[1]) > 1e-12 {
			t.Errorf("at %v: %v; want %v", k[0], got, k[1])
		}
	}
	if s.At(-9) != 2 || s.At(9) != 4 {
		t.Error("it must be constant beyond its ends")
	}
}

func TestNoiseIsBoundedAndSmooth(t *testing.T) {
	g := Grain(3)
	for x := -5.0; x < 5; x += 0.013 {
		a, b := g.Rough(x, 2*x), g.Rough(x+1e-4, 2*x)
		if a < 0 || a > 1 || math.Abs(a-b) > 0.01 {
			t.Fatalf("noise at %v is %v, just beside it %v", x, a, b)
		}
	}
}

// plate is a square that faces the camera.
func plate(half, z float64, p Paint) *Grid {
	return Grow(120, 120, false, p, func(c, r float64) Vec {
		return Vec{half * (2*c - 1), half * (1 - 2*r), z}
	})
}

func TestNearerSurfaceIsSeen(t *testing.T) {
	grids := []*Grid{plate(10, 0, 1), plate(3, 5, 2)}
	c := &Camera{Width: 60, Height: 60, Distance: 50, Scale: 2, EyeX: 30, EyeY: 30, Pose: Turned(0, 0, 0)}
	light := [][]RGB{make([]RGB, len(grids[0].Pos)), make([]RGB, len(grids[1].Pos))}
	s := Look(c, grids)
	for _, tt := range []struct {
		x, y int
		want Paint
		ok   bool
	}{{30, 30, 2, true}, {15, 30, 1, true}, {2, 2, 0, false}} {
		p, at, ok := s.At(tt.x, tt.y, light)
		if ok != tt.ok || p != tt.want {
			t.Errorf("pixel %d,%d: paint %d, %v; want %d, %v", tt.x, tt.y, p, ok, tt.want, tt.ok)
		}
		if ok && at.Normal.Z < 0.999 {
			t.Errorf("pixel %d,%d: normal %+v; want it towards the camera", tt.x, tt.y, at.Normal)
		}
	}
}

func TestSurfaceShadesTheOneBehind(t *testing.T) {
	grids, dirs := []*Grid{plate(10, 0, 1), plate(3, 5, 2)}, Directions()
	Bake(grids, dirs)
	share := Shares(dirs, []Lamp{{From: Vec{0, 0, 1}, Light: RGB{1, 1, 1}, Focus: 40}}, Turned(0, 0, 0))
	back := grids[0].Received(dirs, share)
	middle, corner := back[60*120+60], back[10*120+10]
	if middle.G > 0.1*corner.G || corner.G < 0.8 {
		t.Errorf("behind the plate %.2f, beside it %.2f", middle.G, corner.G)
	}
}

func TestCompressKeepsTheLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	film := make([]RGB, 200*200)
	for i := range film {
		film[i] = RGB{r.Float64(), r.Float64(), r.Float64()}
	}
	img := Develop(film, 200, 200, 0, r)
	if img.Bounds() != image.Rect(0, 0, 200, 200) {
		t.Fatalf("size %v", img.Bounds())
	}
	free, tight := Compress(img, 0), Compress(img, 30_000)
	if len(tight) > 30_000 || len(tight) >= len(free) {
		t.Errorf("%d bytes under a limit of 30000, %d without", len(tight), len(free))
	}
}
