// Package grid measures one frame for package liveness: the light on a grid that is
// fixed to the face, on the room, in the eyes, and the shape that the mesh tells.
//
// It judges nothing, and finds no faces: the mesh comes from outside. All light is
// linear (IEC 61966-2-1); pixels that are clipped or nearly black are left out.
package grid

import (
	"image"
	"image/color"
	"math"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// Values outside of these may have been cut off by the camera.
const (
	dark   = 6
	bright = 249
)

// Memory is what of a frame is needed to measure the next.
type Memory struct {
	luma   []uint8
	w, h   int
	linear *[256]float64 // light of each display value
}

// Measure fills in what the picture shows of the face with this mesh. It keeps what
// the next frame is compared with in m.
func Measure(img image.Image, mesh *face.Mesh, m *Memory, o *liveness.Observation) {
	b := img.Bounds()
	o.Size = [2]int{b.Dx(), b.Dy()}
	if m.linear == nil {
		m.linear = new([256]float64)
		for v := range m.linear {
			m.linear[v] = liveness.Colour{R: uint8(v)}.Linear()[0]
		}
	}
	p := newPixels(img, m.linear)
	f := newFrame(mesh)
	o.Centre, o.Width, o.Eyes = f.centre, f.wide, mesh.EyeDistance()
	o.Pose, o.Nose = mesh.Pose(), nose(mesh)
	f.shape(mesh, o)
	light(p, f, newMask(mesh, f), o)
	o.Spots = [2]liveness.Cell{spot(p, mesh[33], mesh[133]), spot(p, mesh[362], mesh[263])}
	o.Sharp = sharp(p, f)
	o.Noise = m.news(p)
}

// pixels are a picture in display values.
type pixels struct {
	w, h   int
	rgb    []uint8 // three for each pixel
	luma   []uint8
	linear *[256]float64
}

func newPixels(img image.Image, linear *[256]float64) *pixels {
	b := img.Bounds()
	p := &pixels{w: b.Dx(), h: b.Dy(), rgb: make([]uint8, 3*b.Dx()*b.Dy()), luma: make([]uint8, b.Dx()*b.Dy()), linear: linear}
	y, jpeg := img.(*image.YCbCr)
	for i := range p.luma {
		x, row := b.Min.X+i%p.w, b.Min.Y+i/p.w
		var r, g, bl uint8
		if jpeg {
			c := y.COffset(x, row)
			p.luma[i] = y.Y[y.YOffset(x, row)]
			r, g, bl = color.YCbCrToRGB(p.luma[i], y.Cb[c], y.Cr[c])
		} else {
			c := color.NRGBAModel.Convert(img.At(x, row)).(color.NRGBA)
			r, g, bl = c.R, c.G, c.B
			p.luma[i], _, _ = color.RGBToYCbCr(r, g, bl)
		}
		p.rgb[3*i], p.rgb[3*i+1], p.rgb[3*i+2] = r, g, bl
	}
	return p
}

// A frame of reference is fixed to a face: u runs across it to the right of the
// picture and v down it, from -1 to 1 at the ends of the mesh.
type frame struct {
	centre       face.Point
	ux, uy       float64 // of u: the change of u for a pixel to the right and down
	vx, vy       float64
	wide, narrow float64 // ear to ear, corrected for yaw, and as it is seen; pixels
	tall         float64
}

func newFrame(m *face.Mesh) frame {
	roll := m.Pose().Roll * math.Pi / 180
	sin, cos := math.Sincos(roll)
	left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range m {
		across, down := cos*p.X+sin*p.Y, cos*p.Y-sin*p.X
		left, right = min(left, across), max(right, across)
		top, bottom = min(top, down), max(bottom, down)
	}
	a, d := (left+right)/2, (top+bottom)/2
	f := frame{
		centre: face.Point{X: cos*a - sin*d, Y: sin*a + cos*d},
		narrow: right - left, tall: bottom - top,
		wide: math.Hypot(math.Hypot(m[454].X-m[234].X, m[454].Y-m[234].Y), m[454].Z-m[234].Z),
	}
	f.ux, f.uy = 2*cos/f.narrow, 2*sin/f.narrow
	f.vx, f.vy = -2*sin/f.tall, 2*cos/f.tall
	return f
}

// at is where a pixel lies on the face.
func (f *frame) at(x, y float64) (u, v float64) {
	x, y = x-f.centre.X, y-f.centre.Y
	return f.ux*x + f.uy*y, f.vx*x + f.vy*y
}

// nose is how far the tip of the nose lies from the middle of the eyes, along the
// line between them, in eye distances.
func nose(m *face.Mesh) float64 {
	a, b := middle(m[33], m[133]), middle(m[362], m[263])
	x, y, c := b.X-a.X, b.Y-a.Y, middle(a, b)
	return (x*(m[1].X-c.X) + y*(m[1].Y-c.Y)) / (x*x + y*y)
}

func middle(a, b face.Point3) face.Point3 {
	return face.Point3{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2, Z: (a.Z + b.Z) / 2}
}

// shape fills in Facing. What a light at the camera gives a cell is the
// cosine to its surface by the square of the distance. The surface at a cell is the
// plane through the points of the mesh near it, and the camera is taken to be 2.3
// widths of the face away, as it is at arm's length or less.
func (f *frame) shape(m *face.Mesh, o *liveness.Observation) {
	const reach = 0.3 // of the half face
	uv := make([][2]float64, len(m))
	for i, p := range m {
		uv[i][0], uv[i][1] = f.at(p.X, p.Y)
	}
	sum, n := 0.0, 0.0
	for j := range o.Facing {
		u, v := place(j)
		if u*u+v*v > 1 {
			continue
		}
		var s [3][4]float64
		near := 0
		for i, q := range uv {
			du, dv := (q[0]-u)/reach, (q[1]-v)/reach
			d := du*du + dv*dv
			if d >= 1 {
				continue
			}
			near++
			w := (1 - d) * (1 - d)
			x, y := du*reach*f.narrow/2, dv*reach*f.tall/2
			row := [4]float64{1, x, y, m[i].Z}
			for a := range s {
				for b := range row {
					s[a][b] += w * row[a] * row[b]
				}
			}
		}
		z, zx, zy, ok := solve(s)
		if !ok || near < 8 {
			continue
		}
		cos := 1 / math.Sqrt(1+zx*zx+zy*zy)
		away := 1 + z/(2.3*f.wide)
		o.Facing[j] = cos / (away * away)
		sum, n = sum+o.Facing[j], n+1
	}
	for j := range o.Facing {
		if n > 0 {
			o.Facing[j] *= n / sum
		}
	}
}

// solve solves three normal equations.
func solve(s [3][4]float64) (a, b, c float64, ok bool) {
	det := func(i, j, k int) float64 {
		return s[0][i]*(s[1][j]*s[2][k]-s[1][k]*s[2][j]) - s[0][j]*(s[1][i]*s[2][k]-s[1][k]*s[2][i]) + s[0][k]*(s[1][i]*s[2][j]-s[1][j]*s[2][i])
	}
	d := det(0, 1, 2)
	if !(math.Abs(d) > 1e-6) {
		return 0, 0, 0, false
	}
	return det(3, 1, 2) / d, det(0, 3, 2) / d, det(0, 1, 3) / d, true
}

// place is the middle of a cell on the face.
func place(cell int) (u, v float64) {
	return (float64(cell%liveness.Columns)+0.5)/liveness.Columns*2 - 1, (float64(cell/liveness.Columns)+0.5)/liveness.Rows*2 - 1
}
