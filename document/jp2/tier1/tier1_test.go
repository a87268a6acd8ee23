package tier1

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// scan visits samples in the order of §D.1.
func (m *model) scan(do func(x, y int)) {
	for y := 0; y < m.Height; y += 4 {
		for x := range m.Width {
			for i := y; i < min(y+4, m.Height); i++ {
				do(x, i)
			}
		}
	}
}

// passes decodes a codeword segment.
func (m *model) passes(n int, data []byte) {
	m.init(data)
	m.bit = 0
	m.raw = m.Style&Bypass != 0 && m.pass >= 10 && m.pass%3 != 0
	for range n {
		plane := m.Planes - (m.pass+2)/3
		switch m.pass % 3 {
		case 1:
			m.scan(func(x, y int) { m.propagate(x, y, plane) })
		case 2:
			m.scan(func(x, y int) { m.refine(x, y, plane) })
		case 0:
			m.clean(plane)
			if m.Style&Symbols != 0 {
				for range 4 {
					m.decode(18)
				}
			}
		}
		if m.Style&Reset != 0 {
			m.reset()
		}
		m.pass++
	}
}

func (m *model) propagate(x, y, plane int) {
	if m.v[y][x].significant || m.around(x, y) == [3]int{} {
		return
	}
	m.v[y][x].coded = true
	if m.raw && m.rawBit() == 1 || !m.raw && m.decode(m.zero(x, y)) == 1 {
		m.become(x, y, plane)
	}
}

func (m *model) refine(x, y, plane int) {
	s := &m.v[y][x]
	if !s.significant || s.coded {
		return
	}
	ctx := 16
	switch {
	case !s.refined && m.around(x, y) == [3]int{}:
		ctx = 14
	case !s.refined:
		ctx = 15
	}
	var bit uint32
	if m.raw {
		bit = m.rawBit()
	} else {
		bit = m.decode(ctx)
	}
	s.refined = true
	s.magnitude = s.magnitude>>(plane+1)<<(plane+1) | bit<<plane | 1<<(plane-1)
}

func (m *model) clean(plane int) {
	done := -1 // rows of the column that a run has dealt with
	m.scan(func(x, y int) {
		if y%4 == 0 {
			done = -1
			alone := y+4 <= m.Height
			for i := y; alone && i < y+4; i++ {
				alone = m.around(x, i) == [3]int{} && !m.v[i][x].significant && !m.v[i][x].coded
			}
			if alone {
				if done = y + 3; m.decode(17) == 1 {
					done = y + int(m.decode(18)<<1|m.decode(18))
					m.become(x, done, plane)
				}
			}
		}
		if s := &m.v[y][x]; y > done && !s.significant && !s.coded && m.decode(m.zero(x, y)) == 1 {
			m.become(x, y, plane)
		}
	})
	m.scan(func(x, y int) { m.v[y][x].coded = false })
}

// compare decodes the same block twice. Seed chooses its shape, and data are its
// segments, cut evenly.
func compare(t *testing.T, seed uint64, data []byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	b := Block{Width: 1 + r.IntN(20), Height: 1 + r.IntN(20), Kind: Orientation(r.IntN(4)), Style: Style(r.IntN(64)), Planes: 1 + r.IntN(12)}
	d, m := New(), newModel(b)
	if err := d.Begin(b); err != nil {
		t.Fatal(err)
	}
	for all, done := 3*b.Planes-2, 0; done < all; {
		n := min(all-done, b.Style.SegmentPasses(done))
		cut := len(data) * n / all
		if err := d.Segment(n, append(append([]byte{}, data[:cut]...), 0xFF, 0xFF)); err != nil {
			t.Fatalf("%+v: %v", b, err)
		}
		m.passes(n, data[:cut])
		data, done = data[cut:], done+n
	}
	got := make([]int32, b.Width*b.Height)
	d.Integers(got, b.Width, 0)
	half := make([]float32, len(got))
	d.Floats(half, b.Width, 0, 2)
	for i, g := range got {
		s := m.v[i/b.Width][i%b.Width]
		want := int32(s.magnitude)
		if s.negative {
			want = -want
		}
		if g != want/2 || half[i] != float32(want) {
			t.Fatalf("%+v: sample %d is %d and %v; want %d halves", b, i, g, half[i], want)
		}
	}
}

// The decoder says what the text says, whatever is in the segments.
func TestAgreesWithModel(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for seed := range uint64(3000) {
		data := make([]byte, r.IntN(400))
		for i := range data {
			if data[i] = byte(r.Uint32()); r.IntN(8) == 0 {
				data[i] = 0xFF
			}
		}
		compare(t, seed, data)
	}
}

func FuzzAgreesWithModel(f *testing.F) {
	f.Add([]byte("12345678 some bytes of a code-block \xff\x7f\xff\x90"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 8 && len(b) < 1000 {
			compare(t, binary.BigEndian.Uint64(b), b[8:])
		}
	})
}

// What reaches over the shift belongs to a region of interest, and is shifted
// back (§H.1); half a step more or less does not change that.
func TestUnshift(t *testing.T) {
	for _, tt := range []struct {
		v     uint32
		shift uint
		want  uint32
	}{
		{0, 5, 0}, {31<<1 | 1, 5, 31<<1 | 1}, {32<<1 | 1, 5, 1 << 1}, {1<<31 | 96<<1, 5, 1<<31 | 3<<1}, {1<<31 | 31<<1, 5, 1<<31 | 31<<1},
	} {
		if got := unshift(tt.v, tt.shift); got != tt.want {
			t.Errorf("unshift(%#x, %d) = %#x; want %#x", tt.v, tt.shift, got, tt.want)
		}
	}
}

func TestBlocksThatAreNone(t *testing.T) {
	d := New()
	for _, planes := range []int{-1, 0, MaxPlanes + 1} {
		if d.Begin(Block{Width: 4, Height: 4, Planes: planes}) == nil {
			t.Errorf("%d bit-planes are read", planes)
		}
	}
	if err := d.Begin(Block{Width: 4, Height: 4, Planes: 2}); err != nil {
		t.Fatal(err)
	}
	if d.Segment(5, []byte{0xFF, 0xFF}) == nil {
		t.Error("five passes over two bit-planes are read")
	}
}
