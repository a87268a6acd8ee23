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

// sharp is how steep the steepest edges about the eyes and brows are, in shares of
// the range of luminance there. It does not depend on exposure, and hardly on noise,
// since few of the steps are looked at, and those are steep ones.
func (p *plate) sharp() float64 {
	const wide = plateWide
	var steps, values []float64
	for _, i := range p.place(0, 0, 1, 0.5) {
		x, y := i%wide, i/wide
		if x == 0 || y == 0 || x == wide-1 || y == plateHigh-1 || !p.in[i-1] || !p.in[i+1] || !p.in[i-wide] || !p.in[i+wide] {
			continue
		}
		steps = append(steps, math.Hypot(float64(p.luma[i+1]-p.luma[i-1]), float64(p.luma[i+wide]-p.luma[i-wide]))/2)
		values = append(values, float64(p.luma[i]))
	}
	span := quantile(values, 0.98) - quantile(values, 0.02)
	if !(span > 0) {
		return 0
	}
	return quantile(steps, 0.98) / span
}

// quantile returns the value that a share of the others lies below; 0 of none.
func quantile(v []float64, share float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(share*float64(len(v)-1))]
}
