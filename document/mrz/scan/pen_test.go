package scan

// A pen follows a Type 2 charstring (Adobe Technical Note 5177) without hints.
type pen struct {
	font     *font
	stack    []float64
	hints    int
	opened   bool // the width has been passed
	at       point
	contours [][]point
}

func (p *pen) move(dx, dy float64) {
	p.at = point{p.at.x + dx, p.at.y + dy}
	p.contours = append(p.contours, []point{p.at})
}

func (p *pen) line(dx, dy float64) {
	p.at = point{p.at.x + dx, p.at.y + dy}
	last := len(p.contours) - 1
	p.contours[last] = append(p.contours[last], p.at)
}

func (p *pen) curve(a []float64) {
	const steps = 8
	p0 := p.at
	p1 := point{p0.x + a[0], p0.y + a[1]}
	p2 := point{p1.x + a[2], p1.y + a[3]}
	p3 := point{p2.x + a[4], p2.y + a[5]}
	last := len(p.contours) - 1
	for i := 1; i <= steps; i++ {
		t := float64(i) / steps
		s := 1 - t
		b0, b1, b2, b3 := s*s*s, 3*s*s*t, 3*s*t*t, t*t*t
		p.contours[last] = append(p.contours[last], point{
			b0*p0.x + b1*p1.x + b2*p2.x + b3*p3.x, b0*p0.y + b1*p1.y + b2*p2.y + b3*p3.y,
		})
	}
	p.at = p3
}

// take empties the stack, leaving out the width that may stand first.
func (p *pen) take(n int) []float64 {
	s := p.stack
	if !p.opened && (n >= 0 && len(s) > n || n < 0 && len(s)%2 == 1) {
		s = s[1:]
	}
	p.opened, p.stack = true, nil
	return s
}

func (p *pen) call(subrs [][]byte, depth int) bool {
	bias := 107
	if len(subrs) >= 1240 {
		bias = 1131
	}
	n := int(p.stack[len(p.stack)-1]) + bias
	p.stack = p.stack[:len(p.stack)-1]
	return p.run(subrs[n], depth+1)
}

// run reports whether the glyph has ended.
func (p *pen) run(b []byte, depth int) bool {
	if depth > 10 {
		panic("charstring calls too deep")
	}
	for len(b) > 0 {
		c := int(b[0])
		switch {
		case c == 28:
			p.stack, b = append(p.stack, float64(int16(uint16(b[1])<<8|uint16(b[2])))), b[3:]
			continue
		case c == 255:
			v := int32(uint32(b[1])<<24 | uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4]))
			p.stack, b = append(p.stack, float64(v)/65536), b[5:]
			continue
		case c >= 251:
			p.stack, b = append(p.stack, float64(-(c-251)*256-int(b[1])-108)), b[2:]
			continue
		case c >= 247:
			p.stack, b = append(p.stack, float64((c-247)*256+int(b[1])+108)), b[2:]
			continue
		case c >= 32:
			p.stack, b = append(p.stack, float64(c-139)), b[1:]
			continue
		}
		b = b[1:]
		switch c {
		case 10:
			if p.call(p.font.subrs, depth) {
				return true
			}
		case 29:
			if p.call(p.font.gsubrs, depth) {
				return true
			}
		case 11:
			return false
		case 14:
			return true
		case 19, 20:
			p.hints += len(p.take(-1)) / 2
			b = b[(p.hints+7)/8:]
		case 1, 3, 18, 23:
			p.hints += len(p.take(-1)) / 2
		case 12:
			p.flex(b[0])
			b = b[1:]
		default:
			p.draw(c)
		}
	}
	return false
}

func (p *pen) draw(op int) {
	switch op {
	case 21:
		a := p.take(2)
		p.move(a[0], a[1])
	case 22:
		p.move(p.take(1)[0], 0)
	case 4:
		p.move(0, p.take(1)[0])
	case 5, 8, 24, 25:
		p.mixed(op, p.take(0xFF))
	case 6, 7:
		for i, v := range p.take(0xFF) {
			if (i%2 == 0) == (op == 6) {
				p.line(v, 0)
			} else {
				p.line(0, v)
			}
		}
	case 26, 27:
		p.level(op == 27, p.take(0xFF))
	case 30, 31:
		p.turning(op == 31, p.take(0xFF))
	default:
		panic("charstring: an unknown operator")
	}
}

func (p *pen) mixed(op int, a []float64) {
	lines, curves := len(a)/2, 0
	switch op {
	case 8:
		lines, curves = 0, len(a)/6
	case 24:
		for ; len(a) >= 8; a = a[6:] {
			p.curve(a)
		}
		lines = 1
	case 25:
		lines, curves = (len(a)-6)/2, 1
	}
	for ; lines > 0; lines, a = lines-1, a[2:] {
		p.line(a[0], a[1])
	}
	for ; curves > 0; curves, a = curves-1, a[6:] {
		p.curve(a)
	}
}

// flex draws two curves that make one shallow one.
func (p *pen) flex(op byte) {
	a := p.take(0xFF)
	switch op {
	case 34: // hflex
		p.curve([]float64{a[0], 0, a[1], a[2], a[3], 0})
		p.curve([]float64{a[4], 0, a[5], -a[2], a[6], 0})
	case 35: // flex
		p.curve(a)
		p.curve(a[6:])
	case 36: // hflex1
		p.curve([]float64{a[0], a[1], a[2], a[3], a[4], 0})
		p.curve([]float64{a[5], 0, a[6], a[7], a[8], -a[1] - a[3] - a[7]})
	case 37: // flex1
		dx, dy := a[0]+a[2]+a[4]+a[6]+a[8], a[1]+a[3]+a[5]+a[7]+a[9]
		ex, ey := a[10], -dy
		if dx*dx <= dy*dy {
			ex, ey = -dx, a[10]
		}
		p.curve(a)
		p.curve([]float64{a[6], a[7], a[8], a[9], ex, ey})
	default:
		panic("charstring: an unknown escape")
	}
}

// level draws hhcurveto, or vvcurveto.
func (p *pen) level(across bool, a []float64) {
	side := 0.0
	if len(a)%4 == 1 {
		side, a = a[0], a[1:]
	}
	for ; len(a) >= 4; a = a[4:] {
		if across {
			p.curve([]float64{a[0], side, a[1], a[2], a[3], 0})
		} else {
			p.curve([]float64{side, a[0], a[1], a[2], 0, a[3]})
		}
		side = 0
	}
}

// turning draws hvcurveto, or vhcurveto.
func (p *pen) turning(across bool, a []float64) {
	for ; len(a) >= 4; a, across = a[4:], !across {
		end := 0.0
		if len(a) == 5 {
			end = a[4]
		}
		if across {
			p.curve([]float64{a[0], 0, a[1], a[2], end, a[3]})
		} else {
			p.curve([]float64{0, a[0], a[1], a[2], a[3], end})
		}
	}
}
