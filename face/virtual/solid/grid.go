package solid

// A Paint is a number that says how the pixels of a surface are coloured. Only
// who colours them knows what it means.
type Paint uint8

// A Grid is a surface: cols × rows vertices, joined to their neighbours. In a
// closed grid the last column meets the first.
type Grid struct {
	cols, rows int
	closed     bool
	// TwoSided surfaces are also seen from inside.
	TwoSided bool
	Paint    Paint
	// Pos and Nrm are the vertices and their normals, row by row. Whoever moves
	// them does so before [Bake].
	Pos, Nrm []Vec
	seen     []uint8 // how free each vertex is towards each direction, vertex by vertex
}

// Grow makes a grid whose vertex at column c and row r lies at f(c, r), both
// running from 0 to 1. Rows run downwards and columns to the right of whoever
// looks at the surface from outside.
func Grow(cols, rows int, closed bool, p Paint, f func(c, r float64) Vec) *Grid {
	g := &Grid{cols: cols, rows: rows, closed: closed, Paint: p, Pos: make([]Vec, cols*rows), Nrm: make([]Vec, cols*rows)}
	span := float64(cols - 1)
	if closed {
		span = float64(cols)
	}
	for r := range rows {
		for c := range cols {
			g.Pos[r*cols+c] = f(float64(c)/span, float64(r)/float64(rows-1))
		}
	}
	g.level()
	return g
}

// level computes the normals.
func (g *Grid) level() {
	for r := range g.rows {
		for c := range g.cols {
			left, right := g.beside(c, -1), g.beside(c, 1)
			up, down := max(r-1, 0), min(r+1, g.rows-1)
			across := g.Pos[r*g.cols+right].Sub(g.Pos[r*g.cols+left])
			along := g.Pos[up*g.cols+c].Sub(g.Pos[down*g.cols+c])
			g.Nrm[r*g.cols+c] = across.Cross(along).Unit()
		}
	}
}

// beside is the column next to c.
func (g *Grid) beside(c, by int) int {
	if g.closed {
		return (c + by + g.cols) % g.cols
	}
	return max(0, min(g.cols-1, c+by))
}

// Size returns how many vertices lie beside and above each other, and whether
// the last column meets the first.
func (g *Grid) Size() (cols, rows int, closed bool) { return g.cols, g.rows, g.closed }

// Free tells how free vertex i is towards each direction that [Bake] was given,
// 0 to 255. Nobody may change it.
func (g *Grid) Free(i int) []uint8 {
	n := len(g.seen) / len(g.Pos)
	return g.seen[i*n : (i+1)*n]
}
