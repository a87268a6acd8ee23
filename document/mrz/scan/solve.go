package scan

import "math"

// A system collects linear equations, of which there are more than unknowns,
// and solves them by least squares.
type system struct {
	n int
	m [][]float64 // the normal equations, with their right side
}

func newSystem(n int) *system {
	s := &system{n: n}
	for range n {
		s.m = append(s.m, make([]float64, n+1))
	}
	return s
}

// add takes an equation: row · unknowns = right.
func (s *system) add(row []float64, right, weight float64) {
	for i, a := range row {
		for j, b := range row {
			s.m[i][j] += weight * a * b
		}
		s.m[i][s.n] += weight * a * right
	}
}

// solve eliminates with the largest pivots; it fails if the equations say too
// little.
func (s *system) solve() ([]float64, bool) {
	m := s.m
	for i := range s.n {
		top := i
		for k := i + 1; k < s.n; k++ {
			if math.Abs(m[k][i]) > math.Abs(m[top][i]) {
				top = k
			}
		}
		m[i], m[top] = m[top], m[i]
		if math.Abs(m[i][i]) < 1e-9 {
			return nil, false
		}
		for k := range s.n {
			if k == i {
				continue
			}
			f := m[k][i] / m[i][i]
			for j := i; j <= s.n; j++ {
				m[k][j] -= f * m[i][j]
			}
		}
	}
	out := make([]float64, s.n)
	for i := range out {
		out[i] = m[i][s.n] / m[i][i]
	}
	return out, true
}
