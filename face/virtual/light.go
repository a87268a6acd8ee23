package virtual

import "math"

// A lamp is light from far away, spread around its direction.
type lamp struct {
	from  vec     // towards the lamp, as the camera sees it; any length
	light rgb     // what a surface facing it receives
	focus float64 // 0: equal from everywhere; 1: a sky; 8: a window; 60: a bulb
}

// directions are those from which light is followed: an even spread over the
// sphere without what lies far behind the head.
func directions() []vec {
	const all = 120
	var dirs []vec
	for i := range all {
		z := 1 - (2*float64(i)+1)/all
		if z < -0.3 {
			break
		}
		r := math.Sqrt(1 - z*z)
		s, c := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
		dirs = append(dirs, vec{r * c, r * s, z})
	}
	return dirs
}

const (
	mapSide  = 192  // cells of a shadow map
	mapReach = 25.0 // cm from the middle to its edge
)

// bake finds out, for each vertex and direction, whether anything stands in the
// way: a shadow map a direction, filled with the vertices themselves.
func bake(grids []*grid, dirs []vec) {
	shadow := make([]float32, mapSide*mapSide)
	most := 0
	for _, g := range grids {
		g.seen = make([]uint8, len(g.pos)*len(dirs))
		most = max(most, len(g.pos))
	}
	free, soft := make([]uint8, most), make([]uint8, most)
	for k, d := range dirs {
		right := d.cross(vec{0.13, 0.99, 0.05}).unit()
		up := right.cross(d)
		cell := func(p vec) int {
			x := int((p.dot(right)/mapReach + 1) * mapSide / 2)
			y := int(((p.dot(up)+4)/mapReach + 1) * mapSide / 2)
			if x < 0 || y < 0 || x >= mapSide || y >= mapSide {
				return -1
			}
			return y*mapSide + x
		}
		for i := range shadow {
			shadow[i] = math.MinInt16
		}
		for _, g := range grids {
			for _, p := range g.pos {
				if i := cell(p); i >= 0 {
					shadow[i] = max(shadow[i], float32(p.dot(d)))
				}
			}
		}
		for _, g := range grids {
			for i, p := range g.pos {
				q := p.add(g.nrm[i].times(0.22)).add(d.times(0.2))
				free[i] = 255
				if c := cell(q); c >= 0 && shadow[c] > float32(q.dot(d)) {
					free[i] = 0
				}
			}
			g.soften(free, soft)
			for i := range g.pos {
				g.seen[i*len(dirs)+k] = free[i]
			}
		}
	}
}

// soften blurs a value per vertex over the grid, in place.
func (g *grid) soften(v, tmp []uint8) {
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

// shares divides the lamps' light among the directions of a head so turned.
func shares(dirs []vec, lamps []lamp, pose turn) []rgb {
	sum := make([]rgb, len(dirs))
	part := make([]float64, len(dirs))
	for _, l := range lamps {
		from := pose.undo(l.from.unit())
		total := 0.0
		for k, d := range dirs {
			part[k] = math.Exp(l.focus * (d.dot(from) - 1))
			total += part[k]
		}
		for k := range dirs {
			sum[k] = sum[k].add(l.light.times(part[k] / total))
		}
	}
	return sum
}

// received is the light that falls on each vertex. Skin is lit a little beyond
// the edge of shadow, red more than blue, because it lets light through.
func (g *grid) received(dirs []vec, share []rgb) []rgb {
	const wrapRed, wrapBlue = 0.30, 0.08
	out := make([]rgb, len(g.pos))
	n := len(dirs)
	for i, normal := range g.nrm {
		var sum rgb
		seen := g.seen[i*n : (i+1)*n]
		for k, d := range dirs {
			cos := normal.dot(d)
			if cos <= -wrapRed || seen[k] == 0 {
				continue
			}
			f := float64(seen[k]) / 255
			sum.r += share[k].r * f * (cos + wrapRed) * (1 / (1 + wrapRed))
			if cos > -wrapBlue {
				w := f * (cos + wrapBlue) * (1 / (1 + wrapBlue))
				sum.g += share[k].g * w
				sum.b += share[k].b * w
			}
		}
		out[i] = sum
	}
	return out
}
