package quality_test

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/tunnus-id/tunnus/face/quality"
)

// A fault spoils a picture in which a face was found.
type fault func(img *image.RGBA, s quality.Seen)

// spoiled returns a copy of a picture with a fault drawn into it.
func spoiled(img image.Image, s quality.Seen, f fault) image.Image {
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	f(out, s)
	return out
}

// each changes every pixel within a box, in linear light from 0 to 1.
func each(img *image.RGBA, box image.Rectangle, change func(x, y int, v [3]float64) [3]float64) {
	box = box.Intersect(img.Bounds())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := img.RGBAAt(x, y)
			v := change(x, y, [3]float64{square(c.R), square(c.G), square(c.B)})
			img.SetRGBA(x, y, color.RGBA{root(v[0]), root(v[1]), root(v[2]), 255})
		}
	}
}

// square and root are near enough to the curve of sRGB.
func square(v uint8) float64 { return float64(v) * float64(v) / (255 * 255) }
func root(v float64) uint8   { return uint8(255*math.Sqrt(max(0, min(1, v))) + 0.5) }

// exposed takes a picture with k times the light.
func exposed(k float64) fault {
	return func(img *image.RGBA, _ quality.Seen) {
		each(img, img.Bounds(), func(_, _ int, v [3]float64) [3]float64 { return [3]float64{k * v[0], k * v[1], k * v[2]} })
	}
}

// lamp leaves one side of the face in the dark.
func lamp(img *image.RGBA, s quality.Seen) {
	a, b := s.Eyes[0].Outer.X, s.Eyes[1].Outer.X
	each(img, img.Bounds(), func(x, _ int, v [3]float64) [3]float64 {
		k := 0.06 + 1.3/(1+math.Exp(-12*((float64(x)-a)/(b-a)-0.5)))
		return [3]float64{k * v[0], k * v[1], k * v[2]}
	})
}

// blurred is the mean of the picture and copies that lie by some pixels beside it.
func blurred(by ...image.Point) fault {
	return func(img *image.RGBA, _ quality.Seen) {
		from, b := append([]uint8(nil), img.Pix...), img.Bounds()
		each(img, b, func(x, y int, _ [3]float64) (sum [3]float64) {
			for _, p := range by {
				i := img.PixOffset(min(max(x+p.X, b.Min.X), b.Max.X-1), min(max(y+p.Y, b.Min.Y), b.Max.Y-1))
				for k := range sum {
					sum[k] += square(from[i+k]) / float64(len(by))
				}
			}
			return sum
		})
	}
}

// moved is a hand that shakes during the exposure, defocused a lens that is greasy.
func moved(by int) (path []image.Point) {
	for i := range by {
		path = append(path, image.Pt(i, i/2))
	}
	return path
}

func defocused(r int) (disc []image.Point) {
	step := max(1, r/5)
	for y := -r; y <= r; y += step {
		for x := -r; x <= r; x += step {
			if x*x+y*y <= r*r {
				disc = append(disc, image.Pt(x, y))
			}
		}
	}
	return disc
}

// eyeBox is what is about an eye: k times its width to each side.
func eyeBox(e quality.Eye, k float64) (mid quality.Point, wide float64, box image.Rectangle) {
	mid = quality.Point{X: (e.Outer.X + e.Inner.X) / 2, Y: (e.Outer.Y + e.Inner.Y) / 2}
	wide = math.Hypot(e.Outer.X-e.Inner.X, e.Outer.Y-e.Inner.Y)
	r := k * wide
	return mid, wide, image.Rect(int(mid.X-r), int(mid.Y-r), int(mid.X+r), int(mid.Y+r))
}

// shut draws lids over the eyes: the skin from below them, and a line of lashes.
func shut(eyes ...int) fault {
	return func(img *image.RGBA, s quality.Seen) {
		for _, i := range eyes {
			mid, wide, box := eyeBox(s.Eyes[i], 0.6)
			each(img, box, func(x, y int, v [3]float64) [3]float64 {
				u, w := (float64(x)-mid.X)/wide, (float64(y)-mid.Y)/wide
				if u*u/0.3+w*w/0.07 > 1 {
					return v
				}
				c := img.RGBAAt(x, int(mid.Y+0.55*wide+0.4*w*wide))
				k := 1 - 0.8*math.Exp(-math.Pow((w-0.1+0.3*u*u)/0.035, 2))
				return [3]float64{k * square(c.R), k * square(c.G), k * square(c.B)}
			})
		}
	}
}

// reflecting draws a window's reflection on a lens.
func reflecting(img *image.RGBA, s quality.Seen) {
	mid, wide, box := eyeBox(s.Eyes[1], 0.7)
	each(img, box, func(x, y int, v [3]float64) [3]float64 {
		if math.Abs(float64(x)-mid.X) < 0.3*wide && math.Abs(float64(y)-mid.Y) < 0.25*wide {
			return [3]float64{1, 1, 1}
		}
		return v
	})
}

// masked draws a mask of a colour from the ridge of the nose downwards, shaded a little.
func masked(r, g, b float64) fault {
	return func(img *image.RGBA, s quality.Seen) {
		top := (s.Eyes[0].Inner.Y+s.Eyes[1].Inner.Y)/2*0.55 + s.Nose.Y*0.45
		half := 1.1 * (s.Eyes[1].Outer.X - s.Eyes[0].Outer.X) / 2
		mid := (s.Eyes[0].Outer.X + s.Eyes[1].Outer.X) / 2
		light := 0.0
		c := img.RGBAAt(int(mid), int(top))
		light = square(c.G) + 0.08
		each(img, image.Rect(int(mid-half), int(top), int(mid+half), int(s.Chin.Y)), func(x, y int, _ [3]float64) [3]float64 {
			k := light * (1 - 0.25*math.Pow((float64(x)-mid)/half, 2)) * (1 + 0.05*math.Sin(float64(y)))
			return [3]float64{k * r, k * g, k * b}
		})
	}
}

// shaded draws dark glasses.
func shaded(img *image.RGBA, s quality.Seen) {
	for _, e := range s.Eyes {
		mid, _, _ := eyeBox(e, 1)
		apart := math.Abs(s.Eyes[1].Outer.X-s.Eyes[0].Outer.X+s.Eyes[1].Inner.X-s.Eyes[0].Inner.X) / 2
		each(img, img.Bounds(), func(x, y int, v [3]float64) [3]float64 {
			u, w := (float64(x)-mid.X)/apart/0.42, (float64(y)-mid.Y-0.03*apart)/apart/0.32
			if u*u*u*u+w*w*w*w > 1 {
				return v
			}
			return [3]float64{0.06*v[0] + 0.004, 0.06*v[1] + 0.004, 0.06*v[2] + 0.005}
		})
	}
}
