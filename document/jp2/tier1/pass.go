package tier1

// In all passes: plane counts from 1 at the last bit, so that the value has
// half a step below it; w is the word of a column, i its row in the stripe.

// significance is the significance propagation pass (§D.3.1).
func (d *Decoder) significance(plane uint) {
	zero := &d.zero[d.Kind&3]
	for y := 0; y < d.Height; y += 4 {
		rows := uint(min(4, d.Height-y))
		at := (y/4+1)*d.stride + 1
		for x, w := range d.words[at : at+d.Width] {
			if w == 0 {
				continue
			}
			for i := range rows {
				n := w >> (3 * i)
				if n&self != 0 || n&around == 0 {
					continue
				}
				if d.mq.bit(zero[n&511]) != 0 {
					d.become(at+x, i, (y+int(i))*d.Width+x, plane)
				}
				d.words[at+x] |= codedOwn << i
				w = d.words[at+x]
			}
		}
	}
}

// significanceRaw is the same without arithmetic coding (§D.6).
func (d *Decoder) significanceRaw(plane uint) {
	for y := 0; y < d.Height; y += 4 {
		rows := uint(min(4, d.Height-y))
		at := (y/4+1)*d.stride + 1
		for x := range d.Width {
			for i := range rows {
				n := d.words[at+x] >> (3 * i)
				if n&self != 0 || n&around == 0 {
					continue
				}
				if d.raw.bit() != 0 {
					d.set(at+x, i, (y+int(i))*d.Width+x, plane, d.raw.bit())
				}
				d.words[at+x] |= codedOwn << i
			}
		}
	}
}

// refinement is the magnitude refinement pass (§D.3.3).
func (d *Decoder) refinement(plane uint) {
	for y := 0; y < d.Height; y += 4 {
		rows := uint(min(4, d.Height-y))
		at := (y/4+1)*d.stride + 1
		for x, w := range d.words[at : at+d.Width] {
			if w&selves == 0 {
				continue
			}
			for i := range rows {
				if w>>(3*i)&self == 0 || w&(codedOwn<<i) != 0 {
					continue
				}
				ctx := uint8(ctxRefine)
				switch {
				case w&(refinedOwn<<i) != 0:
					ctx = ctxRefine + 2
				case w>>(3*i)&around != 0:
					ctx = ctxRefine + 1
				}
				d.refine((y+int(i))*d.Width+x, plane, d.mq.bit(ctx))
				w |= refinedOwn << i
			}
			d.words[at+x] = w
		}
	}
}

// refinementRaw is the same without arithmetic coding (§D.6).
func (d *Decoder) refinementRaw(plane uint) {
	for y := 0; y < d.Height; y += 4 {
		rows := uint(min(4, d.Height-y))
		at := (y/4+1)*d.stride + 1
		for x, w := range d.words[at : at+d.Width] {
			for i := range rows {
				if w>>(3*i)&self == 0 || w&(codedOwn<<i) != 0 {
					continue
				}
				d.refine((y+int(i))*d.Width+x, plane, d.raw.bit())
				w |= refinedOwn << i
			}
			d.words[at+x] = w
		}
	}
}

// refine sets one more bit of a value, and the half behind it.
func (d *Decoder) refine(value int, plane uint, bit uint32) {
	d.values[value] ^= (bit^1)<<plane | 1<<(plane-1)
}

// cleanup is the cleanup pass (§D.3.4), which takes what the others left.
func (d *Decoder) cleanup(plane uint) {
	zero := &d.zero[d.Kind&3]
	for y := 0; y < d.Height; y += 4 {
		rows := uint(min(4, d.Height-y))
		at := (y/4+1)*d.stride + 1
		for x, w := range d.words[at : at+d.Width] {
			i := uint(0)
			if w == 0 && rows == 4 {
				if d.mq.bit(ctxRun) == 0 {
					continue
				}
				i = uint(d.mq.bit(ctxUniform)<<1 | d.mq.bit(ctxUniform))
				d.become(at+x, i, (y+int(i))*d.Width+x, plane)
				i++
			}
			for ; i < rows; i++ {
				w = d.words[at+x]
				if w>>(3*i)&self != 0 || w&(codedOwn<<i) != 0 {
					continue
				}
				if d.mq.bit(zero[w>>(3*i)&511]) != 0 {
					d.become(at+x, i, (y+int(i))*d.Width+x, plane)
				}
			}
			d.words[at+x] &^= coded
		}
	}
}

// become decodes the sign of a sample that is significant from now on (§D.3.2).
func (d *Decoder) become(at int, i uint, value int, plane uint) {
	own, west, east := d.words[at], d.words[at-1], d.words[at+1]
	c := d.signs[own>>(3*i)&0b10101010|own>>(18+i)&1|west>>(19+i)&1<<2|east>>(19+i)&1<<4|own>>(20+i)&1<<6]
	d.set(at, i, value, plane, d.mq.bit(c&0x7F)^uint32(c>>7))
}

// set makes a sample significant and tells its neighbours.
func (d *Decoder) set(at int, i uint, value int, plane uint, sign uint32) {
	d.values[value] = sign<<31 | 0b11<<(plane-1)
	d.words[at-1] |= self << 1 << (3 * i)
	d.words[at] |= self<<(3*i) | sign*signOwn<<i
	d.words[at+1] |= self >> 1 << (3 * i)
	switch i {
	case 0:
		if d.Style&Causal != 0 {
			return
		}
		up := at - d.stride
		d.words[up-1] |= self << 1 << 12
		d.words[up] |= self<<12 | sign*signOwn<<4
		d.words[up+1] |= self >> 1 << 12
	case 3:
		down := at + d.stride
		d.words[down-1] |= self << 1 >> 3
		d.words[down] |= self>>3 | sign*signOwn>>1
		d.words[down+1] |= self >> 1 >> 3
	}
}
