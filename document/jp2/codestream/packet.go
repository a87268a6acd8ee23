package codestream

import (
	"encoding/binary"
	"math/bits"

	"github.com/tunnus-id/tunnus/document/jp2/tagtree"
	"github.com/tunnus-id/tunnus/document/jp2/tier1"
)

const piecesPerPage = 1 << 10

// read reads all packets of the tile (§B.9): it finds out which bytes belong to
// which block.
func (t *tile) read() error {
	order := t.main.poc
	if t.data.header.poc != nil {
		order = t.data.header.poc
	}
	if order == nil {
		order = []progression{t.style.progression}
	}
	parts := t.data.parts
	at := parts[0].from
	for _, p := range order {
		for r, layer := range t.packets(p) {
			for at == parts[0].to {
				if parts = parts[1:]; len(parts) == 0 {
					return nil // what is missing is empty
				}
				at = parts[0].from
			}
			n, err := t.packet(r, layer, t.input[:parts[0].to], at)
			if err != nil {
				return err
			}
			at = n
			r.layers = layer + 1
		}
		if t.steps < 0 {
			return over("packets with too many blocks, or too many to leave out")
		}
	}
	return nil
}

// packet reads a packet at an offset of b, and tells where it ends.
func (t *tile) packet(p *precinct, layer int, b []byte, at int) (int, error) {
	if t.style.sop && len(b)-at >= 6 && binary.BigEndian.Uint16(b[at:]) == sop {
		at += 6 // §A.8.1
	}
	r := tagtree.Bits{Data: b, Pos: at}
	t.fresh = t.fresh[:0]
	if r.Bit() != 0 {
		k := &t.components[p.component]
		for i := range k.resolutions[p.resolution].bands {
			if err := t.part(&p.parts[i], &k.resolutions[p.resolution].bands[i], k.style, layer, &r); err != nil {
				return 0, err
			}
		}
	}
	r.Align()
	if r.Over {
		return 0, damaged("ends inside a packet header (§B.10)")
	}
	at = r.Pos
	if t.style.eph {
		if len(b)-at < 2 || binary.BigEndian.Uint16(b[at:]) != eph {
			return 0, damaged("a packet header without EPH (§A.8.2)")
		}
		at += 2
	}
	for _, f := range t.fresh {
		if uint64(f.n) > uint64(len(b)-at) {
			return 0, damaged("ends inside a packet (§B.9)")
		}
		f.from = uint32(at)
		at += int(f.n)
	}
	return at, nil
}

// part reads what a packet header says of the blocks of one subband (§B.10).
func (t *tile) part(p *part, b *band, s tier1.Style, layer int, r *tagtree.Bits) error {
	w, h := int(p.width), int(p.height)
	t.steps -= w * h
	if t.steps < 0 {
		return nil // told by read
	}
	size := tagtree.Size(w, h)
	inclusion, zero := t.nodes[p.tree:][:size], t.nodes[int(p.tree)+size:][:size]
	for i := range w * h {
		k := &t.blocks[int(p.block)+i]
		if k.included {
			if r.Bit() == 0 {
				continue
			}
		} else {
			if _, in := tagtree.Below(inclusion, w, h, i%w, i/w, uint32(layer)+1, r); !in {
				continue
			}
			limit := uint32(max(0, b.planes)) + 1
			n, ok := tagtree.Below(zero, w, h, i%w, i/w, limit, r)
			if !ok {
				return damaged("more empty bit-planes than there are (§B.10.5)")
			}
			k.included, k.zero = true, uint8(n)
		}
		if err := t.contribution(k, 3*(b.planes-int(k.zero))-2, s, r); err != nil {
			return err
		}
	}
	return nil
}

// contribution reads what a packet adds to a block: passes and lengths (§B.10.6,
// B.10.7). It may be more than one piece if the block has several segments.
func (t *tile) contribution(k *block, limit int, s tier1.Style, r *tagtree.Bits) error {
	passes := passCount(r)
	if int(k.passes)+passes > min(limit, 3*tier1.MaxPlanes-2) {
		return damaged("more coding passes than bit-planes, or over %d planes (§B.10.6)", tier1.MaxPlanes)
	}
	for r.Bit() != 0 {
		if k.lengthBits++; k.lengthBits > 32 {
			return damaged("lengths of over 32 bits (§B.10.7.1)")
		}
	}
	for passes > 0 {
		begins := k.left == 0
		if begins {
			k.left = uint8(s.SegmentPasses(int(k.passes)))
		}
		n := min(passes, int(k.left))
		wide := int(k.lengthBits) + bits.Len(uint(n)) - 1
		if wide > 32 {
			return damaged("lengths of over 32 bits (§B.10.7.1)")
		}
		length := r.Uint(wide)
		passes -= n
		k.passes += uint8(n)
		k.left -= uint8(n)
		if length == 0 && !begins {
			k.last.passes += uint8(n)
			continue
		}
		add, err := t.piece()
		if err != nil {
			return err
		}
		*add = piece{n: length, passes: uint8(n), begins: begins}
		if k.last == nil {
			k.first = add
		} else {
			k.last.next = add
		}
		k.last = add
		t.fresh = append(t.fresh, add)
	}
	return nil
}

// piece finds room for one more.
func (t *tile) piece() (*piece, error) {
	if t.used > 0 {
		if page := &t.pieces[t.used-1]; len(*page) < piecesPerPage {
			*page = (*page)[:len(*page)+1]
			return &(*page)[len(*page)-1], nil
		}
	}
	if t.used == maxPieces/piecesPerPage {
		return nil, over("more than %d pieces of code-blocks", maxPieces)
	}
	if t.used == len(t.pieces) {
		t.pieces = append(t.pieces, make([]piece, 0, piecesPerPage))
	}
	t.pieces[t.used] = t.pieces[t.used][:1]
	t.used++
	return &t.pieces[t.used-1][0], nil
}

// passCount reads a number of coding passes (Table B.4).
func passCount(r *tagtree.Bits) int {
	switch {
	case r.Bit() == 0:
		return 1
	case r.Bit() == 0:
		return 2
	}
	if n := r.Uint(2); n < 3 {
		return 3 + int(n)
	}
	if n := r.Uint(5); n < 31 {
		return 6 + int(n)
	}
	return 37 + int(r.Uint(7))
}
