package quality

import (
	"math"
	"slices"
)

// detail measures sharpness, eyes and what covers the face.
func (m *Measures) detail(p *plate, s Seen) {
	m.Sharp = p.sharp()
	for _, e := range s.Eyes {
		open, glare := p.eye(e)
		m.Lids, m.Glare = max(m.Lids, open), max(m.Glare, glare)
	}
	m.Mask, m.Shades = p.mask(s), p.shades(s)
}

// sharp is how steep the steepest edges about the eyes and brows are, in shares of the
// range of luminance there, in that of four directions in which they are flattest: a
// hand that shakes leaves the edges along its way. It does not depend on exposure, and
// hardly on noise, since few of the steps are looked at, and those are steep ones.
func (p *plate) sharp() float64 {
	ways := [4]int{1, side, side + 1, side - 1} // across which there is a step
	var steps [len(ways)][]float64
	var values []float64
	for _, i := range p.place(0, -0.1, 1, 0.4) {
		if x, y := i%side, i/side; x == 0 || y == 0 || x == side-1 || y == side-1 {
			continue
		}
		if p.luma[i] < brightest { // a reflection is no contrast
			values = append(values, p.luma[i])
		}
		for k, w := range ways {
			if p.in(i-w) && p.in(i+w) {
				steps[k] = append(steps[k], math.Abs(p.luma[i+w]-p.luma[i-w])/[]float64{2, 2, 2.83, 2.83}[k])
			}
		}
	}
	span := quantile(values, 0.98) - quantile(values, 0.02)
	if !(span > 0) {
		return 0
	}
	least := math.Inf(1)
	for k := range steps {
		least = min(least, quantile(steps[k], 0.98))
	}
	return least / span
}

// quantile returns the value that a share of the others lies below; 0 of none.
func quantile(v []float64, share float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(share*float64(len(v)-1))]
}
