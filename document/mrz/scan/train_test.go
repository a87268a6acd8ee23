package scan

import (
	"encoding/base64"
	"encoding/binary"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "train the network anew and write weights.go")
	steps  = flag.Int("steps", 14000, "batches of 48 patches in training")
)

// A teacher invents patches: characters of the font as a camera may see them.
type teacher struct {
	*rand.Rand
	maps map[rune][]*coverage // one for each blur
}

// blurs are what a picture may be blurred by, in thousandths of an em.
var blurs = []float64{14, 24, 34, 44, 56, 68}

const others = "abcdefghijkmnpqrstuvwxyz.,:;/+*#&()?%$=-"

func newTeacher(t *testing.T, seed uint64) *teacher {
	f := ocrb(t, "OCRB")
	te := &teacher{rand.New(rand.NewPCG(seed, 1)), map[rune][]*coverage{}}
	for _, r := range alphabet + others {
		sharp := cover(f, r)
		for _, b := range blurs {
			te.maps[r] = append(te.maps[r], sharp.blurred(b))
		}
	}
	return te
}

// between draws a number evenly.
func (te *teacher) between(a, b float64) float64 { return a + (b-a)*te.Float64() }

func (te *teacher) glyph() rune {
	if te.IntN(8) == 0 {
		return '<'
	}
	return rune(alphabet[te.IntN(len(alphabet))])
}

// lesson draws a patch and what stands in it.
func (te *teacher) lesson() (p patch, class int) {
	r := te.glyph()
	class = strings.IndexRune(alphabet, r)
	dx, dy, sx, sy, turn := 45*te.NormFloat64(), 32*te.NormFloat64(), te.between(.94, 1.08), te.between(.88, 1.12), .035*te.NormFloat64()
	left, right, ink := te.glyph(), te.glyph(), 1.0
	if te.IntN(12) == 0 {
		left = 0
	}
	if te.IntN(12) == 0 {
		right = 0
	}
	dx, dy = max(-110, min(110, dx)), max(-85, min(85, dy))
	if te.IntN(8) == 0 {
		class = nothing
		switch te.IntN(6) {
		case 0: // between two
			dx = 361 + te.between(-110, 110)
		case 1:
			r, left, right = 0, left*rune(te.IntN(2)), right*rune(te.IntN(2))
		case 2: // too small, or too large
			s := te.between(.4, .62)
			if te.IntN(2) == 0 {
				s = te.between(1.6, 2.4)
			}
			sx, sy = sx*s, sy*s
		case 3: // upside down
			r = []rune("23457ABEFGJKPRTVY")[te.IntN(17)]
			turn += math.Pi
		case 4:
			r = []rune(others)[te.IntN(len(others))]
		case 5: // between two lines
			dy = te.between(330, 640) * float64(1-2*te.IntN(2))
		}
	}
	te.fill(&p, [3]rune{left, r, right}, [5]float64{dx, dy, sx, sy, turn}, ink)
	return p, class
}

// fill draws three characters around the patch's middle, moved, scaled and
// turned, with the noise and the background of a picture.
func (te *teacher) fill(p *patch, of [3]rune, move [5]float64, ink float64) {
	blur := te.IntN(len(blurs))
	shear := .06 * te.NormFloat64()
	sin, cos := math.Sincos(move[4])
	weight := te.between(.75, 1.35)
	noise := te.between(0, .13)
	gx, gy := .15*te.NormFloat64(), .12*te.NormFloat64()
	wave, phase, wx, wy := te.between(0, .16), te.between(0, 6), te.between(-.02, .02), te.between(-.02, .02)
	for j := range patchH {
		for i := range patchW {
			x0, y0 := (float64(i)+.5)/patchW*723-361.5, 500-(float64(j)+.5)/patchH*1000
			x, y := x0*cos+y0*sin, -x0*sin+y0*cos
			x, y = (x+shear*y+move[0])*move[2]+361.5, (y+move[1])*move[3]+380
			c := 0.0
			for k, r := range of {
				if r != 0 {
					c = max(c, te.maps[r][blur].at(x-float64(k-1)*723, y))
				}
			}
			c = min(1, c*weight)
			back := wave*math.Sin(phase+x0*wx+y0*wy) + gx*x0/361 + gy*y0/500
			p[j*patchW+i] = float32(1 - .8*ink*c + back + noise*te.NormFloat64())
		}
	}
	if te.IntN(3) == 0 { // sharpened or smeared by the camera
		te.smear(p)
	}
	p.level(.1)
}

func (te *teacher) smear(p *patch) {
	k := float32(te.between(-.12, .2))
	q := *p
	for j := range patchH {
		for i := range patchW {
			l, r := q[j*patchW+max(i-1, 0)], q[j*patchW+min(i+1, patchW-1)]
			p[j*patchW+i] = (1-2*k)*q[j*patchW+i] + k*(l+r)
		}
	}
}

// TestTable checks the table of the network; with -update it makes it.
func TestTable(t *testing.T) {
	if *update {
		n := train(newTeacher(t, 20), *steps, t.Logf)
		var b []byte
		for i := range n.first {
			b = packRow(n.first[i][:], b)
		}
		for i := range n.second {
			b = packRow(n.second[i][:], b)
		}
		writeTable(t, base64.StdEncoding.EncodeToString(b))
		return
	}
	b, err := base64.StdEncoding.DecodeString(weights)
	if want := hidden*(inputs+5) + classes*(hidden+5); err != nil || len(b) != want {
		t.Fatalf("%d bytes, %v; want %d", len(b), err, want)
	}
	te, n, good := newTeacher(t, 99), newNetwork(), 0
	const tries = 4000
	for range tries {
		p, class := te.lesson()
		if s := n.judge(&p); top(&s) == class {
			good++
		}
	}
	if t.Logf("%d of %d patches read", good, tries); good < tries*95/100 {
		t.Errorf("%d of %d patches read", good, tries)
	}
}

func packRow(row []float32, b []byte) []byte {
	top := float32(1e-9)
	for _, v := range row {
		top = max(top, max(v, -v))
	}
	scale := top / 127
	b = binary.BigEndian.AppendUint32(b, math.Float32bits(scale))
	for _, v := range row {
		b = append(b, byte(int8(math.Round(float64(v/scale)))))
	}
	return b
}

func writeTable(t *testing.T, s string) {
	var out strings.Builder
	out.WriteString("// Code generated by go test -run TestTable -update; DO NOT EDIT.\n\npackage scan\n\n")
	out.WriteString("// weights are the numbers of the network: see newNetwork.\nconst weights = \"\" +\n")
	for ; len(s) > 140; s = s[140:] {
		out.WriteString("\t\"" + s[:140] + "\" +\n")
	}
	out.WriteString("\t\"" + s + "\"\n")
	if err := os.WriteFile("weights.go", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
