package solid

import "math"

// A Lamp is light from far away, spread around its direction.
type Lamp struct {
	From  Vec     // towards the lamp, as the camera sees it; any length
	Light RGB     // what a surface facing it receives
	Focus float64 // 0: equal from everywhere; 1: a sky; 8: a window; 60: a bulb
}

// Directions are those from which light is followed: an even spread over the
// sphere without what lies far behind.
func Directions() []Vec {
	const all = 120
	var dirs []Vec
	for i := range all {
		z := 1 - (2*float64(i)+1)/all
		if z < -0.3 {
			break
		}
		r := math.Sqrt(1 - z*z)
		s, c := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
		dirs = append(dirs, Vec{r * c, r * s, z})
	}
	return dirs
}

const (
	mapSide  = 192  // cells of a shadow map
	mapReach = 25.0 // cm from the middle to its edge
)

// Bake finds out, for each vertex and direction, whether anything stands in the
// way: a shadow map a direction, filled with the vertices themselves. It covers
// a head and shoulders, 25 cm around a point 4 cm below the origin.
func Bake(grids []*Grid, dirs []Vec) {
	shadow := make([]float32, mapSide*mapSide)
	most := 0
	for _, g := range grids {
		g.seen = make([]uint8, len(g.Pos)*len(dirs))
		most = max(most, len(g.Pos))
	}
	free, soft := make([]uint8, most), make([]uint8, most)
	for k, d := range dirs {
		right := d.Cross(Vec{0.13, 0.99, 0.05}).Unit()
		up := right.Cross(d)
		cell := func(p Vec) int {
			x := int((p.Dot(right)/mapReach + 1) * mapSide / 2)
			y := int(((p.Dot(up)+4)/mapReach + 1) * mapSide / 2)
			if x < 0 || y < 0 || x >= mapSide || y >= mapSide {
				return -1
			}
			return y*mapSide + x
		}
		for i := range shadow {
			shadow[i] = math.MinInt16
		}
		for _, g := range grids {
			for _, p := range g.Pos {
				if i := cell(p); i >= 0 {
					shadow[i] = max(shadow[i], float32(p.Dot(d)))
				}
			}
		}
		for _, g := range grids {
			for i, p := range g.Pos {
				q := p.Add(g.Nrm[i].Times(0.22)).Add(d.Times(0.2))
				free[i] = 255
				if c := cell(q); c >= 0 && shadow[c] > float32(q.Dot(d)) {
					free[i] = 0
				}
			}
			g.soften(free, soft)
			for i := range g.Pos {
				g.seen[i*len(dirs)+k] = free[i]
			}
		}
	}
}

// soften blurs a value per vertex over the grid, in place.
func (g *Grid) soften(v, tmp []uint8) {
	for range 2 {
		for r := range g.rows {
			for c := range g.cols {
				i := r * g.cols
				tmp[i+c] = uint8((uint(v[i+g.beside(c, -1)]) + 2*uint(v[i+c]) + uint(v[i+g.beside(c, 1)])) / 4)
			}
		}
		for r := range g.rows {
			up, down := max(r-1, 0)*g.cols, min(r+1, g.rows-1)*g.cols
			for c := range g.cols {
				v[r*g.cols+c] = uint8((uint(tmp[up+c]) + 2*uint(tmp[r*g.cols+c]) + uint(tmp[down+c])) / 4)
			}
		}
	}
}

// Shares divides the lamps' light among the directions of surfaces so turned.
func Shares(dirs []Vec, lamps []Lamp, pose Turn) []RGB {
	sum := make([]RGB, len(dirs))
	part := make([]float64, len(dirs))
	for _, l := range lamps {
		from := pose.Undo(l.From.Unit())
		total := 0.0
		for k, d := range dirs {
			part[k] = math.Exp(l.Focus * (d.Dot(from) - 1))
			total += part[k]
		}
		for k := range dirs {
			sum[k] = sum[k].Add(l.Light.Times(part[k] / total))
		}
	}
	return sum
}

// Received is the light that falls on each vertex. It reaches a
// little beyond the edge of shadow, red more than blue, as in skin, which lets
// light through. [Bake] comes first.
func (g *Grid) Received(dirs []Vec, share []RGB) []RGB {
	const wrapRed, wrapBlue = 0.30, 0.08
	out := make([]RGB, len(g.Pos))
	n := len(dirs)
	for i, normal := range g.Nrm {
		var sum RGB
		seen := g.seen[i*n : (i+1)*n]
		for k, d := range dirs {
			cos := normal.Dot(d)
			if cos <= -wrapRed || seen[k] == 0 {
				continue
			}
			f := float64(seen[k]) / 255
			sum.R += share[k].R * f * (cos + wrapRed) * (1 / (1 + wrapRed))
			if cos > -wrapBlue {
				w := f * (cos + wrapBlue) * (1 / (1 + wrapBlue))
				sum.G += share[k].G * w
				sum.B += share[k].B * w
			}
		}
		out[i] = sum
	}
	return out
}
