package clip

import (
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Device is what the person holds or sits before. Its camera is above the
// middle of its screen.
type Device string

// The devices.
const (
	Phone  Device = "phone"
	Laptop Device = "laptop"
)

// screen is half the width and height of the screen, and how far its middle
// lies below the camera, cm.
func (d Device) screen() (w, h, below float64) {
	if d == Laptop {
		return 14.8, 9.3, 10.2
	}
	return 3.4, 7.2, 7.6
}

// shortSide is the shorter side of a frame, in pixels.
const shortSide = 480

// Size is the size of the frames, in pixels.
func (d Device) Size() (w, h int) {
	if d == Laptop {
		return 640, 480
	}
	return 480, 640
}

// panel is the screen as the camera's own coordinates have it.
func (d Device) panel(distance float64) quick.Panel {
	w, h, below := d.screen()
	return quick.NewPanel(w, h, below, distance)
}

// sky is the ambient light as terms, as a body turned so receives it.
func sky(dirs []solid.Vec, lamps []solid.Lamp, turn solid.Turn) (out [terms]tint) {
	for k, share := range solid.Shares(dirs, lamps, turn) {
		y := quick.Harmonics(dirs[k])
		for i := range terms {
			out[i][0] += float32(share.R * y[i])
			out[i][1] += float32(share.G * y[i])
			out[i][2] += float32(share.B * y[i])
		}
	}
	return out
}

// flat is the ambient light on a surface that faces the camera, nothing in its way.
func flat(dirs []solid.Vec, lamps []solid.Lamp) (sum solid.RGB) {
	for k, share := range solid.Shares(dirs, lamps, solid.Turned(0, 0, 0)) {
		sum = sum.Add(share.Times(max(0, dirs[k].Z)))
	}
	return sum
}

// A lighting is all that falls on a body in one frame.
type lighting struct {
	lens    *lens
	panel   quick.Panel
	ambient [terms]tint
	floor   tint // what reaches even the deepest fold
	camera  solid.Vec
}

// light places the vertices of a body's surface in a frame and lights them.
func (li *lighting) light(b *body, f *surface, into []vertex) {
	for i, p := range f.pos {
		q := b.place(p)
		v := &into[i]
		x, y, near := li.lens.project(q)
		v.x, v.y, v.near = float32(x), float32(y), float32(near)
		n := f.nrm[i]
		facing := n.Dot(li.camera.Sub(p).Unit())
		if f.twoSided && facing < 0 {
			facing, n = -facing, n.Times(-1)
		}
		if facing < -0.3 {
			continue
		}
		red, rest := &f.red[i], &f.rest[i]
		var sum tint
		for k := range terms {
			sum[0] += red[k] * li.ambient[k][0]
			sum[1] += rest[k] * li.ambient[k][1]
			sum[2] += rest[k] * li.ambient[k][2]
		}
		for k := range sum {
			v.light[k] = max(sum[k], li.floor[k])
		}
		v.screen = float32(li.panel.On(p, n)) * f.front[i]
		shine := float32(max(0, facing))
		shine *= shine * shine
		v.sheen = v.screen * f.gloss * shine * shine
	}
}
