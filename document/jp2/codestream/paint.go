package codestream

import "math"

// paint puts the samples of the tile into the planes: it undoes the transform of
// the colours (Annex G) and brings everything to 0 to 255.
func (t *tile) paint(planes []Plane) error {
	for c := range t.components {
		k := &t.components[c]
		if t.style.colours && (len(t.components) < 3 || k.area != t.components[0].area || k.reversible != t.components[0].reversible) {
			return damaged("colours are transformed, and components differ (§G.2.1, §G.3.1)")
		}
	}
	if t.style.colours {
		a, b, c := &t.components[0], &t.components[1], &t.components[2]
		for y := range a.area.height() {
			from, n := y*a.area.width(), a.area.width()
			r, g, bl := a.row(planes[0], y), b.row(planes[1], y), c.row(planes[2], y)
			if a.reversible {
				reversibleRow(r, g, bl, a.integers[from:][:n], b.integers[from:][:n], c.integers[from:][:n])
			} else {
				irreversibleRow(r, g, bl, a.floats[from:][:n], b.floats[from:][:n], c.floats[from:][:n])
			}
		}
		return nil
	}
	for c := range t.components {
		k := &t.components[c]
		for y := range k.area.height() {
			row, from := k.row(planes[c], y), y*k.area.width()
			for x := range row {
				if k.reversible {
					row[x] = levelled(k.integers[from+x])
				} else {
					row[x] = rounded(k.floats[from+x])
				}
			}
		}
	}
	return nil
}

// row is row y of the tile's part of a plane.
func (c *component) row(p Plane, y int) []byte {
	at := (c.area.y0-p.Y+y)*p.Width + c.area.x0 - p.X
	return p.Pix[at:][:c.area.width()]
}

// levelled shifts a sample to where zero is black (§G.1.2).
func levelled(v int32) byte { return byte(min(255, max(0, v+128))) }

// rounded does the same with a sample that has a fraction; halves go to the even
// neighbour. What is not a number becomes black.
func rounded(v float32) byte {
	if v += 128; !(v > 0) {
		return 0
	}
	// From 2²³ on, a float32 has no fraction.
	return byte(math.Float32bits(min(v, 255) + 1<<23))
}

// reversibleRow undoes RCT (§G.2.2).
func reversibleRow(r, g, b []byte, y, u, v []int32) {
	r, g, b, u, v = r[:len(y)], g[:len(y)], b[:len(y)], u[:len(y)], v[:len(y)]
	for i, y := range y {
		green := y - (u[i]+v[i])>>2
		r[i], g[i], b[i] = levelled(v[i]+green), levelled(green), levelled(u[i]+green)
	}
}

// irreversibleRow undoes ICT (§G.3.2).
func irreversibleRow(r, g, b []byte, y, u, v []float32) {
	r, g, b, u, v = r[:len(y)], g[:len(y)], b[:len(y)], u[:len(y)], v[:len(y)]
	for i, y := range y {
		r[i] = rounded(y + float32(1.402*v[i]))
		g[i] = rounded(y - float32(0.34413*u[i]) - float32(0.71414*v[i]))
		b[i] = rounded(y + float32(1.772*u[i]))
	}
}
