package match

import (
	"math"
	"slices"
)

// Alike compares vectors of faces, pair by pair, by their Euclidean distance. For
// each it returns the median distance to the others, and the distance to that half
// of the vectors that lies closest together. ok is false for fewer than three, for
// vectors of different lengths, and if something is no number.
func Alike(vectors [][]float32) (usual, off []float64, ok bool) {
	n := len(vectors)
	if n < 3 {
		return nil, nil, false
	}
	all := make([][]float64, n)
	for i, a := range vectors {
		if len(a) == 0 || len(a) != len(vectors[0]) {
			return nil, nil, false
		}
		var others []float64
		for j, b := range vectors {
			d := distance(a, b)
			if math.IsNaN(d) || math.IsInf(d, 0) {
				return nil, nil, false
			}
			if all[i] = append(all[i], d); i != j {
				others = append(others, d)
			}
		}
		usual = append(usual, Median(others))
	}
	limit := Median(usual)
	for i := range vectors {
		least := math.Inf(1)
		for j := range vectors {
			if i != j && usual[j] <= limit {
				least = min(least, all[i][j])
			}
		}
		off = append(off, least)
	}
	return usual, off, !slices.Contains(off, math.Inf(1))
}

func distance(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		if i < len(b) {
			sum += float64(a[i]-b[i]) * float64(a[i]-b[i])
		}
	}
	return math.Sqrt(sum)
}
