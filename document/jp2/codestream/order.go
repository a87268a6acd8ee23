package codestream

import (
	"cmp"
	"iter"
	"slices"
)

// An order is one in which packets follow each other (Table A.16).
type order uint8

// The orders: L is layer, R resolution, C component, P position.
const (
	lrcp order = iota
	rlcp
	rpcl
	pcrl
	cprl
	orders
)

// A progression says which packets follow each other and how (§B.12). Ranges
// are half open; packets that have been read before are left out.
type progression struct {
	order       order
	resolutions [2]int
	components  [2]int
	layers      int
}

func (p progression) has(r *precinct) bool {
	res, c := int(r.resolution), int(r.component)
	return res >= p.resolutions[0] && res < p.resolutions[1] && c >= p.components[0] && c < p.components[1]
}

// compare says which of two precincts comes first within a layer. In the order
// of the tile's list, precincts are sorted by component, resolution and place.
func (o order) compare(a, b *precinct) int {
	res, c := cmp.Compare(a.resolution, b.resolution), cmp.Compare(a.component, b.component)
	place := cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	switch o {
	case rpcl:
		return cmp.Or(res, place, c)
	case pcrl:
		return cmp.Or(place, c, res)
	case cprl:
		return cmp.Or(c, place, res)
	}
	return cmp.Or(res, c)
}

// packets walks over the packets of a progression: the precinct and the layer.
// It stops early if steps run out.
func (t *tile) packets(p progression) iter.Seq2[*precinct, int] {
	return func(yield func(*precinct, int) bool) {
		list := slices.Grow(t.list[:0], len(t.precincts))
		t.steps -= 8 * len(t.precincts) // they are sorted
		for i := range t.precincts {
			if r := &t.precincts[i]; p.has(r) {
				list = append(list, r)
			}
		}
		slices.SortStableFunc(list, p.order.compare)
		t.list = list
		layers := min(p.layers, t.layers)
		each := func(list []*precinct, from, to int) bool {
			for l := from; l < to; l++ {
				for _, r := range list {
					if l < r.layers {
						t.steps--
					} else if !yield(r, l) {
						return false
					}
					if t.steps < 0 {
						return false
					}
				}
			}
			return true
		}
		switch p.order {
		case lrcp:
			each(list, 0, layers)
		case rlcp:
			for len(list) > 0 {
				n := 1
				for n < len(list) && list[n].resolution == list[0].resolution {
					n++
				}
				if !each(list[:n], 0, layers) {
					return
				}
				list = list[n:]
			}
		default:
			for i := range list {
				if !each(list[i:i+1], 0, layers) {
					return
				}
			}
		}
	}
}
