package codestream

import (
	"fmt"

	"github.com/tunnus-id/tunnus/document/jp2/tier1"
	"github.com/tunnus-id/tunnus/document/jp2/wavelet"
)

// Decode decodes all components of a codestream. It needs about five bytes for
// each sample, and 16 MB at most beside them.
func Decode(b []byte) (Frame, error) {
	st, err := open(b)
	if err != nil {
		return Frame{}, err
	}
	frame := st.size.frame()
	t := tile{stream: st, decoder: tier1.New(), steps: maxSteps, work: maxWork}
	for i := range st.tiles {
		if err := t.build(i); err != nil {
			return Frame{}, err
		}
		if err := t.read(); err != nil {
			return Frame{}, fmt.Errorf("tile %d: %w", i, err)
		}
		if i == 0 {
			for p := range frame.Planes {
				plane := &frame.Planes[p]
				plane.Pix = make([]byte, plane.Width*plane.Height)
			}
		}
		if err := t.samples(); err != nil {
			return Frame{}, fmt.Errorf("tile %d: %w", i, err)
		}
		if err := t.paint(frame.Planes); err != nil {
			return Frame{}, fmt.Errorf("tile %d: %w", i, err)
		}
	}
	return frame, nil
}

// samples decodes the blocks of all components and undoes the wavelet transform.
func (t *tile) samples() error {
	for c := range t.components {
		k := &t.components[c]
		n := k.area.width() * k.area.height()
		if k.reversible {
			k.integers = cleared(k.integers, n)
		} else {
			k.floats = cleared(k.floats, n)
		}
		for r := range k.resolutions {
			res := &k.resolutions[r]
			for p := range res.n {
				for b := range res.bands {
					if err := t.decodePart(k, &res.bands[b], t.precincts[res.first+p].parts[b]); err != nil {
						return err
					}
				}
			}
		}
		if k.coded && n > 0 {
			k.transform()
		}
	}
	return nil
}

func cleared[T int32 | float32](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// decodePart decodes the blocks of one precinct in one subband.
func (t *tile) decodePart(k *component, b *band, p part) error {
	for i := range int(p.width * p.height) {
		block := &t.blocks[int(p.block)+i]
		if block.first == nil {
			continue
		}
		k.coded = true
		if t.work -= int(block.passes) * int(block.width) * int(block.height); t.work < 0 {
			return over("more than %d passes over samples", maxWork)
		}
		err := t.decoder.Begin(tier1.Block{
			Width: int(block.width), Height: int(block.height), Kind: b.kind, Style: k.style, Planes: b.planes - int(block.zero),
		})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if err := t.segments(block); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		stride := k.area.width()
		at := int(block.y)*stride + int(block.x)
		if k.reversible {
			t.decoder.Integers(k.integers[at:], stride, k.shift)
		} else {
			t.decoder.Floats(k.floats[at:], stride, k.shift, b.width)
		}
	}
	return nil
}

// segments decodes the codeword segments of a block, each of them put together
// from its pieces.
func (t *tile) segments(b *block) error {
	for p := b.first; p != nil; {
		passes := 0
		t.scratch = t.scratch[:0]
		for begin := p; p != nil && (p == begin || !p.begins); p = p.next {
			t.scratch = append(t.scratch, t.input[p.from:][:p.n]...)
			passes += int(p.passes)
		}
		t.scratch = append(t.scratch, 0xFF, 0xFF)
		if err := t.decoder.Segment(passes, t.scratch); err != nil {
			return err
		}
	}
	return nil
}

// transform undoes the wavelet transform, level by level (§F.3.1).
func (c *component) transform() {
	var reversible wavelet.Reversible
	var irreversible wavelet.Irreversible
	stride := c.area.width()
	for r := 1; r <= c.levels; r++ {
		low, all := c.resolutions[r-1].area, c.resolutions[r].area
		if all.empty() {
			continue
		}
		x := wavelet.Side{Low: low.width(), High: all.width() - low.width(), Odd: all.x0&1 != 0}
		y := wavelet.Side{Low: low.height(), High: all.height() - low.height(), Odd: all.y0&1 != 0}
		if c.reversible {
			reversible.Undo(c.integers, stride, x, y)
		} else {
			irreversible.Undo(c.floats, stride, x, y)
		}
	}
}
