package clip

import "github.com/tunnus-id/tunnus/face/virtual/quick"

// margin is how far the camera's shaking may move the room, in pixels.
const margin = 12

// A view is a room in pixels, with a margin on each side.
type view struct {
	width int
	send  []tint    // of the ambient light
	flash []tint    // of each lux of the screen's
	depth []float32 // behind the head, cm
}

func newView(r *quick.Room, w, h int) *view {
	v := &view{width: w + 2*margin}
	high := h + 2*margin
	n := v.width * high
	v.send, v.flash, v.depth = make([]tint, n), make([]tint, n), make([]float32, n)
	for y := range high {
		fy := float32(y) / float32(high) * (quick.RoomSide - 1)
		for x := range v.width {
			fx := float32(x) / float32(v.width) * (quick.RoomSide - 1)
			i, at := int(fy)*quick.RoomSide+int(fx), y*v.width+x
			u, w := fx-float32(int(fx)), fy-float32(int(fy))
			a, b, c, d := &r.Albedo[i], &r.Albedo[i+1], &r.Albedo[i+quick.RoomSide], &r.Albedo[i+quick.RoomSide+1]
			for k := range 3 {
				upper, lower := a[k]+u*(b[k]-a[k]), c[k]+u*(d[k]-c[k])
				v.flash[at][k] = upper + w*(lower-upper)
				v.send[at][k] = v.flash[at][k] * r.Ambient[k]
			}
			v.depth[at] = r.Depth[i]
		}
	}
	return v
}

// A backdrop is a view as one frame has it.
type backdrop struct {
	*view
	left, top  int
	area, near float32
}

// at is what a pixel sends back of the ambient light, and of each cd/m² of the
// screen, whose light falls off by the square of the distance.
func (b *backdrop) at(x, y int) (ambient, screen tint) {
	i := (y+b.top)*b.width + x + b.left
	d := b.depth[i] + b.near
	lit := b.area / (d * d)
	f := &b.flash[i]
	return b.send[i], tint{f[0] * lit, f[1] * lit, f[2] * lit}
}
