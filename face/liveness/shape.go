package liveness

import (
	"math"

	"github.com/tunnus-id/tunnus/face/liveness/flash"
	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// minCells is how many cells of the face's 252 must be seen for a shape.
const minCells = 40

// whole reports whether a place of the grid is one whose shape is looked at: from
// the forehead to under the nose. Beside a face hair and room may show, which take
// little of the screen's light, as a receding cheek does; and the lower face is where
// beards are, and where the mesh is least sure.
func whole(u, v float64) bool {
	return u*u/0.64+v*v < 1 && v > -0.75 && v < 0.3
}

// minGround is how many areas of the room must be seen, of 16.
const minGround = 3

// area follows the light of an area through the film. It fills gaps of single
// frames with what was before; ok is false if more than a tenth is missing.
func (f *film) area(seen []Observation, of func(*Observation) Cell) (light []match.Light, ok bool) {
	light = make([]match.Light, len(f.index))
	last, missing := -1, 0
	for n, i := range f.index {
		c := of(&seen[i])
		switch {
		case measured(c):
			light[n] = match.Light{c.R, c.G, c.B}
			for gap := n - 1; last < 0 && gap >= 0; gap-- {
				light[gap] = light[n]
			}
			last = n
		case last >= 0:
			light[n] = light[last]
			missing++
		default:
			missing++
		}
	}
	return light, last >= 0 && 10*missing <= len(f.index)
}

func measured(c Cell) bool {
	return c.N >= 4 && c.R > 0 && c.G > 0 && c.B > 0 && c.R+c.G+c.B < 10
}

// face is the light of the whole face in each frame, over those cells that are seen
// throughout; the number of these comes with it.
func (f *film) face(seen []Observation) (light []match.Light, n int) {
	light = make([]match.Light, len(f.index))
	for j := range seen[0].Skin {
		cell, ok := f.area(seen, func(o *Observation) Cell { return o.Skin[j] })
		if ok {
			add(light, cell, 1)
			n++
		}
	}
	return light, n
}

func add(sum, light []match.Light, factor float64) {
	for i := range sum {
		for k := range sum[i] {
			sum[i][k] += factor * light[i][k]
		}
	}
}

// background is the strength of the screen's light on the room, as a share of that
// on the face; e is its standard error, and n the areas that were seen.
func (f *film) background(x match.Fit, seen []Observation) (g, e float64, n int) {
	sum := make([]match.Light, len(f.index))
	for j := range seen[0].Ground {
		area, ok := f.area(seen, func(o *Observation) Cell { return o.Ground[j] })
		if !ok {
			continue
		}
		n++
		mean := 0.0 // each area counts alike, however bright it is
		for _, c := range area {
			mean += (c[0] + c[1] + c[2]) / float64(len(area))
		}
		add(sum, area, 1/mean)
	}
	if n < minGround {
		return math.NaN(), math.NaN(), n
	}
	g, e = f.Strength(x, f.Chroma(sum))
	return g, e, n
}

// relief measures the shape of the face by the strength of the screen's light in each
// cell, over the part of the grid that is the same on everybody.
func (f *film) relief(x match.Fit, seen []Observation) match.Relief {
	var places []match.Place
	glow := f.Glow(x)
	for j := range seen[0].Skin {
		u, v := place(j)
		facing, known := f.surface(seen, j)
		cell, ok := f.area(seen, func(o *Observation) Cell { return o.Skin[j] })
		if !ok || !known || !whole(u, v) {
			continue
		}
		p := match.Place{U: u, V: v, Facing: facing}
		p.Strength, p.Error = f.Strength(x, f.Chroma(cell))
		for _, c := range cell {
			p.Room += flash.Luminance(c) / float64(len(cell)) / (1 + math.Max(0, p.Strength)*glow)
		}
		if p.Error >= 0 {
			places = append(places, p)
		}
	}
	if len(places) < minCells {
		return match.Relief{Places: len(places), Beta: math.NaN(), T: math.NaN(), Rough: math.NaN()}
	}
	return match.Shape(places)
}

// surface is what a light at the screen gives a cell, the mean over the film.
func (f *film) surface(seen []Observation, cell int) (facing float64, known bool) {
	n := 0.0
	for _, i := range f.index {
		if v := seen[i].Facing[cell]; v > 0 {
			facing, n = facing+v, n+1
		}
	}
	return facing / n, n >= float64(len(f.index))/2
}

// sway is how far the face goes about while the colours show, in its widths: the
// standard deviation. A head is never quite still; one picture
// that is sent again and again is, but for the error of its mesh.
func (f *film) sway(seen []Observation) float64 {
	x, y := make([]float64, len(f.index)), make([]float64, len(f.index))
	for n, i := range f.index {
		x[n], y[n] = seen[i].Centre.X/seen[i].Width, seen[i].Centre.Y/seen[i].Width
	}
	return math.Hypot(match.Spread(x), match.Spread(y))
}

// pattern is how far each frame's face lies from the others' in what is bright and
// what is dark on it: the root mean square of the logarithm of luminance over the
// cells whose shape is looked at. Features, paint and shadows stay; another face
// does not have them.
func (f *film) pattern(seen []Observation) []float64 {
	usual := make([]float64, Rows*Columns)
	of := make([][]float64, len(f.index))
	for k, i := range f.index {
		of[k] = relative(&seen[i])
	}
	for j := range usual {
		var v []float64
		for k := range of {
			if !math.IsNaN(of[k][j]) {
				v = append(v, of[k][j])
			}
		}
		usual[j] = match.Median(v)
	}
	out := make([]float64, len(of))
	for k := range of {
		sum, n := 0.0, 0.0
		for j, u := range usual {
			if d := of[k][j] - u; !math.IsNaN(d) {
				sum, n = sum+d*d, n+1
			}
		}
		out[k] = math.Sqrt(sum / n)
	}
	return out
}

// relative is the logarithm of each cell's luminance over that of the face.
func relative(o *Observation) []float64 {
	out := make([]float64, len(o.Skin))
	sum, n := 0.0, 0.0
	for j, c := range o.Skin {
		if out[j] = math.NaN(); measured(c) && whole(place(j)) {
			out[j] = math.Log(flash.Luminance(match.Light{c.R, c.G, c.B}))
			sum, n = sum+out[j], n+1
		}
	}
	for j := range out {
		out[j] -= sum / n
	}
	return out
}

// place is the middle of a cell on the grid, from -1 to 1 across and down.
func place(cell int) (u, v float64) {
	return float64(2*(cell%Columns)+1)/Columns - 1, float64(2*(cell/Columns)+1)/Rows - 1
}
