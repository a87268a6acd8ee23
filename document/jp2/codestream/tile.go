package codestream

import (
	"slices"

	"github.com/tunnus-id/tunnus/document/jp2/tagtree"
	"github.com/tunnus-id/tunnus/document/jp2/tier1"
)

// A tile is one tile while it is decoded. Its memory is used again for the next.
type tile struct {
	*stream
	data       *tileData
	area       rect
	style      *style
	layers     int
	components []component
	precincts  []precinct
	list       []*precinct // of a progression
	blocks     []block
	nodes      []tagtree.Node
	fresh      []*piece  // what the packet at hand adds
	pieces     [][]piece // in pages, so that they need not move
	used       int       // pages of pieces

	decoder *tier1.Decoder
	scratch []byte
	steps   int // left, of maxSteps
	work    int // left, of maxWork
}

// A component is the part of a component in the tile (§B.3, B.5).
type component struct {
	plan
	area        rect
	resolutions []resolution
	integers    []int32 // samples, if the transform is reversible,
	floats      []float32
	coded       bool // there is a block in it
}

type resolution struct {
	area  rect
	bands [3]band // LL and two empty ones, or HL, LH and HH
	first int     // of its precincts in the tile's list
	n     int
}

// A band is a subband. Its blocks stand in the component's samples from (x, y) on.
type band struct {
	area   rect
	kind   tier1.Orientation
	planes int // magnitude bits, with those of a region of interest (equation E-2)
	width  float32
	x, y   int
}

// A precinct is what one packet of each layer belongs to (§B.6).
type precinct struct {
	component, resolution uint8
	layers                int   // that have been read
	x, y                  int32 // where it begins on the reference grid
	parts                 [3]part
}

// A part is the part of a precinct in a subband: width times height blocks, and
// two tag trees over them, one behind the other.
type part struct {
	block, tree   int32 // where they begin in the tile's lists
	width, height int32
}

// A block is a code-block (§B.7), in the component's samples.
type block struct {
	x, y, width, height uint16
	included            bool
	lengthBits          uint8 // Lblock (§B.10.7.1)
	passes              uint8
	left                uint8 // passes until its codeword segment is full
	zero                uint8 // bit-planes without any bit
	first, last         *piece
}

// A piece is what one packet adds to a codeword segment of a block.
type piece struct {
	next    *piece
	from, n uint32 // in the input
	passes  uint8
	begins  bool // a new segment
}

// build lays out tile i: all subbands, precincts and blocks.
func (t *tile) build(i int) error {
	t.data = &t.tiles[i]
	t.area = t.size.tileAt(i)
	t.precincts, t.blocks, t.nodes, t.used = t.precincts[:0], t.blocks[:0], t.nodes[:0], 0
	h := &t.data.header
	t.style = t.main.cod
	if h.cod != nil {
		t.style = h.cod
	}
	t.layers = t.style.progression.layers
	if t.components == nil {
		t.components = make([]component, len(t.size.sampling))
	}
	for c := range t.components {
		p, err := t.plan(h, c)
		if err != nil {
			return err
		}
		k := &t.components[c]
		d := t.size.sampling[c]
		k.plan, k.area, k.coded, k.resolutions = p, t.area.over(d[0], d[1]), false, k.resolutions[:0]
		for r := range p.levels + 1 {
			k.resolutions = append(k.resolutions, k.resolution(r))
			if err := t.partition(c, r); err != nil {
				return err
			}
		}
	}
	if len(t.precincts) > t.data.length {
		return damaged("tile %d: %d packets in %d bytes", i, len(t.precincts), t.data.length)
	}
	return t.layOut()
}

// resolution lays out the subbands of a resolution (§B.5).
func (c *component) resolution(r int) resolution {
	level := uint(c.levels - r)
	out := resolution{area: c.area.band(level, 0, 0)}
	set := func(i int, kind tier1.Orientation, level, x, y uint, index int) {
		s := c.at(index)
		b := &out.bands[i]
		*b = band{area: c.area.band(level, x, y), kind: kind, width: s.width(), planes: c.guard + int(s.exponent) - 1 + int(c.shift)}
		if r > 0 {
			low := c.resolutions[r-1].area
			b.x, b.y = int(x)*low.width(), int(y)*low.height()
		}
	}
	if r == 0 {
		set(0, tier1.LL, level, 0, 0, 0)
		return out
	}
	set(0, tier1.HL, level+1, 1, 0, 3*r-2)
	set(1, tier1.LH, level+1, 0, 1, 3*r-1)
	set(2, tier1.HH, level+1, 1, 1, 3*r)
	return out
}

