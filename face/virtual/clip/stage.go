package clip

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/sensor"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Frame is one picture of a film.
type Frame struct {
	At    time.Duration // the stamp that it bears
	Ready time.Duration // when it could be sent
	JPEG  []byte
	Truth Truth
}

// Truth is what a picture shows, known because it was drawn.
type Truth struct {
	Pose     face.Pose
	Distance float64 // from the camera to between the eyes, cm
	// Eyes are where the middles of the eyes are seen, the picture's left one
	// first; Face is the width of the face, all in pixels.
	Eyes [2]face.Point
	Face float64
	// Open is how far the lids are open: 1 as usual, 0 shut.
	Open float64
	// Screen is the light of the screen on the middle row, as a share of white.
	Screen solid.RGB
}

// A Stage is where one film is made. It is not safe for concurrent use.
type Stage struct {
	sitter *Sitter
	scene  Scene
	body   *body   // what is drawn
	scale  float64 // of its size: that of a small print is below 1
	forge  func(film *[3][]float32, screen solid.RGB)
	view   *view
	lamps  []solid.Lamp
	canvas *canvas
	camera *sensor.Camera
	cloth  tint
	rand   *rand.Rand
	lids   lids
	sway   [6]wave
	shake  [2]wave
	verts  [][]vertex
	at     time.Duration // of the next frame
	last   time.Duration
}

// A wave is what no living body keeps still: a few slow swings.
type wave [3]struct{ size, speed, phase float64 }

func newWave(r *rand.Rand, size float64) (w wave) {
	for i := range w {
		w[i].size = size * (0.3 + r.Float64()) / float64(i+1)
		w[i].speed = (0.5 + r.Float64()) * float64(i+1) * 1.3
		w[i].phase = 2 * math.Pi * r.Float64()
	}
	return w
}

func (w *wave) at(t time.Duration) float64 {
	sum := 0.0
	for _, s := range w {
		sum += s.size * math.Sin(s.speed*t.Seconds()+s.phase)
	}
	return sum
}

// New sets up a film of a person.
func New(s *Sitter, sc Scene) *Stage {
	w, h := sc.Device.Size()
	return newStage(s, sc, w, h)
}

func newStage(s *Sitter, sc Scene, w, h int) *Stage {
	r := rand.New(rand.NewPCG(sc.Seed, 0x7374616765))
	st := &Stage{sitter: s, scene: sc, scale: 1, rand: r, canvas: newCanvas(w, h), camera: sensor.New(r, w, h, sc.Lux)}
	st.lamps = st.lights()
	st.view = newView(quick.NewRoom(r, sc.Wall, flat(s.dirs, st.lamps)), w, h)
	cloth := solid.Tint(r.Float64(), r.Float64(), r.Float64()).Mix(solid.Tint(0.5, 0.5, 0.5), 0.5).Times(0.05 + 0.5*r.Float64())
	st.cloth = quick.TintOf(cloth)
	if !sc.Calm {
		for i, size := range [6]float64{1.0, 0.8, 0.6, 0.2, 0.2, 0.4} { // degrees, then cm
			st.sway[i] = newWave(r, size)
		}
		st.shake = [2]wave{newWave(r, 0.15), newWave(r, 0.15)}
	}
	st.lids = lids{rand: rand.New(rand.NewPCG(sc.Seed, 0x6c696473))}
	st.lids.next(0)
	st.body = &body{surfaces: slices.Clone(s.surfaces), pivot: solid.XYZ(0, -9, -3)}
	return st
}

// lights are the room's, together as bright on the face as the scene says.
func (st *Stage) lights() []solid.Lamp {
	sc, r := &st.scene, st.rand
	cast := solid.Tint(1+sc.Warmth, 1, 1-1.1*sc.Warmth)
	window := solid.XYZ(sc.Side, 0.2+0.4*r.Float64(), 0.75)
	lamps := []solid.Lamp{
		{From: window, Light: cast.Times(0.3 + 0.3*r.Float64()), Focus: 5},
		{From: solid.XYZ(-window.X, 0.3, 0.9), Light: cast.Times(0.4), Focus: 2},
		{From: solid.XYZ(0, 1, 0.3), Light: cast.Times(0.6).By(solid.Tint(0.97, 1, 1.04)), Focus: 0.8},
	}
	by := sc.Lux / flat(st.sitter.dirs, lamps).Luma()
	for i := range lamps {
		lamps[i].Light = lamps[i].Light.Times(by)
	}
	return lamps
}

// DistanceFor is how far from the camera the face is share of the picture's
// shorter side wide.
func (st *Stage) DistanceFor(share float64) float64 {
	return st.scene.Focal * st.sitter.marks.Face / (share * shortSide)
}

// Film makes all frames of a script.
func (st *Stage) Film(s Script) []Frame {
	var out []Frame
	for {
		f, ok := st.Next(&s)
		if !ok {
			return out
		}
		out = append(out, f)
	}
}

// Next makes the next frame; ok is false when the film is over. What the screen
// shows may still be added to the script, so long as it is later than the
// frame's stamp: so a script can follow a conversation.
func (st *Stage) Next(s *Script) (f Frame, ok bool) {
	step := 1 / st.scene.FPS
	if st.last == 0 && st.at == 0 {
		st.at = time.Duration(step * st.rand.Float64() * float64(time.Second))
	}
	if st.at >= s.Length {
		return Frame{}, false
	}
	f = st.take(s, st.at)
	st.last = st.at
	if !st.scene.Calm {
		step *= 1 + 0.12*max(-2, min(2, st.rand.NormFloat64()))
		if st.rand.Float64() < 0.02 { // one is lost
			step *= 2
		}
	}
	st.at += time.Duration(step * float64(time.Second)).Round(time.Microsecond)
	return f, true
}

