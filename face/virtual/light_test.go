package virtual

import (
	"math"
	"testing"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// lightAt is what reaches the head's vertex nearest to p from one lamp.
func lightAt(m *Model, p solid.Vec, l solid.Lamp) solid.RGB {
	g := m.grids[0]
	light := g.Received(m.dirs, solid.Shares(m.dirs, []solid.Lamp{l}, solid.Turned(0, 0, 0)))
	best, at := math.Inf(1), 0
	for i, q := range g.Pos {
		if d := q.Sub(p).Length(); d < best {
			best, at = d, i
		}
	}
	return light[at]
}

// A coloured screen in front of the face must redden it where it faces the
// screen and hardly at the temples: liveness will measure just that.
func TestScreenLightFallsOffToTheSides(t *testing.T) {
	m := NewModel(Person{Seed: 1})
	screen := solid.Lamp{From: solid.XYZ(0, 0, 1), Light: solid.Tint(1, 0.1, 0.1), Focus: 20}
	brow, temple := lightAt(m, solid.XYZ(0, 5, 9), screen), lightAt(m, solid.XYZ(7, 3, -1), screen)
	if brow.R < 0.6 || brow.G > 0.3*brow.R {
		t.Errorf("forehead receives %+v; want it red and bright", brow)
	}
	if temple.R > 0.4*brow.R {
		t.Errorf("temple receives %+v, forehead %+v", temple, brow)
	}
}

func TestNoseThrowsShadow(t *testing.T) {
	m := NewModel(Person{Seed: 1})
	left := solid.Lamp{From: solid.XYZ(-1, 0, 0.25), Light: solid.Tint(1, 1, 1), Focus: 30}
	lit := lightAt(m, solid.XYZ(-2.2, -3, 9), left)
	dark := lightAt(m, solid.XYZ(2.2, -3, 9), left)
	if dark.G > 0.35*lit.G {
		t.Errorf("lit side %.3f, side behind the nose %.3f", lit.G, dark.G)
	}
}
