package virtual

import "github.com/tunnus-id/tunnus/face/virtual/solid"

// An Expression is what a face does for a moment. The zero value is neutral, as
// ISO/IEC 39794-5 asks of a portrait.
type Expression struct {
	Blink float64 // 0 open, 1 shut
	Smile float64 // 0 none, 1 broad; below 0 the corners of the mouth hang
	Brows float64 // 1 raised, -1 drawn down
	Gape  float64 // how far the lips are apart, cm
}

// bend moves the features that an expression moves as bones would.
func (e Expression) bend(b *Bones) {
	b.MouthCurve += 2.4 * e.Smile
	b.MouthWidth += 1.4 * e.Smile
	b.Cheeks += 0.7 * e.Smile
	b.UpperLip -= 0.7 * max(0, e.Smile)
	b.EyeOpen += -0.6*max(0, e.Smile) + 0.8*e.Brows
	b.BrowHeight += 1.4 * e.Brows
	b.BrowArch += 0.6 * e.Brows
}

// shut brings the upper lid down; its fold stays behind.
func (e *eyePlan) shut(by float64) {
	if by == 0 {
		return
	}
	down := by * (e.up + 0.97*e.low)
	e.up -= down
	e.crease += 0.7 * down
}

// Older is the person years later: skin, and hair of men, are what changes. The
// bones stay.
func (p Person) Older(years float64) Person {
	by := years / 50
	p.Looks.Age = max(0, min(1, p.Looks.Age+by))
	if p.Sex == "M" && p.Looks.Receding > 0 {
		p.Looks.Receding = min(1, p.Looks.Receding+0.5*by)
	}
	return p
}

// Wearing is the person with other glasses; "" is none.
func (p Person) Wearing(glasses string) Person {
	p.Looks.Glasses = glasses
	return p
}

// A Mask is the surface of the head in another expression.
type Mask struct {
	Grid *solid.Grid
	// Albedo is as [Model.Albedo].
	Albedo func(at solid.Spot) solid.RGB
}

// Mask is what becomes of the first of [Model.Grids] in an expression. It is
// not baked: as little light reaches it as reaches the model's own.
func (m *Model) Mask(e Expression) Mask {
	pl := newPlan(m.person, e)
	other := &Model{person: m.person, plan: pl}
	g := pl.headGrid()
	return Mask{Grid: g, Albedo: func(at solid.Spot) solid.RGB { return other.Albedo(g.Paint, at) }}
}

// A Case is one way in which a person looks unlike their portrait.
type Case struct {
	Name  string
	Model func(p Person) *Model
}

// Cases are the ways that the cast was tried in.
func Cases() []Case {
	with := func(e Expression) func(Person) *Model {
		return func(p Person) *Model { return NewModelOf(p, e) }
	}
	return []Case{
		{"neutral", with(Expression{})},
		{"smile", with(Expression{Smile: 1})},
		{"laugh", with(Expression{Smile: 1, Gape: 0.7})},
		{"frown", with(Expression{Smile: -0.6, Brows: -1})},
		{"surprise", with(Expression{Brows: 1, Gape: 0.9})},
		{"blink", with(Expression{Blink: 1})},
		{"glasses", func(p Person) *Model { // put on, or taken off
			if p.Looks.Glasses != "" {
				return NewModel(p.Wearing(""))
			}
			return NewModel(p.Wearing("round"))
		}},
		{"ten years", func(p Person) *Model { return NewModel(p.Older(10)) }},
	}
}
