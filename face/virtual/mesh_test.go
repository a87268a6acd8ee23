package virtual

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// The mesh tells how a head is turned: the renderer knows the truth.
func TestMeshPose(t *testing.T) {
	e := engine(t)
	for _, name := range []string{"ben", "eve"} {
		p, _ := Find(name)
		m := NewModel(p)
		for _, turn := range []face.Pose{{}, {Yaw: 12}, {Yaw: -12, Roll: 8}, {Pitch: 10}, {Pitch: -10}} {
			mesh, sure, err := e.Track().Follow(m.take(m.still(turn)))
			if err != nil || !sure {
				t.Fatalf("%s, %+v: no mesh: %v", name, turn, err)
			}
			got := mesh.Pose()
			if math.Abs(got.Yaw-turn.Yaw) > 5 || math.Abs(got.Pitch-turn.Pitch) > 8 || math.Abs(got.Roll-turn.Roll) > 3 {
				t.Errorf("%s: pose %+v; want %+v", name, got, turn)
			}
			left, right := mesh.Eyes()
			if min(left, right) < 0.2 || max(left, right) > 0.5 || mesh.Mouth() > 0.15 {
				t.Errorf("%s, %+v: eyes %.2f and %.2f, mouth %.2f; want open eyes, lips closed", name, turn, left, right, mesh.Mouth())
			}
			if d := mesh.EyeDistance(); d < 85 || d > 120 {
				t.Errorf("%s, %+v: eyes %.0f pixels apart; want about 100", name, turn, d)
			}
		}
	}
}

// still is an evenly lit picture of a head turned by some degrees.
func (m *Model) still(turn face.Pose) *scene {
	const deg = math.Pi / 180
	return &scene{
		width: FrameWidth, height: FrameHeight, distance: 50, scale: 14.5,
		eyeX: FrameWidth / 2, eyeY: 0.46 * FrameHeight,
		pose: solid.Turned(turn.Yaw*deg, turn.Pitch*deg, -turn.Roll*deg),
		lamps: []solid.Lamp{
			{From: solid.XYZ(-0.3, 0.4, 0.8), Light: solid.Tint(0.6, 0.6, 0.6), Focus: 5},
			{From: solid.XYZ(0, 1, 0.3), Light: solid.Tint(0.6, 0.6, 0.6), Focus: 1},
		},
		exposure: m.meter(0.9), backdrop: func(_, _ float64) solid.RGB { return solid.Tint(0.5, 0.5, 0.5) },
		cloth: clothTones[0], blur: 0.6, noise: 0.01, rand: rand.New(rand.NewPCG(1, 2)),
	}
}
