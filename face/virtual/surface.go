package virtual

import "github.com/tunnus-id/tunnus/face/virtual/solid"

// Grids are the surfaces of the head in its own coordinates: the origin lies
// between the eyes. Nobody may change them. The first is the head with its face.
func (m *Model) Grids() []*solid.Grid { return m.grids }

// Directions are those towards which the surfaces know how free they are.
func (m *Model) Directions() []solid.Vec { return m.dirs }

// Albedo is the colour of a place of a surface: what it sends back of white
// light, without gloss. White cloth is taken for the clothes.
func (m *Model) Albedo(p solid.Paint, at solid.Spot) solid.RGB {
	s := &shade{plan: m.plan, eyes: solid.XYZ(0, 0, 50), key: solid.XYZ(0, 0, 1), cloth: solid.Tint(1, 1, 1)}
	at.Light = solid.Tint(1, 1, 1)
	return s.colour(p, at)
}

// Worn tells whether a surface is cloth: the only one whose colour is the
// scene's and not the person's.
func Worn(p solid.Paint) bool { return p == paintCloth }

// Marks are places of a head in its own coordinates, cm: the eyes lie at X to
// both sides, Z in front, each opening 2·Half wide and Open high; the face is
// Face wide from cheek to cheek, and Middle is how far its centre lies below
// the eyes.
type Marks struct{ X, Z, Half, Open, Face, Middle float64 }

// Marks returns where the model's features are.
func (m *Model) Marks() Marks {
	e := &m.plan.eye
	return Marks{
		X: e.x, Z: m.plan.features(m.plan.skull(0.38, 0)).Z, Half: e.half, Open: e.up + e.low,
		Face: 2 * m.plan.width.At(-1.3), Middle: -(m.plan.chin + 4.5) / 2,
	}
}
