package liveness

import (
	"math"

	"github.com/tunnus-id/tunnus/face/liveness/flash"
	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// minCells is how many cells of the face's 252 must be seen for a shape.
const minCells = 60

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

// A relief is the regression of the light's strength on the shape of the face.
type relief struct {
	cells   int
	beta, t float64
}

// relief regresses the strength of the screen's light in each cell on what a light
// at the screen would give it by the shape of the head, mean 1. Slopes across and
// down the face take up light from a side.
func (f *film) relief(x match.Fit, seen []Observation) relief {
	var rows [][]float64
	var g, w []float64
	for j := range seen[0].Skin {
		facing, n := 0.0, 0.0
		for _, i := range f.index {
			if v := seen[i].Facing[j]; v > 0 {
				facing, n = facing+v, n+1
			}
		}
		cell, ok := f.area(seen, func(o *Observation) Cell { return o.Skin[j] })
		if !ok || n < float64(len(f.index))/2 {
			continue
		}
		s, e := f.Strength(x, f.Chroma(cell))
		if !(e >= 0) {
			continue
		}
		column, row := float64(j%Columns)/(Columns-1)-0.5, float64(j/Columns)/(Rows-1)-0.5
		rows = append(rows, []float64{1, facing / n, column, row})
		g, w = append(g, s), append(w, 1/(e*e+0.01))
	}
	r := relief{cells: len(rows), beta: math.NaN(), t: math.NaN()}
	if len(rows) < minCells {
		return r
	}
	b, inverse, ok := match.LeastSquares(rows, g, w)
	if !ok {
		return r
	}
	rest := 0.0
	for i, row := range rows {
		d := g[i] - (row[0]*b[0] + row[1]*b[1] + row[2]*b[2] + row[3]*b[3])
		rest += w[i] * d * d
	}
	r.beta = b[1]
	r.t = b[1] / math.Sqrt(inverse[1]*rest/float64(len(rows)-4))
	return r
}

// pattern is how far each frame's face lies from the others' in what is bright and
// what is dark on it: root mean square of ln of luminance, the least change of
// light across and down taken out. Paint, hair and shadows stay; another face does
// not. The frames of the approach are told apart from those near.
func (f *film) pattern(seen []Observation) []float64 {
	usual := make([]float64, Rows*Columns)
	of := make([][]float64, len(f.index))
	for k, i := range f.index {
		of[k] = relative(seen[i].Skin)
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
func relative(skin [Rows * Columns]Cell) []float64 {
	out := make([]float64, len(skin))
	var all []float64
	for j, c := range skin {
		if out[j] = math.NaN(); measured(c) {
			out[j] = math.Log(flash.Luminance([3]float64{c.R, c.G, c.B}))
			all = append(all, out[j])
		}
	}
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	for j := range out {
		out[j] -= sum / float64(len(all))
	}
	return out
}
