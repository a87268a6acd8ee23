package codestream

import (
	"encoding/binary"
	"math"

	"github.com/tunnus-id/tunnus/document/jp2/tier1"
)

// A header is what a main or a tile header says of coding; what it does not say
// is nil.
type header struct {
	cod   *style
	qcd   *quantization
	coc   [maxComponents]*coding
	qcc   [maxComponents]*quantization
	shift [maxComponents]*uint // RGN: shift of the region of interest
	poc   []progression
}

// A style is COD (§A.6.1): what holds for all components, and the coding of
// those that have no COC.
type style struct {
	progression progression
	colours     bool // the first three components are transformed (Annex G)
	sop, eph    bool // packets may begin with SOP; their headers end with EPH
	coding      coding
}

// A coding says how a component was coded (Table A.15).
type coding struct {
	levels        int
	width, height uint // of code-blocks, as exponents of 2
	style         tier1.Style
	reversible    bool
	precincts     [MaxLevels + 1]byte // exponents of 2, by resolution: down and across
}

// precinct is the size of precincts of a resolution, as exponents of 2.
func (c *coding) precinct(r int) (x, y uint) {
	return uint(c.precincts[r] & 15), uint(c.precincts[r] >> 4)
}

// A quantization is QCD or QCC (§A.6.4).
type quantization struct {
	derived bool // only the first step is given
	none    bool
	guard   int
	steps   []step
}

// A step is the exponent and the mantissa of a quantization step (equation E-3).
type step struct {
	exponent uint8
	mantissa uint16
}

// width is the step as a number, for samples of eight bits. The gain of its
// subband is left to the transform.
func (s step) width() float32 {
	return float32(math.Ldexp(1+float64(s.mantissa)/2048, 8-int(s.exponent)))
}

// at is the step of a subband: 0 is LL, then three for each resolution
// (equation E-5).
func (q *quantization) at(band int) step {
	if q.derived && band > 0 {
		return step{uint8(max(0, int(q.steps[0].exponent)-(band-1)/3)), q.steps[0].mantissa}
	}
	return q.steps[q.index(band)]
}

func (q *quantization) index(band int) int {
	if q.derived {
		return 0
	}
	return band
}

// set takes a marker segment over; none may come twice.
func (h *header) set(marker uint16, b []byte, components int) error {
	twice := func(is bool) error {
		if is {
			return damaged("marker %04X twice in a header (§A.6)", marker)
		}
		return nil
	}
	var err error
	switch marker {
	case cod:
		if err = twice(h.cod != nil); err == nil {
			h.cod, err = readStyle(b)
		}
	case qcd:
		if err = twice(h.qcd != nil); err == nil {
			h.qcd, err = readQuantization(b)
		}
	case poc:
		err = h.setProgressions(b, components)
	default: // coc, qcc, rgn: of one component
		if len(b) < 2 || int(b[0]) >= components {
			return damaged("marker %04X of no component (§A.6)", marker)
		}
		c := b[0]
		switch marker {
		case coc:
			if err = twice(h.coc[c] != nil); err == nil {
				h.coc[c], err = readCoding(b[2:], b[1])
			}
		case qcc:
			if err = twice(h.qcc[c] != nil); err == nil {
				h.qcc[c], err = readQuantization(b[1:])
			}
		case rgn:
			if err = twice(h.shift[c] != nil); err == nil {
				h.shift[c], err = readShift(b[1:])
			}
		}
	}
	return err
}

func readShift(b []byte) (*uint, error) {
	if len(b) != 2 || b[0] != 0 {
		return nil, damaged("RGN is not one of Part 1 (§A.6.3)")
	}
	if b[1] > tier1.MaxPlanes {
		return nil, over("a region of interest shifted by %d bits", b[1])
	}
	return new(uint(b[1])), nil
}

// readStyle reads COD.
func readStyle(b []byte) (*style, error) {
	if len(b) < 10 || b[0] > 7 || b[4] > 1 {
		return nil, damaged("COD is not one of Part 1 (§A.6.1)")
	}
	layers := int(binary.BigEndian.Uint16(b[2:]))
	if layers == 0 || order(b[1]) >= orders {
		return nil, damaged("%d layers in progression order %d (§A.6.1)", layers, b[1])
	}
	c, err := readCoding(b[5:], b[0]&1)
	if err != nil {
		return nil, err
	}
	all := progression{order: order(b[1]), layers: layers, resolutions: [2]int{0, MaxLevels + 1}, components: [2]int{0, maxComponents}}
	return &style{progression: all, colours: b[4] == 1, sop: b[0]&2 != 0, eph: b[0]&4 != 0, coding: *c}, nil
}

