package clip

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/relit"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A picture is a photograph or a screen as a thing: linear colours, how many
// pixels of it a centimetre of the face takes, and where in it the point
// between the eyes is. Colours below 0 are cut away.
type picture struct {
	width, height int
	perCM, x, y   float64
	texels        []tint
}

// photograph takes a picture of the person in another room on another day.
func photograph(s *Sitter, sc Scene, r *rand.Rand, cut bool) *picture {
	const w, h = 721, 961
	then := Draw(r.Uint64(), 200, 400)
	then.Focal, then.Side, then.Warmth, then.Calm = 675, then.Side/2, then.Warmth/3, true
	st := newStage(s, then, w, h)
	at := Move{Distance: 50, Yaw: 4*r.Float64() - 2, Pitch: 4*r.Float64() - 2}
	l, _ := st.pose(at, 0)
	all := st.lit(l)
	st.canvas.raster(all)
	st.canvas.shade(all, st.behind(l, 0))
	p := &picture{width: w, height: h, perCM: then.Focal / at.Distance, x: l.x, y: l.y, texels: make([]tint, w*h)}
	gain := 0.85 / brightness(st.canvas.ambient[1])
	for i := range p.texels {
		if cut && st.canvas.hits[i].surface == 0 {
			p.texels[i] = tint{-1, -1, -1}
			continue
		}
		for k := range 3 {
			v := st.canvas.ambient[k][i] * gain
			p.texels[i][k] = 0.025 + 0.9*min(1, v) // paper is never quite black
		}
	}
	return p
}

// brightness is the value that two in a hundred pixels are above.
func brightness(plane []float32) float32 {
	var some []float32
	for i := 0; i < len(plane); i += 97 {
		some = append(some, plane[i])
	}
	slices.Sort(some)
	return max(some[len(some)*98/100], 1e-6)
}

// plate makes a thing of the picture, scale times as large as life and bent
// around an upright axis behind it; a radius of 0 is flat.
func (p *picture) plate(s *Sitter, scale, radius float64, gloss float32) *surface {
	const detail = 20
	out := &surface{cols: (p.width-1)/detail + 1, rows: (p.height-1)/detail + 1, twoSided: true, gloss: gloss}
	for r := range out.rows {
		for c := range out.cols {
			x := (float64(c*detail) - p.x) / p.perCM * scale
			y := (p.y - float64(r*detail)) / p.perCM * scale
			at, normal := solid.XYZ(x, y, 0), solid.XYZ(0, 0, 1)
			if radius > 0 {
				sin, cos := math.Sincos(max(-1.45, min(1.45, x/radius)))
				at, normal = solid.XYZ(radius*sin, y, radius*(cos-1)), solid.XYZ(sin, 0, cos)
			}
			out.pos, out.nrm = append(out.pos, at), append(out.nrm, normal)
		}
	}
	out.relieve(quick.NewTransfer(s.dirs), func(int) []uint8 { return nil })
	out.skin = quick.Texture{Width: p.width, Height: p.height, Detail: detail, Texels: p.texels}
	return out
}

// upcoming is the stamp of the next frame.
func (st *Stage) upcoming() time.Duration { return st.at }

// show draws what a film shows at a time, as the light of a screen from 0 to 1.
func (st *Stage) show(s *Script, at time.Duration, into []tint) {
	film, _, _ := st.look(s, at)
	for i := range into {
		for k := range 3 {
			into[i][k] = min(1, film[k][i]*float32(st.camera.Gain(k)))
		}
	}
	st.last = at
}

// SitFor makes a photograph ready to be filmed as if it were a living person. Its
// eyes do not blink.
func SitFor(r *relit.Relief) *Sitter {
	s := &Sitter{dirs: solid.Directions(), marks: virtual.Marks{X: r.Eyes, Half: 1.4, Open: 0.9, Face: r.Wide, Middle: r.Middle}}
	f := &surface{cols: r.Cols, rows: r.Rows, twoSided: true, pos: r.Pos, nrm: r.Nrm, front: r.Face, skin: r.Skin}
	f.rest = make([][terms]float32, len(r.Pos))
	for i := range f.rest {
		f.rest[i][0] = 0.6 // of the light from all around, about what a face receives
	}
	f.red = f.rest
	s.surfaces, s.lids = []*surface{f}, [3]*surface{f, f, f}
	return s
}
