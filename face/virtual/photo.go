package virtual

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Sizes of the pictures, in pixels.
const (
	PortraitWidth, PortraitHeight = 413, 531 // 35 × 45 mm at 300 dpi
	FrameWidth, FrameHeight       = 480, 640
)

// oversample is how many samples a pixel has in each direction.
const oversample = 2

// A Model is a person's head, ready to be photographed. It takes some 15 MB,
// is never changed and may be used by several goroutines.
type Model struct {
	plan  *plan
	grids []*grid
	dirs  []vec
}

// NewModel builds the head of p: the slow part, done once for many pictures.
func NewModel(p Person) *Model {
	m := &Model{plan: newPlan(p), dirs: directions()}
	m.grids = m.plan.grids()
	bake(m.grids, m.dirs)
	return m
}

// A scene is one picture to take.
type scene struct {
	width, height int
	distance      float64 // of the camera, cm
	scale         float64 // pixels per cm
	eyeX, eyeY    float64 // where the point between the eyes appears, in pixels
	pose          turn
	gaze          vec
	lamps         []lamp // the first one glints
	exposure      float64
	backdrop      func(x, y float64) rgb // in 0..1 of the picture, display light
	cloth         rgb
	blur, noise   float64 // radius in pixels; share of full scale
	rand          *rand.Rand
}

// take photographs the model.
func (m *Model) take(sc *scene) *image.RGBA {
	cam := &camera{
		width: sc.width * oversample, height: sc.height * oversample, distance: sc.distance,
		scale: sc.scale * oversample, eyeX: sc.eyeX * oversample, eyeY: sc.eyeY * oversample, pose: sc.pose,
	}
	seen := look(cam, m.grids)
	share := shares(m.dirs, sc.lamps, sc.pose)
	light := make([][]rgb, len(m.grids))
	for i, g := range m.grids {
		light[i] = g.received(m.dirs, share)
	}
	s := &shade{
		plan: m.plan, eyes: cam.inHead(), key: sc.pose.undo(sc.lamps[0].from.unit()),
		glint: sc.lamps[0].light, gaze: sc.gaze, cloth: sc.cloth,
	}
	film := make([]rgb, sc.width*sc.height)
	for y := range sc.height {
		for x := range sc.width {
			film[y*sc.width+x] = m.pixel(s, sc, seen, light, x, y)
		}
	}
	soften(film, sc.width, sc.height, sc.blur)
	return develop(film, sc)
}

// pixel averages the samples of one pixel, in linear light after exposure.
func (m *Model) pixel(s *shade, sc *scene, seen *sight, light [][]rgb, x, y int) rgb {
	var sum rgb
	empty := 0
	for dy := range oversample {
		for dx := range oversample {
			h := &seen.hits[(y*oversample+dy)*seen.camera.width+x*oversample+dx]
			if h.grid == 0 {
				empty++
				continue
			}
			g := m.grids[h.grid-1]
			v := g.corners(int(h.cell))
			a, b, c := v[0], v[1+h.half], v[2+h.half]
			kb, kc := float64(h.along), float64(h.across)
			ka := 1 - kb - kc
			l := light[h.grid-1]
			at := spot{
				at:     g.pos[a].times(ka).add(g.pos[b].times(kb)).add(g.pos[c].times(kc)),
				normal: g.nrm[a].times(ka).add(g.nrm[b].times(kb)).add(g.nrm[c].times(kc)).unit(),
				light:  l[a].times(ka).add(l[b].times(kb)).add(l[c].times(kc)),
			}
			col := s.colour(g.paint, at).times(sc.exposure)
			sum = sum.add(rgb{shoulder(col.r), shoulder(col.g), shoulder(col.b)})
		}
	}
	if empty > 0 {
		back := sc.backdrop((float64(x)+0.5)/float64(sc.width), (float64(y)+0.5)/float64(sc.height))
		sum = sum.add(back.times(float64(empty)))
	}
	return sum.times(1.0 / (oversample * oversample))
}

// shoulder bends the brightest tones so that they do not clip.
func shoulder(v float64) float64 {
	if v < 0.6 {
		return v
	}
	return 1 - 0.4*math.Exp(-(v-0.6)/0.4)
}

// soften blurs a picture by a bell of the given radius, as a lens does.
func soften(film []rgb, w, h int, radius float64) {
	if radius <= 0 {
		return
	}
	side := math.Exp(-0.5 / (radius * radius))
	mid := 1 / (1 + 2*side)
	side *= mid
	row := make([]rgb, max(w, h))
	run := func(n int, at func(i int) *rgb) {
		for i := range n {
			row[i] = *at(i)
		}
		for i := range n {
			*at(i) = row[i].times(mid).add(row[max(i-1, 0)].add(row[min(i+1, n-1)]).times(side))
		}
	}
	for y := range h {
		run(w, func(i int) *rgb { return &film[y*w+i] })
	}
	for x := range w {
		run(h, func(i int) *rgb { return &film[i*w+x] })
	}
}

// develop makes 8-bit sRGB of linear light and adds the sensor's noise.
func develop(film []rgb, sc *scene) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, sc.width, sc.height))
	for i, c := range film {
		for k, v := range [3]float64{c.r, c.g, c.b} {
			v += sc.noise * (0.25 + math.Sqrt(max(v, 0))) * (sc.rand.Float64() + sc.rand.Float64() + sc.rand.Float64() - 1.5)
			img.Pix[4*i+k] = uint8(max(0, min(255, 255*encode(v)+0.5)))
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

// encode is the transfer curve of sRGB (IEC 61966-2-1).
func encode(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * max(v, 0)
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// compress writes a JPEG at the best of the usual qualities that keeps it
// within limit bytes; 0 is no limit.
func compress(img image.Image, limit int) []byte {
	var buf bytes.Buffer
	for _, quality := range []int{92, 88, 84, 80, 75, 70, 60, 50} {
		buf.Reset()
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
			panic("virtual: " + err.Error()) // a buffer takes every write, and sizes are ours
		}
		if limit == 0 || buf.Len() <= limit {
			break
		}
	}
	return buf.Bytes()
}
