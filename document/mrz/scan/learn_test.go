package scan

import (
	"math"
)

// A coverage says how much ink a character leaves where: a raster of cells of
// 20 thousandths of an em, with a margin of 400 around the pitch.
type coverage struct {
	w, h int
	v    []float32
}

const (
	raster = 20
	margin = 400
)

func (c *coverage) at(x, y float64) float64 {
	fx, fy := (x+margin)/raster-.5, (y+margin)/raster-.5
	i, j := int(math.Floor(fx)), int(math.Floor(fy))
	if i < 0 || j < 0 || i >= c.w-1 || j >= c.h-1 {
		return 0
	}
	dx, dy := float32(fx)-float32(i), float32(fy)-float32(j)
	at := j*c.w + i
	top := c.v[at]*(1-dx) + c.v[at+1]*dx
	low := c.v[at+c.w]*(1-dx) + c.v[at+c.w+1]*dx
	return float64(top*(1-dy) + low*dy)
}

// cover rasters a character, sixteen points a cell.
func cover(f *font, r rune) *coverage {
	c := &coverage{w: (723 + 2*margin) / raster, h: (800 + 2*margin) / raster}
	c.v = make([]float32, c.w*c.h)
	outline := f.outline(r)
	for j := range 4 * c.h {
		y := (float64(j)+.5)*raster/4 - margin
		for i := range 4 * c.w {
			if inside(outline, (float64(i)+.5)*raster/4-margin, y) {
				c.v[j/4*c.w+i/4] += 1. / 16
			}
		}
	}
	return c
}

// inside counts windings.
func inside(outline [][]point, x, y float64) bool {
	n := 0
	for _, c := range outline {
		for i, a := range c {
			b := c[(i+1)%len(c)]
			if (a.y <= y) == (b.y <= y) || a.x+(y-a.y)/(b.y-a.y)*(b.x-a.x) < x {
				continue
			}
			if a.y <= y {
				n++
			} else {
				n--
			}
		}
	}
	return n != 0
}

func (c *coverage) blurred(sigma float64) *coverage {
	s := sigma / raster
	reach := int(3*s) + 1
	var kernel []float32
	var sum float32
	for i := -reach; i <= reach; i++ {
		kernel = append(kernel, float32(math.Exp(-float64(i*i)/(2*s*s))))
		sum += kernel[len(kernel)-1]
	}
	pass := func(in []float32, stepX, stepY int) []float32 {
		out := make([]float32, len(in))
		for j := range c.h {
			for i := range c.w {
				for k, w := range kernel {
					x, y := i+(k-reach)*stepX, j+(k-reach)*stepY
					if x >= 0 && y >= 0 && x < c.w && y < c.h {
						out[j*c.w+i] += in[y*c.w+x] * w / sum
					}
				}
			}
		}
		return out
	}
	return &coverage{c.w, c.h, pass(pass(c.v, 1, 0), 0, 1)}
}

// train fits a network by batches (Kingma and Ba 2015: Adam).
func train(te *teacher, steps int, logf func(string, ...any)) *network {
	n, grad, m1, m2 := &network{}, &network{}, &network{}, &network{}
	for i := range n.first {
		for j := range inputs {
			n.first[i][j] = float32(te.NormFloat64() * math.Sqrt(2./inputs))
		}
	}
	for i := range n.second {
		for j := range hidden {
			n.second[i][j] = float32(te.NormFloat64() * math.Sqrt(2./hidden))
		}
	}
	const batch = 48
	loss, good := 0.0, 0
	for step := 1; step <= steps; step++ {
		*grad = network{}
		for range batch {
			p, class := te.lesson()
			l, ok := n.backward(&p, class, grad)
			if loss += l; ok {
				good++
			}
		}
		rate := .002 * .5 * (1 + math.Cos(math.Pi*float64(step)/float64(steps)))
		c1, c2 := 1-math.Pow(.9, float64(step)), 1-math.Pow(.999, float64(step))
		for i := range n.first {
			adam(n.first[i][:], grad.first[i][:], m1.first[i][:], m2.first[i][:], rate, batch, c1, c2)
		}
		for i := range n.second {
			adam(n.second[i][:], grad.second[i][:], m1.second[i][:], m2.second[i][:], rate, batch, c1, c2)
		}
		if step%500 == 0 {
			logf("step %d: loss %.4f, %.2f%% read", step, loss/500/batch, float64(good)/5/batch)
			loss, good = 0, 0
		}
	}
	return n
}

func adam(w, g, m, v []float32, rate, batch, c1, c2 float64) {
	r, k := float32(rate/c1), float32(1/batch)
	s := float32(1 / c2)
	for i := range w {
		d := g[i] * k
		m[i] += .1 * (d - m[i])
		v[i] += .001 * (d*d - v[i])
		w[i] -= r * m[i] / (float32(math.Sqrt(float64(v[i]*s))) + 1e-8)
	}
}

// backward adds the gradient of one patch's loss.
func (n *network) backward(p *patch, class int, grad *network) (loss float64, ok bool) {
	var h, back [hidden]float32
	for i := range h {
		h[i] = max(0, dot(n.first[i][:inputs], p[:])+n.first[i][inputs])
	}
	out := n.judge(p)
	ok = true
	for i, v := range out {
		d := float32(math.Exp(float64(v)))
		if i == class {
			d--
		} else if v > out[class] {
			ok = false
		}
		if d > -1e-5 && d < 1e-5 {
			continue
		}
		g, w := &grad.second[i], &n.second[i]
		for j, hj := range h {
			g[j] += d * hj
			back[j] += d * w[j]
		}
		g[hidden] += d
	}
	for i, d := range back {
		if h[i] == 0 || d == 0 {
			continue
		}
		g := grad.first[i][:inputs]
		for j, v := range p {
			g[j] += d * v
		}
		grad.first[i][inputs] += d
	}
	return -float64(out[class]), ok
}
