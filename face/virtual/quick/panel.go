package quick

import "github.com/tunnus-id/tunnus/face/virtual/solid"

// A Panel is a screen as a few small lamps, in the coordinates of what it shines on.
type Panel struct {
	lamps [6]solid.Vec
	ahead solid.Vec // where the screen's normal comes from
	area  float64   // cm² of each
}

// NewPanel is a screen of half a width and height, whose middle lies below a
// camera that is so far from the origin, all in cm. It faces the origin.
func NewPanel(w, h, below, distance float64) Panel {
	p := Panel{ahead: solid.XYZ(0, 0, 1), area: 4 * w * h / 6}
	for i := range p.lamps {
		x, y := float64(i%2)-0.5, float64(i/2)-1
		p.lamps[i] = solid.XYZ(w*x, h*y*2/3-below, distance)
	}
	return p
}

// Area is that of the screen, cm².
func (p Panel) Area() float64 { return 6 * p.area }

// Within is the panel as a body sees it that was turned about a pivot, and
// then shifted.
func (p Panel) Within(turn solid.Turn, pivot, shift solid.Vec) Panel {
	for i, l := range p.lamps {
		p.lamps[i] = turn.Undo(l.Sub(shift).Sub(pivot)).Add(pivot)
	}
	p.ahead = turn.Undo(p.ahead)
	return p
}

// On is the light in lux that a place receives from a screen of 1 cd/m²: each
// part gives cosine times cosine by the square of its distance.
func (p *Panel) On(at, normal solid.Vec) float64 {
	sum := 0.0
	for i := range p.lamps {
		l := &p.lamps[i]
		dx, dy, dz := l.X-at.X, l.Y-at.Y, l.Z-at.Z
		cos := dx*normal.X + dy*normal.Y + dz*normal.Z
		out := dx*p.ahead.X + dy*p.ahead.Y + dz*p.ahead.Z
		if cos <= 0 || out <= 0 {
			continue
		}
		d2 := dx*dx + dy*dy + dz*dz
		sum += cos * out / (d2 * d2)
	}
	return sum * p.area
}