// pose moves the head as the script says, and as bodies do.
func (st *Stage) pose(m Move, at time.Duration) (*lens, Truth) {
	m.Yaw += st.sway[0].at(at)
	m.Pitch += st.sway[1].at(at)
	m.Roll += st.sway[2].at(at)
	m.Distance = (m.Distance + st.sway[5].at(at)) * st.scale
	const deg = math.Pi / 180
	b := st.body
	b.turn = solid.Turned(m.Yaw*deg, m.Pitch*deg, -m.Roll*deg)
	b.shift = solid.XYZ(st.sway[3].at(at), st.sway[4].at(at), 0)
	w, h := float64(st.canvas.width), float64(st.canvas.height)
	scale := st.scene.Focal / m.Distance * st.scale
	l := &lens{
		width: st.canvas.width, height: st.canvas.height, focal: st.scene.Focal, distance: m.Distance,
		x: w * (0.5 + m.X), y: h*0.5 + w*m.Y - scale*st.sitter.marks.Middle,
	}
	t := Truth{Pose: face.Pose{Yaw: m.Yaw, Pitch: m.Pitch, Roll: m.Roll}, Distance: m.Distance, Face: scale * st.sitter.marks.Face, Open: 1}
	for i, side := range []float64{-1, 1} {
		t.Eyes[i].X, t.Eyes[i].Y, _ = l.project(b.place(solid.XYZ(side*st.sitter.marks.X, 0, st.sitter.marks.Z).Times(st.scale)))
	}
	return l, t
}

// take makes the frame stamped at.
func (st *Stage) take(s *Script, at time.Duration) Frame {
	film, screen, truth := st.look(s, at)
	truth.Screen = screen
	if st.forge != nil {
		st.forge(film, screen)
	}
	ready := at + time.Duration((10+20*st.rand.Float64())*float64(time.Millisecond))
	return Frame{At: at, Ready: ready, JPEG: st.camera.Develop(film, st.canvas.width, st.canvas.height, st.scene.Quality), Truth: truth}
}

// look lets light into the camera, which adapts to it.
func (st *Stage) look(s *Script, at time.Duration) (film *[3][]float32, screen solid.RGB, t Truth) {
	l, t := st.pose(s.place(at), at)
	if !st.scene.Calm && !st.body.paper {
		t.Open = st.lids.open(at)
		st.body.surfaces[0] = st.sitter.lids[min(2, int(3*(1-t.Open)))]
	}
	all := st.lit(l)
	st.canvas.raster(all)
	st.canvas.shade(all, st.behind(l, at))
	st.glint(l, t.Open)
	open := st.exposure()
	seen := at - st.scene.Lag
	film = st.expose(func(row float64) solid.RGB {
		from := seen + time.Duration((row-0.5)*float64(st.scene.Readout))
		return s.light(from-open, from)
	})
	st.camera.Adapt(film, l.width, l.height, at-st.last)
	return film, s.light(seen-open, seen), t
}

// exposure is how long each row is exposed: longer in the dark.
func (st *Stage) exposure() time.Duration {
	return time.Duration(max(4, min(33, 3000/st.scene.Lux)) * float64(time.Millisecond))
}

// lit lights what is drawn.
func (st *Stage) lit(l *lens) []drawn {
	b := st.body
	li := &lighting{lens: l, panel: st.scene.Device.panel(l.distance).Within(b.turn, b.pivot, b.shift), ambient: sky(st.sitter.dirs, st.lamps, b.turn)}
	li.camera = b.turn.Undo(solid.XYZ(0, 0, l.distance).Sub(b.shift).Sub(b.pivot)).Add(b.pivot)
	for k := range li.floor {
		li.floor[k] = 0.03 * li.ambient[0][k]
	}
	all := make([]drawn, len(b.surfaces))
	for i, f := range b.surfaces {
		if i == len(st.verts) {
			st.verts = append(st.verts, make([]vertex, len(f.pos)))
		}
		li.light(b, f, st.verts[i])
		all[i] = drawn{surface: f, at: st.verts[i], cloth: st.cloth}
	}
	return all
}

// behind is the room as this frame sees it.
func (st *Stage) behind(l *lens, at time.Duration) *backdrop {
	b := &backdrop{view: st.view, area: float32(st.scene.Device.panel(0).Area()), near: float32(l.distance)}
	shift := func(w *wave, most int) int {
		return min(max(margin+int(math.Round(24*w.at(at))), 0), most)
	}
	b.left, b.top = shift(&st.shake[0], 2*margin), shift(&st.shake[1], 2*margin)
	return b
}

// expose adds the screen's light, which may differ from row to row, and blurs
// as the lens does. light is asked for rows from 0 (top) to 1.
func (st *Stage) expose(light func(row float64) solid.RGB) *[3][]float32 {
	c := st.canvas
	const strips = 32
	for i := range strips {
		y0, y1 := c.height*i/strips, c.height*(i+1)/strips
		s := quick.TintOf(light((float64(i) + 0.5) / strips).Times(st.scene.Nits))
		for k := range 3 {
			a, b := c.ambient[k][y0*c.width:y1*c.width], c.screen[k][y0*c.width:y1*c.width]
			for j := range a {
				a[j] += s[k] * b[j]
			}
		}
	}
	for k := range 3 {
		sensor.Soften(c.ambient[k], c.spare, c.width, c.height, 0.17)
	}
	return &c.ambient
}
