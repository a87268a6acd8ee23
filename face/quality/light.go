package quality

import "math"

// Limits of ISO/IEC 29794-5 for what is too dark and too bright to show anything.
const (
	darkest   = 25
	brightest = 247
)

// light measures how the face is lit.
func (m *Measures) light(p *plate, s Seen) {
	face := p.inside(s.Outline)
	histogram := p.histogram(face)
	for v, share := range histogram {
		m.Light += float64(v) * share
		if v <= darkest {
			m.Shadow += share
		}
		if v >= brightest {
			m.Clipped += share
		}
		if share > 0 {
			m.Entropy -= share * math.Log2(share)
		}
	}
	left, right := p.cheeks(s)
	a, b := p.histogram(left), p.histogram(right)
	for v := range a {
		m.Even += min(a[v], b[v])
	}
	la, lb := p.mean(left)+1, p.mean(right)+1
	m.Side = max(la/lb, lb/la)
}

// cheeks are squares of 0.3 eye distances below each eye, half-way to the mouth.
func (p *plate) cheeks(s Seen) (left, right []int) {
	const half, beside = 0.15, 0.5
	down := p.on(middle(s.Corners[0], s.Corners[1])).Y / 2
	return p.place(-beside, down, half, half), p.place(beside, down, half, half)
}

// histogram is the share of each of the 256 values of luminance in a part of the plate.
func (p *plate) histogram(part []int) (h [256]float64) {
	for _, i := range part {
		h[min(max(int(p.luma[i]+0.5), 0), 255)] += 1 / float64(len(part))
	}
	return h
}

// mean is the mean luminance of a part of the plate; 0 of none.
func (p *plate) mean(part []int) float64 {
	sum := 0.0
	for _, i := range part {
		sum += p.luma[i]
	}
	return sum / float64(max(len(part), 1))
}