// partition lists the precincts of a resolution of a component (§B.6), and
// where each begins (§B.12.1.3).
func (t *tile) partition(c, r int) error {
	k := &t.components[c]
	res := &k.resolutions[r]
	res.first, res.n = len(t.precincts), 0
	if res.area.empty() {
		return nil
	}
	px, py := k.precinct(r)
	grid := rect{res.area.x0 >> px, res.area.y0 >> py, (res.area.x1-1)>>px + 1, (res.area.y1-1)>>py + 1}
	if n := grid.width() * grid.height(); grid.width() > maxPrecincts || grid.height() > maxPrecincts || n > maxPrecincts-len(t.precincts) {
		return over("more than %d precincts in a tile", maxPrecincts)
	}
	t.precincts = slices.Grow(t.precincts, grid.width()*grid.height())
	at := func(i int, exponent uint, d, least int) int32 {
		return int32(max(int64(least), int64(i)<<(exponent+uint(k.levels-r))*int64(d)))
	}
	for y := grid.y0; y < grid.y1; y++ {
		for x := grid.x0; x < grid.x1; x++ {
			t.precincts = append(t.precincts, precinct{
				component: uint8(c), resolution: uint8(r),
				x: at(x, px, t.size.sampling[c][0], t.area.x0),
				y: at(y, py, t.size.sampling[c][1], t.area.y0),
			})
		}
	}
	res.n = len(t.precincts) - res.first
	return nil
}

// layOut lists the blocks of all precincts, first counting them.
func (t *tile) layOut() error {
	blocks, nodes := 0, 0
	err := t.eachPart(func(p *part, _ *band, _ *coding, _, grid rect, _, _ uint) error {
		n := grid.width() * grid.height()
		if grid.width() > maxBlocks || grid.height() > maxBlocks || n > maxBlocks-blocks {
			return over("more than %d code-blocks in a tile", maxBlocks)
		}
		*p = part{int32(blocks), int32(nodes), int32(grid.width()), int32(grid.height())}
		blocks += n
		nodes += 2 * tagtree.Size(grid.width(), grid.height())
		return nil
	})
	if err != nil {
		return err
	}
	if cap(t.blocks) < blocks {
		t.blocks = make([]block, 0, blocks)
	}
	if cap(t.nodes) < nodes {
		t.nodes = make([]tagtree.Node, nodes)
	}
	t.nodes = t.nodes[:nodes]
	clear(t.nodes)
	return t.eachPart(func(_ *part, b *band, c *coding, area, grid rect, w, h uint) error {
		for y := grid.y0; y < grid.y1; y++ {
			for x := grid.x0; x < grid.x1; x++ {
				cell := rect{x << w, y << h, (x + 1) << w, (y + 1) << h}.intersect(area)
				t.blocks = append(t.blocks, block{
					x: uint16(cell.x0 - b.area.x0 + b.x), y: uint16(cell.y0 - b.area.y0 + b.y),
					width: uint16(cell.width()), height: uint16(cell.height()), lengthBits: 3,
				})
			}
		}
		return nil
	})
}

// eachPart hands on each part of each precinct: its area, the grid of its
// blocks, and their sides as exponents (§B.7).
func (t *tile) eachPart(do func(p *part, b *band, c *coding, area, grid rect, w, h uint) error) error {
	for c := range t.components {
		k := &t.components[c]
		for r := range k.resolutions {
			res := &k.resolutions[r]
			if res.n == 0 {
				continue
			}
			px, py := k.precinct(r)
			across := (res.area.x1-1)>>px + 1 - res.area.x0>>px
			left, top := res.area.x0>>px, res.area.y0>>py
			if r > 0 {
				px, py = px-1, py-1
			}
			w, h := min(k.width, px), min(k.height, py)
			for i := range res.n {
				x, y := left+i%across, top+i/across
				cell := rect{x << px, y << py, (x + 1) << px, (y + 1) << py}
				for b := range res.bands {
					area, grid := cell.intersect(res.bands[b].area), rect{}
					if !area.empty() {
						grid = rect{area.x0 >> w, area.y0 >> h, (area.x1-1)>>w + 1, (area.y1-1)>>h + 1}
					}
					if err := do(&t.precincts[res.first+i].parts[b], &res.bands[b], k.coding, area, grid, w, h); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
