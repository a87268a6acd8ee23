package match

import (
	"math"
	"slices"
)

// Median of values; NaN if there are none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Spread is the standard deviation.
func Spread(v []float64) float64 {
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)))
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// Size is the root mean square.
func Size(v []float64) float64 { return math.Sqrt(dot(v, v) / float64(len(v))) }

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// A trend takes out of a series what a white balance does slowly: its mean and
// three cosine terms over its time.
type trend [][]float64

// newTrend makes an orthonormal basis for samples at times of 0 to 1.
func newTrend(at []float64) trend {
	var q trend
	for k := range 4 {
		v := make([]float64, len(at))
		for i, t := range at {
			v[i] = math.Cos(math.Pi * float64(k) * t)
		}
		v = q.without(v)
		if n := math.Sqrt(dot(v, v)); n > 1e-6 {
			for i := range v {
				v[i] /= n
			}
			q = append(q, v)
		}
	}
	return q
}

// without returns v less its trend.
func (q trend) without(v []float64) []float64 {
	out := slices.Clone(v)
	for _, b := range q {
		p := dot(b, out)
		for i := range out {
			out[i] -= p * b[i]
		}
	}
	return out
}

// LeastSquares solves for x with A·x ≈ b in n unknowns, rows weighted; ok is
// false if the rows do not determine it. It also gives the diagonal of the inverse
// of the normal matrix, for standard errors.
func LeastSquares(rows [][]float64, b, w []float64) (x, inverse []float64, ok bool) {
	if len(rows) == 0 {
		return nil, nil, false
	}
	n := len(rows[0])
	m := make([][]float64, n) // normal matrix, right side, unit matrix
	for i := range m {
		m[i] = make([]float64, 2*n+1)
		m[i][n+1+i] = 1
	}
	for k, r := range rows {
		for i := range n {
			for j := range n {
				m[i][j] += w[k] * r[i] * r[j]
			}
			m[i][n] += w[k] * r[i] * b[k]
		}
	}
	for c := range n {
		p := c
		for i := c + 1; i < n; i++ {
			if math.Abs(m[i][c]) > math.Abs(m[p][c]) {
				p = i
			}
		}
		if m[c], m[p] = m[p], m[c]; !(math.Abs(m[c][c]) > 1e-12) {
			return nil, nil, false
		}
		for i := range n {
			if i == c {
				continue
			}
			f := m[i][c] / m[c][c]
			for j := c; j <= 2*n; j++ {
				m[i][j] -= f * m[c][j]
			}
		}
	}
	for i := range n {
		x = append(x, m[i][n]/m[i][i])
		inverse = append(inverse, m[i][n+1+i]/m[i][i])
	}
	return x, inverse, true
}
