package virtual

import (
	"image"
	"math/rand/v2"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
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
	person Person
	plan   *plan
	grids  []*solid.Grid
	dirs   []solid.Vec
}

// NewModel builds the head of p: the slow part, done once for many pictures.
func NewModel(p Person) *Model { return NewModelOf(p, Expression{}) }

// NewModelOf builds the head of p with an expression.
func NewModelOf(p Person, e Expression) *Model {
	m := &Model{person: p, plan: newPlan(p, e), dirs: solid.Directions()}
	m.grids = m.plan.grids()
	solid.Bake(m.grids, m.dirs)
	return m
}

// A scene is one picture to take.
type scene struct {
	width, height int
	distance      float64 // of the camera, cm
	scale         float64 // pixels per cm
	eyeX, eyeY    float64 // where the point between the eyes appears, in pixels
	pose          solid.Turn
	gaze          solid.Vec
	lamps         []solid.Lamp // the first one glints
	exposure      float64
	backdrop      func(x, y float64) solid.RGB // in 0..1 of the picture, display light
	cloth         solid.RGB
	blur, noise   float64 // radius in pixels; share of full scale
	rand          *rand.Rand
}

// take photographs the model.
func (m *Model) take(sc *scene) *image.RGBA {
	cam := &solid.Camera{
		Width: sc.width * oversample, Height: sc.height * oversample, Distance: sc.distance,
		Scale: sc.scale * oversample, EyeX: sc.eyeX * oversample, EyeY: sc.eyeY * oversample,
		Pose: sc.pose, Pivot: solid.XYZ(0, -9, -3), // the base of the neck
	}
	seen := solid.Look(cam, m.grids)
	share := solid.Shares(m.dirs, sc.lamps, sc.pose)
	light := make([][]solid.RGB, len(m.grids))
	for i, g := range m.grids {
		light[i] = g.Received(m.dirs, share)
	}
	s := &shade{
		plan: m.plan, eyes: cam.Within(), key: sc.pose.Undo(sc.lamps[0].From.Unit()),
		glint: sc.lamps[0].Light, gaze: sc.gaze, cloth: sc.cloth,
	}
	film := make([]solid.RGB, sc.width*sc.height)
	for y := range sc.height {
		for x := range sc.width {
			film[y*sc.width+x] = m.pixel(s, sc, seen, light, x, y)
		}
	}
	solid.Soften(film, sc.width, sc.height, sc.blur)
	return solid.Develop(film, sc.width, sc.height, sc.noise, sc.rand)
}

// pixel averages the samples of one pixel, in linear light after exposure.
func (m *Model) pixel(s *shade, sc *scene, seen *solid.Sight, light [][]solid.RGB, x, y int) solid.RGB {
	var sum solid.RGB
	empty := 0
	for dy := range oversample {
		for dx := range oversample {
			p, at, ok := seen.At(x*oversample+dx, y*oversample+dy, light)
			if !ok {
				empty++
				continue
			}
			col := s.colour(p, at).Times(sc.exposure)
			sum = sum.Add(solid.Tint(solid.Shoulder(col.R), solid.Shoulder(col.G), solid.Shoulder(col.B)))
		}
	}
	if empty > 0 {
		back := sc.backdrop((float64(x)+0.5)/float64(sc.width), (float64(y)+0.5)/float64(sc.height))
		sum = sum.Add(back.Times(float64(empty)))
	}
	return sum.Times(1.0 / (oversample * oversample))
}
