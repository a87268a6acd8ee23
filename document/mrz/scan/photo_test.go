package scan

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/mrz"
)

// A studio photographs invented documents. It shares the font with the teacher,
// and nothing with the reader.
type studio struct {
	*rand.Rand
	maps map[rune]*coverage
}

const pageText = "abcdefghijklmnopqrstuvwxyz,./"

func newStudio(t testing.TB) *studio {
	f := ocrb(t, "OCRB")
	s := &studio{maps: map[rune]*coverage{}}
	for _, r := range alphabet + pageText {
		s.maps[r] = cover(f, r)
	}
	return s
}

// seeded is the same studio on another day.
func (s *studio) seeded(seed uint64) *studio {
	return &studio{rand.New(rand.NewPCG(seed, 7)), s.maps}
}

func (s *studio) between(a, b float64) float64 { return a + (b-a)*s.Float64() }

func (s *studio) letters(among string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = among[s.IntN(len(among))]
	}
	return string(b)
}

// holder invents what stands in a zone.
func (s *studio) holder(kind mrz.Kind) string {
	const letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	date := func(year int) string {
		two := func(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
		return two(year%100) + two(1+s.IntN(12)) + two(1+s.IntN(28))
	}
	z := mrz.Zone{
		Kind: kind, Document: []string{"I", "ID", "AC", "C"}[s.IntN(4)], Issuer: "UTO", Nationality: "UTO",
		Surname: s.letters(letters, 3+s.IntN(9)), GivenNames: s.letters(letters, 2+s.IntN(7)),
		Birth: date(40 + s.IntN(70)), Expiry: date(25 + s.IntN(12)), Sex: []string{"M", "F", ""}[s.IntN(3)],
		Number: s.letters(letters+digits, 7+s.IntN(3)),
	}
	if s.IntN(2) == 0 {
		z.Number = s.letters(letters, 2) + s.letters(digits, 7)
	}
	if s.IntN(2) == 0 {
		z.GivenNames += " " + s.letters(letters, 1+s.IntN(5))
	}
	if kind == mrz.TD3 {
		z.Document = []string{"P", "PD"}[s.IntN(2)]
	}
	if s.IntN(2) == 0 {
		z.Optional1 = s.letters(letters+digits, 7)
	}
	if kind == mrz.TD1 && s.IntN(2) == 0 {
		z.Optional2 = s.letters(digits, 11)
	}
	if kind == mrz.TD1 {
		z.Surname = z.Surname[:min(8, len(z.Surname))]
	}
	return z.String()
}

// A page is a document laid flat: light from 0 to 1, so many pixels a millimetre.
type page struct {
	w, h  int
	scale float64
	v     []float32
	left  float64 // the zone, in millimetres
	top   float64
	right float64
	low   float64
}

// print prints a document with a zone, all that is around it, and the pitch in
// pixels.
func (s *studio) print(zone string, pitch float64) *page {
	lines := strings.Split(zone, "\n")
	width, height, gap, left := 125., 88., s.between(6, 6.5), s.between(5, 7)
	switch len(lines[0]) {
	case 30:
		width, height, gap, left = 85.6, 54, s.between(4.8, 6.4), s.between(3.5, 5.5)
	case 36:
		width, height = 105, 74
	}
	p := &page{scale: pitch / 2.54}
	p.w, p.h = int(width*p.scale), int(height*p.scale)
	p.v = make([]float32, p.w*p.h)
	s.guilloche(p)
	first := height - s.between(5, 7) - gap*float64(len(lines)-1)
	s.portrait(p, width*.06, height*.12, width*.26, min(height*.6, first-14))
	for y := height * .12; y < first-10; y += s.between(4, 7) {
		size := s.between(1.6, 3)
		s.text(p, s.letters(pageText+"ABCDEFGHIKLMNO0123456789    ", 8+s.IntN(20)), width*.38, y, size, size*s.between(.5, .75), .45)
	}
	ink := s.between(.62, .85)
	for i, line := range lines {
		s.text(p, line, left, first+float64(i)*gap, 2.54*1000/723, 2.54, ink)
	}
	p.left, p.right = left, left+2.54*float64(len(lines[0]))
	p.top, p.low = first-3.5, first+gap*float64(len(lines)-1)+1
	return p
}

// text stamps characters on a page: em and step in millimetres.
func (s *studio) text(p *page, text string, x, y, em, step, ink float64) {
	const fine = 3
	for _, r := range text {
		c := s.maps[r]
		if c == nil {
			x += step
			continue
		}
		unit := 1000 / em / p.scale // thousandths of an em for a pixel
		for j := int((y - .9*em) * p.scale); j < int((y+.3*em)*p.scale); j++ {
			for i := int((x - .1*em) * p.scale); i < int((x+.85*em)*p.scale); i++ {
				if i < 0 || j < 0 || i >= p.w || j >= p.h {
					continue
				}
				sum := 0.0
				for k := range fine * fine {
					gx := (float64(i)+(float64(k%fine)+.5)/fine)*unit - x*p.scale*unit
					gy := y*p.scale*unit - (float64(j)+(float64(k/fine)+.5)/fine)*unit
					sum += c.at(gx, gy)
				}
				p.v[j*p.w+i] *= float32(1 - ink*sum/(fine*fine))
			}
		}
		x += step
	}
}

// guilloche covers a page with fine waves, as security printing does.
func (s *studio) guilloche(p *page) {
	base := s.between(.72, .92)
	type wave struct{ fx, fy, bend, bendf, phase, strength float64 }
	var waves []wave
	for range 3 {
		turn, period := s.between(0, math.Pi), s.between(.5, 3)
		waves = append(waves, wave{
			math.Cos(turn) / period, math.Sin(turn) / period, s.between(0, 3), s.between(.02, .2), s.between(0, 6), s.between(0, .05),
		})
	}
	var table [1024]float64
	for i := range table {
		table[i] = math.Sin(2 * math.Pi * float64(i) / 1024)
	}
	sin := func(v float64) float64 { return table[int(math.Floor(v*1024))&1023] }
	for j := range p.h {
		for i := range p.w {
			x, y, v := float64(i)/p.scale, float64(j)/p.scale, base
			for _, w := range waves {
				v += w.strength * sin(x*w.fx+y*w.fy+w.phase+w.bend*sin((x-y)*w.bendf*.3))
			}
			p.v[j*p.w+i] = float32(v)
		}
	}
}

// portrait draws a box with a head in it.
func (s *studio) portrait(p *page, x, y, w, h float64) {
	shade := s.between(.5, .8)
	for j := max(0, int(y*p.scale)); j < min(p.h, int((y+h)*p.scale)); j++ {
		for i := int(x * p.scale); i < int((x+w)*p.scale); i++ {
			u, v := (float64(i)/p.scale-x)/w-.5, (float64(j)/p.scale-y)/h-.5
			k := shade
			if u*u/.06+v*v/.12 < 1 {
				k = .35 + .4*(u+.5)
			} else if v > .25 && math.Abs(u) < .4 {
				k = .2
			}
			p.v[j*p.w+i] = float32(k)
		}
	}
}

// A shot is how a photograph is taken.
type shot struct {
	w, h             int
	span             float64 // the zone's part of the picture's width
	tilt, yaw, pitch float64 // degrees
	upsideDown       bool
	blur             float64 // parts of a pitch
	noise            float64 // of 255
	quality          int
	colour           bool
}

func (s *studio) shot() shot {
	return shot{
		w: 1280, h: 720, span: s.between(.4, .98), tilt: s.between(-15, 15), yaw: s.between(-15, 15), pitch: s.between(-15, 15),
		blur: s.between(0, .07), noise: s.between(1, 7), quality: 60 + s.IntN(36), colour: s.IntN(4) == 0,
	}
}

// poor is a picture that nobody needs to be able to read.
func (s *studio) poor() shot {
	return shot{
		w: 1280, h: 720, span: s.between(.3, .99), tilt: s.between(-20, 20), yaw: s.between(-25, 25), pitch: s.between(-25, 25),
		blur: s.between(.04, .22), noise: s.between(3, 24), quality: 15 + s.IntN(50), colour: s.IntN(4) == 0,
	}
}

// photograph prints a zone and takes a picture of it.
func (s *studio) photograph(zone string, c shot) image.Image {
	width := len(strings.Split(zone, "\n")[0])
	pitch := c.span * float64(c.w) / float64(width)
	p := s.print(zone, pitch*1.2)
	toPage := s.camera(p, c)
	out := s.expose(p, c, toPage)
	s.develop(out, c, pitch)
	return s.encode(out, c)
}

// camera places the page in space, and returns where on it a pixel lies.
func (s *studio) camera(p *page, c shot) func(x, y float64) (u, v float64) {
	rad := math.Pi / 180
	st, ct := math.Sincos(c.tilt * rad)
	if c.upsideDown {
		st, ct = -st, -ct
	}
	sy, cy := math.Sincos(c.yaw * rad)
	sp, cp := math.Sincos(c.pitch * rad)
	// rows of the turned axes of the page
	ux, uy, uz := ct*cy, st*cp+ct*sy*sp, st*sp-ct*sy*cp
	vx, vy, vz := -st*cy, ct*cp-st*sy*sp, ct*sp+st*sy*cp
	mx, my := (p.left+p.right)/2, (p.top+p.low)/2
	focus := 1.1 * float64(c.w)
	far := focus * (p.right - p.left) / (c.span * float64(c.w))
	project := func(x, y float64) (float64, float64) {
		x, y = x-mx, y-my
		z := far + x*uz + y*vz
		return focus * (x*ux + y*vx) / z, focus * (x*uy + y*vy) / z
	}
	x0, x1, y0, y1 := 1e9, -1e9, 1e9, -1e9
	for _, q := range [][2]float64{{p.left, p.top}, {p.right, p.top}, {p.left, p.low}, {p.right, p.low}} {
		x, y := project(q[0], q[1])
		x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
	}
	w, h, edge := float64(c.w), float64(c.h), 4.
	zoom := min(1, (w-2*edge)/(x1-x0), (h-2*edge)/(y1-y0))
	cx := s.between(edge-x0*zoom, w-edge-x1*zoom)
	cy0 := s.between(max(edge-y0*zoom, .3*h), max(h-edge-y1*zoom, .3*h+1))
	cy0 = min(max(cy0, edge-y0*zoom), h-edge-y1*zoom)
	return func(px, py float64) (float64, float64) {
		// focus·(x·ux+y·vx) = X·(far+x·uz+y·vz), and the same for Y
		X, Y := (px-cx)/zoom, (py-cy0)/zoom
		a, b, e := focus*ux-X*uz, focus*vx-X*vz, X*far
		d, f, g := focus*uy-Y*uz, focus*vy-Y*vz, Y*far
		det := a*f - b*d
		return (e*f-b*g)/det + mx, (a*g-e*d)/det + my
	}
}

// expose lets the light of page and table fall on the film, unevenly.
func (s *studio) expose(p *page, c shot, toPage func(x, y float64) (u, v float64)) []float32 {
	out := make([]float32, c.w*c.h)
	table := s.between(.1, .9)
	gx, gy, vignette, light := s.between(-.3, .3), s.between(-.3, .3), s.between(0, .25), s.between(.75, 1.02)
	shadow, turn, deep := s.between(-.8, .8), s.between(0, 6), s.between(.6, 1)
	sn, cs := math.Sincos(turn)
	for j := range c.h {
		for i := range c.w {
			u, v := toPage(float64(i), float64(j))
			x, y := u*p.scale-.5, v*p.scale-.5
			k := table
			if x >= 0 && y >= 0 && x < float64(p.w-1) && y < float64(p.h-1) {
				a, b := int(x), int(y)
				dx, dy := x-float64(a), y-float64(b)
				q := p.v[b*p.w+a:]
				k = (float64(q[0])*(1-dx)+float64(q[1])*dx)*(1-dy) + (float64(q[p.w])*(1-dx)+float64(q[p.w+1])*dx)*dy
			}
			nx, ny := 2*float64(i)/float64(c.w)-1, 2*float64(j)/float64(c.h)-1
			lit := light * (1 + gx*nx + gy*ny) * (1 - vignette*(nx*nx+ny*ny)/2)
			if d := (nx*cs + ny*sn - shadow) * 8; d > 0 {
				lit *= 1 - (1-deep)*min(1, d)
			}
			out[j*c.w+i] = float32(k * lit * 235)
		}
	}
	return out
}

// develop blurs the film, and makes it grainy.
func (s *studio) develop(v []float32, c shot, pitch float64) {
	sigma := c.blur * pitch
	if sigma > .2 {
		g := &coverage{w: c.w, h: c.h, v: v}
		copy(v, g.blurred(sigma*raster).v)
	}
	for i := range v {
		v[i] += float32(c.noise * s.NormFloat64())
	}
}

func (s *studio) encode(v []float32, c shot) image.Image {
	var img image.Image
	at := func(i int) float32 { return min(max(v[i], 0), 255) }
	if c.colour {
		m := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
		for i := range v {
			m.SetRGBA(i%c.w, i/c.w, color.RGBA{uint8(at(i)), uint8(at(i) * .97), uint8(at(i) * .9), 255})
		}
		img = m
	} else {
		m := image.NewGray(image.Rect(0, 0, c.w, c.h))
		for i := range v {
			m.Pix[i] = uint8(at(i))
		}
		img = m
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: c.quality}); err != nil {
		panic(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		panic(err)
	}
	return out
}
