package codestream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2/tier1"
)

// invented is a tile of components, precincts and places chosen at random.
func invented(t *testing.T, r *rand.Rand) *tile {
	t.Helper()
	st := &stream{main: header{qcd: &quantization{derived: true, steps: []step{{8, 0}}}}}
	x, y := r.IntN(20), r.IntN(20)
	st.size = size{image: rect{x, y, x + 1 + r.IntN(40), y + 1 + r.IntN(40)}, across: 1, tiles: 1}
	st.size.tile = rect{r.IntN(x + 1), r.IntN(y + 1), 100, 100}
	all := progression{layers: 1 + r.IntN(3), resolutions: [2]int{0, 33}, components: [2]int{0, 3}}
	st.main.cod = &style{progression: all}
	for c := range 1 + 2*r.IntN(2) {
		st.size.sampling = append(st.size.sampling, [2]int{1 + r.IntN(3), 1 + r.IntN(3)})
		k := &coding{levels: r.IntN(5), width: 2, height: 2}
		for i := range k.precincts {
			k.precincts[i] = byte(1 + r.IntN(5) + (1+r.IntN(5))<<4)
		}
		st.main.coc[c] = k
	}
	st.tiles = []tileData{{length: 1 << 20}}
	out := &tile{stream: st, steps: maxSteps, decoder: tier1.New()}
	if err := out.build(0); err != nil {
		t.Fatal(err)
	}
	return out
}

// A loop is one packet as §B.12 counts them.
type loop struct{ layer, resolution, component, precinct int }

// each calls do for all resolutions, components and precincts.
func (t *tile) each(p progression, do func(r, c, k int)) {
	for r := p.resolutions[0]; r < p.resolutions[1]; r++ {
		for c := p.components[0]; c < min(len(t.components), p.components[1]); c++ {
			if r <= t.components[c].levels {
				for k := range t.components[c].resolutions[r].n {
					do(r, c, k)
				}
			}
		}
	}
}

// places calls do for those precincts that belong to a point of the reference
// grid: the condition of §B.12.1.3, word by word.
func (t *tile) places(p progression, do func(x, y, r, c, k int)) {
	for y := t.area.y0; y < t.area.y1; y++ {
		for x := t.area.x0; x < t.area.x1; x++ {
			next := map[[2]int]bool{}
			t.each(p, func(r, c, _ int) {
				k := &t.components[c]
				if next[[2]int{r, c}] {
					return
				}
				next[[2]int{r, c}] = true
				res, n, d := k.resolutions[r].area, uint(k.levels-r), t.size.sampling[c]
				px, py := k.precinct(r)
				at := func(v, d, first, low int, pp uint) bool {
					return v%(d<<(pp+n)) == 0 || v == first && low<<n%(1<<(pp+n)) != 0
				}
				if at(y, d[1], t.area.y0, res.y0, py) && at(x, d[0], t.area.x0, res.x0, px) {
					up := func(v, d int) int { return (v + d - 1) / d }
					across := (res.x1-1)>>px + 1 - res.x0>>px
					kx, ky := up(x, d[0]<<n)>>px-res.x0>>px, up(y, d[1]<<n)>>py-res.y0>>py
					do(x, y, r, c, kx+ky*across)
				}
			})
		}
	}
}

// written is the order of §B.12.1.1 to B.12.1.5, loop by loop.
func (t *tile) written(p progression) (out []loop) {
	layers := min(p.layers, t.layers)
	type place struct{ x, y, r, c, k int }
	var places []place
	t.places(p, func(x, y, r, c, k int) { places = append(places, place{x, y, r, c, k}) })
	key := map[order]func(a place) []int{
		rpcl: func(a place) []int { return []int{a.r, a.y, a.x, a.c} },
		pcrl: func(a place) []int { return []int{a.y, a.x, a.c, a.r} },
		cprl: func(a place) []int { return []int{a.c, a.y, a.x, a.r} },
	}[p.order]
	if key != nil {
		slices.SortFunc(places, func(a, b place) int { return slices.Compare(key(a), key(b)) })
		for _, a := range places {
			for l := range layers {
				out = append(out, loop{l, a.r, a.c, a.k})
			}
		}
		return out
	}
	t.each(p, func(r, c, k int) {
		for l := range layers {
			out = append(out, loop{l, r, c, k})
		}
	})
	slices.SortStableFunc(out, func(a, b loop) int {
		if p.order == lrcp {
			return a.layer - b.layer
		}
		return slices.Compare([]int{a.resolution, a.layer}, []int{b.resolution, b.layer})
	})
	return out
}

// Packets come in the order of the text, whatever lies beside each other; what
// an earlier progression had is left out.
func TestOrders(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 400 {
		tile := invented(t, r)
		had := map[loop]bool{}
		for n := range 3 {
			p := progression{
				order: order(r.IntN(int(orders))), layers: 1 + r.IntN(4),
				resolutions: [2]int{r.IntN(2), 2 + r.IntN(5)}, components: [2]int{r.IntN(2), 2 + r.IntN(3)},
			}
			var got []loop
			for k, l := range tile.packets(p) {
				at := int32(0)
				for at = range int32(len(tile.precincts)) {
					if &tile.precincts[at] == k {
						break
					}
				}
				first := tile.components[k.component].resolutions[k.resolution].first
				got = append(got, loop{l, int(k.resolution), int(k.component), int(at) - first})
				k.layers = l + 1
			}
			want := slices.DeleteFunc(tile.written(p), func(l loop) bool { return had[l] })
			if !slices.Equal(got, want) {
				t.Fatalf("tile %d, progression %d %+v:\n%v\nwant\n%v", i, n, p, got, want)
			}
			for _, l := range got {
				had[l] = true
			}
		}
	}
}

// Each sample of each subband is in one block, and no block is empty.
func TestBlocksCoverTheirSubbands(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for i := range 200 {
		tile := invented(t, r)
		for c := range tile.components {
			k := &tile.components[c]
			w := k.area.width()
			seen := make([]int, w*k.area.height())
			for _, res := range k.resolutions {
				for p := range res.n {
					for b := range res.bands {
						part := tile.precincts[res.first+p].parts[b]
						for _, block := range tile.blocks[part.block:][:part.width*part.height] {
							if block.width == 0 || block.height == 0 {
								t.Fatalf("tile %d: an empty block", i)
							}
							for y := range int(block.height) {
								for x := range int(block.width) {
									seen[(int(block.y)+y)*w+int(block.x)+x]++
								}
							}
						}
					}
				}
			}
			for at, n := range seen {
				if n != 1 {
					t.Fatalf("tile %d, component %d (%s): sample %d is in %d blocks", i, c, fmt.Sprint(k.area), at, n)
				}
			}
		}
	}
}
