package quick

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// Nine terms must give a matt surface nearly the light that following every
// direction gives it.
func TestTermsAreAsGoodAsDirections(t *testing.T) {
	dirs := solid.Directions()
	tr := NewTransfer(dirs)
	for _, from := range []solid.Vec{solid.XYZ(0, 0, 1), solid.XYZ(0.7, 0.3, 0.75), solid.XYZ(0, 1, 0.3)} {
		share := solid.Shares(dirs, []solid.Lamp{{From: from, Light: solid.Tint(1, 1, 1), Focus: 4}}, solid.Turned(0, 0, 0))
		for _, normal := range []solid.Vec{solid.XYZ(0, 0, 1), solid.XYZ(0.6, 0, 0.8), solid.XYZ(0, -0.6, 0.8)} {
			want, got := 0.0, 0.0
			terms := tr.Of(normal, nil, 0.1)
			for k, d := range dirs {
				want += share[k].G * max(0, (normal.Dot(d)+0.1)/1.1)
				for i, y := range Harmonics(d) {
					got += float64(terms[i]) * share[k].G * y
				}
			}
			if math.Abs(got-want) > 0.04 {
				t.Errorf("light from %+v on %+v: %.3f; want %.3f", from, normal, got, want)
			}
		}
	}
}

func TestWhatStandsInTheWayDarkens(t *testing.T) {
	dirs := solid.Directions()
	tr := NewTransfer(dirs)
	free := make([]uint8, len(dirs))
	for k, d := range dirs {
		if d.X < 0 {
			free[k] = 255
		}
	}
	if got := tr.Facing(free); got < 0.4 || got > 0.6 {
		t.Errorf("half free is %.2f free towards the camera", got)
	}
	left, right := 0.0, 0.0
	for i, y := range Harmonics(solid.XYZ(-0.7, 0, 0.7)) {
		left += float64(tr.Of(solid.XYZ(0, 0, 1), free, 0)[i]) * y
	}
	for i, y := range Harmonics(solid.XYZ(0.7, 0, 0.7)) {
		right += float64(tr.Of(solid.XYZ(0, 0, 1), free, 0)[i]) * y
	}
	if right > 0.35*left {
		t.Errorf("light from the free side counts %.2f, from the other %.2f", left, right)
	}
}

func TestScreenFollowsTheInverseSquare(t *testing.T) {
	at := func(distance float64) float64 {
		p := NewPanel(3.4, 7.2, 0, distance)
		return p.On(solid.XYZ(0, 0, 0), solid.XYZ(0, 0, 1))
	}
	if got := at(80) / at(160); math.Abs(got-4) > 0.1 {
		t.Errorf("at half the distance %.2f times the light", got)
	}
	// E = L·A/d²: 98 cm² of 1 cd/m² from 1 m
	if got := at(100); math.Abs(got-0.0098) > 0.0002 {
		t.Errorf("%.5f lux; want 0.0098", got)
	}
	p := NewPanel(3.4, 7.2, 0, 50)
	if got := p.On(solid.XYZ(0, 0, 0), solid.XYZ(0, 0, -1)); got != 0 {
		t.Errorf("the back of the head receives %.5f", got)
	}
	turned := p.Within(solid.Turned(0.5, 0, 0), solid.XYZ(0, 0, 0), solid.XYZ(0, 0, 0))
	if a, b := turned.On(solid.XYZ(0, 0, 0), solid.XYZ(0, 0, 1)), p.On(solid.XYZ(0, 0, 0), solid.XYZ(0, 0, 1)); math.Abs(a/b-math.Cos(0.5)) > 0.02 {
		t.Errorf("turned away by 0.5 it receives %.3f of the light; want the cosine", a/b)
	}
}

func TestTextureIsSmooth(t *testing.T) {
	tex := Texture{Width: 4, Height: 2, Detail: 2, Closed: true, Texels: []Tint{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}}
	for _, tt := range []struct{ u, v, want float32 }{{0, 0, 0}, {0.5, 0, 1}, {0.25, 0, 0.5}, {0, 0.25, 2}, {1.75, 0, 1.5}, {9, 9, 7}} {
		if got := tex.At(tt.u, tt.v)[0]; got != tt.want && tt.u < 2 || tt.u > 2 && got < 4 {
			t.Errorf("at %v, %v: %v; want %v", tt.u, tt.v, got, tt.want)
		}
	}
}

func TestRoomIsBehindTheHead(t *testing.T) {
	r := NewRoom(rand.New(rand.NewPCG(1, 1)), 150, solid.Tint(100, 100, 100))
	if len(r.Albedo) != RoomSide*RoomSide || len(r.Depth) != len(r.Albedo) {
		t.Fatalf("%d and %d places", len(r.Albedo), len(r.Depth))
	}
	for i, d := range r.Depth {
		if d < 0.6*150 || d > 150 {
			t.Fatalf("place %d is %.0f cm behind the head", i, d)
		}
	}
}
