package match

import "math"

// A Place is what was measured at one place of a surface.
type Place struct {
	U, V     float64 // where it is, about -1 to 1
	Facing   float64 // light that its shape would give it, if it is a head's
	Room     float64 // brightness in the light of the room
	Strength float64 // of the screen's light, over that of the room, and its
	Error    float64 // standard error
}

// A Relief is what the strength of the screen's light tells of a surface.
type Relief struct {
	Places  int
	Beta, T float64 // slope of the strength over the shape of a head, and its t-value
	Rough   float64 // how far the strength lies from any smooth sheet's, beyond its error
}

// Shape regresses the strength of the screen's light on what the shape of a head
// would give, both as logarithms. The strength is that light over the light of the
// room, which falls unevenly and is seen: how bright a place is in it is a second
// regressor, and slopes across and down are two more. A head has a slope of about 1;
// on a sheet the strength is even, and a tint that is added follows the brightness.
func Shape(places []Place) Relief {
	r := Relief{Places: len(places), Beta: math.NaN(), T: math.NaN()}
	n := len(places)
	rows, g, w, own := make([][]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i, p := range places {
		s := math.Max(p.Strength, 0.05)
		rows[i] = []float64{1, math.Log(p.Facing), math.Log(p.Room), p.U, p.V}
		g[i], own[i] = math.Log(s), p.Error/s
		w[i] = 1 / (own[i]*own[i] + 0.01)
	}
	sheet, noise := offSheet(places, g), Median(own)
	r.Rough = math.Sqrt(math.Max(0, sheet*sheet-noise*noise))
	b, inverse, ok := LeastSquares(rows, g, w)
	if !ok {
		return r
	}
	rest := 0.0
	for i := range rows {
		d := g[i] - dot(rows[i], b)
		rest += w[i] * d * d
	}
	r.Beta, r.T = b[1], b[1]/math.Sqrt(inverse[1]*rest/float64(n-len(b)))
	return r
}

// offSheet is how far values lie from a surface of the second degree over their
// places, a robust standard deviation: paper that is held, tilted or bent takes light
// smoothly, a face does not.
func offSheet(places []Place, g []float64) float64 {
	n := len(places)
	rows, w, off := make([][]float64, n), make([]float64, n), make([]float64, n)
	for i, p := range places {
		rows[i], w[i] = []float64{1, p.U, p.V, p.U * p.U, p.U * p.V, p.V * p.V}, 1
	}
	sheet := math.NaN()
	for range 3 { // what shows beside a sheet is left out of the next fit
		b, _, ok := LeastSquares(rows, g, w)
		if !ok {
			return math.NaN()
		}
		for i := range rows {
			off[i] = math.Abs(g[i] - dot(rows[i], b))
		}
		sheet = Median(off) / 0.6745
		for i := range w {
			if w[i] = 1; off[i] > 3*sheet {
				w[i] = 0
			}
		}
	}
	return sheet
}
