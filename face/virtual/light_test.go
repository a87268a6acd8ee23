package virtual

import (
	"math"
	"testing"
)

// lightAt is what reaches the head's vertex nearest to p from one lamp.
func lightAt(m *Model, p vec, l lamp) rgb {
	g := m.grids[0]
	light := g.received(m.dirs, shares(m.dirs, []lamp{l}, turned(0, 0, 0)))
	best, at := math.Inf(1), 0
	for i, q := range g.pos {
		if d := q.sub(p).length(); d < best {
			best, at = d, i
		}
	}
	return light[at]
}

// A coloured screen in front of the face must redden it where it faces the
// screen and hardly at the temples: liveness will measure just that.
func TestScreenLightFallsOffToTheSides(t *testing.T) {
	m := NewModel(Person{Seed: 1})
	screen := lamp{from: vec{0, 0, 1}, light: rgb{1, 0.1, 0.1}, focus: 20}
	brow, temple := lightAt(m, vec{0, 5, 9}, screen), lightAt(m, vec{7, 3, -1}, screen)
	if brow.r < 0.6 || brow.g > 0.3*brow.r {
		t.Errorf("forehead receives %+v; want it red and bright", brow)
	}
	if temple.r > 0.4*brow.r {
		t.Errorf("temple receives %+v, forehead %+v", temple, brow)
	}
}

func TestNoseThrowsShadow(t *testing.T) {
	m := NewModel(Person{Seed: 1})
	left := lamp{from: vec{-1, 0, 0.25}, light: rgb{1, 1, 1}, focus: 30}
	lit := lightAt(m, vec{-2.2, -3, 9}, left)
	dark := lightAt(m, vec{2.2, -3, 9}, left)
	if dark.g > 0.35*lit.g {
		t.Errorf("lit side %.3f, side behind the nose %.3f", lit.g, dark.g)
	}
}

func TestTurnedHeadKeepsItsShape(t *testing.T) {
	pose := turned(0.3, -0.2, 0.1)
	v := vec{1, 2, 3}
	if got := pose.undo(pose.apply(v)).sub(v).length(); got > 1e-12 {
		t.Errorf("there and back is off by %g", got)
	}
	if turned(0.3, 0, 0).apply(vec{0, 0, 1}).x <= 0 || turned(0, 0.3, 0).apply(vec{0, 0, 1}).y <= 0 {
		t.Error("positive yaw must look right, positive pitch up")
	}
}