// readCoding reads the common end of COD and COC; precincts tells whether their
// sizes are given (Tables A.15, A.21).
func readCoding(b []byte, precincts byte) (*coding, error) {
	if len(b) < 5 || precincts > 1 {
		return nil, damaged("COD or COC is not one of Part 1 (§A.6.2)")
	}
	c := coding{levels: int(b[0]), width: uint(b[1]) + 2, height: uint(b[2]) + 2, style: tier1.Style(b[3]), reversible: b[4] == 1}
	switch {
	case c.levels > MaxLevels:
		return nil, over("%d levels, %d are read", c.levels, MaxLevels)
	case b[1] > 8 || b[2] > 8 || 1<<(c.width+c.height) > tier1.MaxArea:
		return nil, over("code-blocks of 2^%d by 2^%d samples (Table A.18)", c.width, c.height)
	case b[3] > 0x3F:
		return nil, unsupported("code-block style %#x of another part (Table A.19)", b[3])
	case b[4] > 1:
		return nil, unsupported("wavelet transform %d (Table A.20)", b[4])
	case len(b) != 5+int(precincts)*(c.levels+1):
		return nil, damaged("COD or COC has other precincts than levels (§A.6.1)")
	}
	for r := range c.precincts {
		c.precincts[r] = 0xFF
	}
	for r, p := range b[5:] {
		c.precincts[r] = p
		if r > 0 && (p&15 == 0 || p>>4 == 0) {
			return nil, damaged("precincts smaller than a sample (Table A.21)")
		}
	}
	return &c, nil
}

// readQuantization reads QCD, or QCC from behind its component.
func readQuantization(b []byte) (*quantization, error) {
	wrong := damaged("QCD or QCC is not one of Part 1 (§A.6.4)")
	if len(b) < 2 || len(b) > 2*(3*MaxLevels+1)+1 {
		return nil, wrong
	}
	q := quantization{guard: int(b[0] >> 5), steps: make([]step, 0, len(b))}
	kind, b := b[0]&31, b[1:]
	switch kind {
	case 0:
		q.none = true
		for _, e := range b {
			q.steps = append(q.steps, step{exponent: e >> 3})
		}
	case 1, 2:
		if q.derived = kind == 1; len(b)%2 != 0 || q.derived && len(b) != 2 {
			return nil, wrong
		}
		for ; len(b) > 0; b = b[2:] {
			v := binary.BigEndian.Uint16(b)
			q.steps = append(q.steps, step{uint8(v >> 11), v & 0x7FF})
		}
	default:
		return nil, wrong
	}
	if len(q.steps) > 3*MaxLevels+1 {
		return nil, wrong
	}
	return &q, nil
}

// setProgressions reads POC (§A.6.6). Later tile-parts may have more of it.
func (h *header) setProgressions(b []byte, components int) error {
	if len(b) == 0 || len(b)%7 != 0 {
		return damaged("POC of %d bytes (§A.6.6)", len(b))
	}
	for ; len(b) > 0; b = b[7:] {
		p := progression{
			resolutions: [2]int{int(b[0]), int(b[4])},
			components:  [2]int{int(b[1]), int(b[5])},
			layers:      int(binary.BigEndian.Uint16(b[2:])),
			order:       order(b[6]),
		}
		if b[5] == 0 { // 256 of them
			p.components[1] = components
		}
		if p.order >= orders || p.layers == 0 || p.resolutions[0] >= p.resolutions[1] || p.components[0] >= p.components[1] {
			return damaged("POC without packets (§A.6.6)")
		}
		if h.poc = append(h.poc, p); len(h.poc) > maxProgression {
			return over("%d progression order changes", len(h.poc))
		}
	}
	return nil
}

// A plan is how one component of one tile was coded, from all headers that say
// something about it.
type plan struct {
	*coding
	*quantization
	shift uint
}

// plan resolves what main and tile header say: that of the tile goes before that
// of the picture, that of the component before that for all (§A.6).
func (st *stream) plan(t *header, c int) (plan, error) {
	p := plan{coding: &st.main.cod.coding, quantization: st.main.qcd}
	for _, h := range []*header{&st.main, t} {
		if h.cod != nil {
			p.coding = &h.cod.coding
		}
		if h.coc[c] != nil {
			p.coding = h.coc[c]
		}
		if h.qcd != nil {
			p.quantization = h.qcd
		}
		if h.qcc[c] != nil {
			p.quantization = h.qcc[c]
		}
		if h.shift[c] != nil {
			p.shift = *h.shift[c]
		}
	}
	if p.reversible && !p.none {
		return plan{}, damaged("the reversible transform with quantization (§A.6.4)")
	}
	if !p.derived && len(p.steps) < 3*p.levels+1 {
		return plan{}, damaged("%d quantization steps for %d levels (§A.6.4)", len(p.steps), p.levels)
	}
	return p, nil
}
