package tensor

// The multiplication works on tiles of tileRows x tileCols results: twelve
// vector registers of eight float32 hold one tile on AVX2.
const (
	tileRows = 6
	tileCols = 16
)

// A Matrix is the right-hand side of a multiplication, K rows of N columns, kept
// in panels of 16 columns. Weights that were stored as bytes stay bytes, a
// quarter of the memory, and are spread out for one layer at a time.
type Matrix struct {
	K, N       int
	floats     []float32
	bytes      []uint8
	scale, min float32
}

// FromFloats packs K·N values given row by row.
func FromFloats(k, n int, values []float32) *Matrix {
	must(len(values) == k*n, "%d values for a %dx%d matrix", len(values), k, n)
	return &Matrix{K: k, N: n, floats: pack(k, n, values)}
}

// FromBytes packs K·N bytes given row by row; byte q stands for q·scale + min.
func FromBytes(k, n int, values []uint8, scale, min float32) *Matrix {
	must(len(values) == k*n, "%d values for a %dx%d matrix", len(values), k, n)
	return &Matrix{K: k, N: n, bytes: pack(k, n, values), scale: scale, min: min}
}

func panels(n int) int { return (n + tileCols - 1) / tileCols }

func pack[T uint8 | float32](k, n int, values []T) []T {
	out := make([]T, panels(n)*k*tileCols)
	for p := range panels(n) {
		from := p * tileCols
		width := min(tileCols, n-from)
		for row := range k {
			copy(out[(p*k+row)*tileCols:][:width], values[row*n+from:])
		}
	}
	return out
}

// size is the length of the panels in float32 values.
func (m *Matrix) size() int { return panels(m.N) * m.K * tileCols }

// spread returns the panels as float32, in dst if the weights are bytes.
func (m *Matrix) spread(dst []float32) []float32 {
	if m.bytes == nil {
		return m.floats
	}
	dst = dst[:m.size()]
	spreadBytes(dst, m.bytes, m.scale, m.min)
	return dst
}

// A finish is applied to each column of a product: result·mul + add, kept in rng.
type finish struct {
	mul, add []float32 // padded to whole panels
	rng      Range
}

// padColumns returns v with zeros up to whole panels.
func padColumns(v []float32) []float32 {
	out := make([]float32, panels(len(v))*tileCols)
	copy(out, v)
	return out
}

// multiply computes rows x n results: a (row length k, rows lie lda apart)
// times the panels b. Rows of c lie n apart. edge holds tileRows·k values.
func multiply(a []float32, rows, k int, b []float32, n int, c []float32, f finish, edge []float32) {
	whole := rows / tileRows * tileRows
	if whole < rows {
		// Kernel and tail read six rows: the last ones are copied behind zeros.
		clear(edge)
		copy(edge, a[whole*k:rows*k])
	}
	var tmp [tileRows * tileCols]float32
	for p := range panels(n) {
		panel := b[p*k*tileCols : (p+1)*k*tileCols]
		mul, add := f.mul[p*tileCols:][:tileCols], f.add[p*tileCols:][:tileCols]
		from := p * tileCols
		width := min(tileCols, n-from)
		for r := 0; r < rows; r += tileRows {
			left := a[r*k:]
			if r == whole {
				left = edge
			}
			if r < whole && width == tileCols {
				tile(k, left, panel, c[r*n+from:], n, mul, add, f.rng)
				continue
			}
			tile(k, left, panel, tmp[:], tileCols, mul, add, f.rng)
			for i := range min(tileRows, rows-r) {
				copy(c[(r+i)*n+from:][:width], tmp[i*tileCols:])
			}
		}
	}
}
