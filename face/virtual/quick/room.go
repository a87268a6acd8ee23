package quick

import (
	"math"
	"math/rand/v2"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Room is what is behind the head, out of focus, a picture of albedos and of
// how much the light there differs from that on the face.
type Room struct {
	Albedo  []Tint    // RoomSide in a row
	Ambient Tint      // light there, lux
	Depth   []float32 // behind the head, cm
}

// RoomSide is how many places of a room lie beside and above each other.
const RoomSide = 160

// NewRoom furnishes a room whose wall is so far behind the head, in that light.
func NewRoom(r *rand.Rand, wall float64, ambient solid.RGB) *Room {
	out := &Room{Ambient: TintOf(ambient.Times(0.5 + 0.7*r.Float64()))}
	base := solid.Tint(0.5, 0.5, 0.5).Mix(solid.Tint(r.Float64(), r.Float64(), r.Float64()), 0.25).Times(0.5 + 0.9*r.Float64())
	type thing struct {
		x, y, w, h, soft, near float64
		colour                 solid.RGB
	}
	things := make([]thing, 3+r.IntN(5))
	for i := range things {
		tone := solid.Tint(r.Float64(), r.Float64(), r.Float64()).Mix(solid.Tint(0.5, 0.5, 0.5), 0.6)
		things[i] = thing{
			r.Float64(), r.Float64(), 0.05 + 0.2*r.Float64(), 0.1 + 0.3*r.Float64(), 0.01 + 0.03*r.Float64(),
			0.7 + 0.3*r.Float64(), tone.Times(0.15 + 0.7*r.Float64()),
		}
	}
	slope, grain := 0.4*(2*r.Float64()-1), solid.Grain(r.Uint32())
	for py := range RoomSide {
		for px := range RoomSide {
			x, y := float64(px)/RoomSide, float64(py)/RoomSide
			c, depth := base.Times(1+slope*(x-0.5)-0.2*(y-0.5)+0.08*(grain.Rough(9*x, 9*y)-0.5)), wall
			for _, t := range things {
				in := solid.Step(t.w+t.soft, t.w-t.soft, math.Abs(x-t.x)) * solid.Step(t.h+t.soft, t.h-t.soft, math.Abs(y-t.y))
				c, depth = c.Mix(t.colour, 0.9*in), depth*(1-in)+in*min(depth, wall*t.near)
			}
			out.Albedo = append(out.Albedo, TintOf(c))
			out.Depth = append(out.Depth, float32(depth))
		}
	}
	return out
}
