package quality_test

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face/quality"
)

// sitters are a dark skin, one with glasses and beard, and a pale one.
var sitters = []string{"ada", "gus", "hana"}

// A picture of each in a room is good, and each fault that is drawn into it has its
// hint: with the places as they were before it, and of one whatever is found after it.
func TestFaults(t *testing.T) {
	faults := []struct {
		name string
		draw fault
		want quality.Hint
	}{
		{"dark", exposed(0.04), quality.Dark},
		{"bright", exposed(5), quality.Bright},
		{"lamp at one side", lamp, quality.SideLight},
		{"moved", blurred(moved(14)...), quality.HoldStill},
		{"out of focus", blurred(defocused(9)...), quality.HoldStill},
		{"surgical mask", masked(0.75, 1.1, 1.4), quality.Covered},
		{"white mask", masked(1.5, 1.5, 1.5), quality.Covered},
		{"black mask", masked(0.06, 0.06, 0.06), quality.Covered},
		{"dark glasses", shaded, quality.Covered},
		{"reflection", reflecting, quality.Glare},
		{"eyes shut", shut(0, 1), quality.EyesShut},
		{"one eye shut", shut(1), quality.None},
	}
	for i, name := range sitters {
		img := decode(t, model(t, name).Frames(1, 5)[0])
		s := still(t, img)
		good := quality.Measure(img, s)
		if h, ok := quality.Judge(good, quality.Match()); !ok {
			t.Errorf("%s as they are: %q, %+v", name, h, good)
		}
		for _, f := range faults {
			bad := spoiled(img, s, f.draw)
			m := quality.Measure(bad, s)
			m.Best = good.Sharp
			if h, ok := quality.Judge(m, quality.Match()); h != f.want || ok != (f.want == quality.None) {
				t.Errorf("%s, %s: %q, want %q; %+v", name, f.name, h, f.want, m)
			}
			if f.want != quality.None && i == 0 { // one is enough
				m := quality.Measure(bad, still(t, bad))
				m.Best = good.Sharp
				if h, ok := quality.Judge(m, quality.Match()); ok || h == quality.None {
					t.Errorf("%s, %s, found anew: is good; %+v", name, f.name, m)
				}
			}
		}
	}
}

// Two persons in a picture, and nobody.
func TestNumberOfFaces(t *testing.T) {
	one := decode(t, model(t, "hana").Frames(1, 5)[0])
	b := one.Bounds()
	two := image.NewRGBA(image.Rect(0, 0, 2*b.Dx(), b.Dy()))
	draw.Draw(two, b, one, b.Min, draw.Src)
	draw.Draw(two, b.Add(image.Pt(b.Dx(), 0)), one, b.Min, draw.Src)
	none := image.NewRGBA(b)
	draw.Draw(none, b, image.White, image.Point{}, draw.Src)
	grey := spoiled(none, quality.Seen{}, exposed(0.2))
	for _, tt := range []struct {
		name string
		img  image.Image
		want quality.Hint
	}{
		{"two", two, quality.ManyFaces},
		{"a wall", grey, quality.NoFace},
		{"the sun", none, quality.Bright},
		{"a lid over the lens", image.NewRGBA(b), quality.Dark},
	} {
		if h, ok := quality.Judge(quality.Measure(tt.img, still(t, tt.img)), quality.Match()); h != tt.want || ok {
			t.Errorf("%s: %q, want %q", tt.name, h, tt.want)
		}
	}
}

// The portraits of documents are fit to be compared; one that was stored small is
// remarked on, and so is one that was blurred.
func TestPortraits(t *testing.T) {
	for _, name := range sitters[:2] {
		img := decode(t, model(t, name).Portrait())
		s := still(t, img)
		if got := quality.Photograph(quality.Measure(img, s), time.Time{}, time.Time{}); got != nil {
			t.Errorf("%s: %q, %+v", name, got, quality.Measure(img, s))
		}
		soft := spoiled(img, s, blurred(defocused(15)...))
		if got := quality.Photograph(quality.Measure(soft, s), time.Time{}, time.Time{}); !slices.Equal(got, []quality.Hint{quality.PhotoUnclear}) {
			t.Errorf("%s, blurred: %q, %+v", name, got, quality.Measure(soft, s))
		}
		small := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx()/2, img.Bounds().Dy()/2))
		each(small, small.Bounds(), func(x, y int, _ [3]float64) [3]float64 {
			c := color.RGBAModel.Convert(img.At(2*x, 2*y)).(color.RGBA)
			return [3]float64{square(c.R), square(c.G), square(c.B)}
		})
		if got := quality.Photograph(quality.Measure(small, still(t, small)), time.Time{}, time.Time{}); !slices.Equal(got, []quality.Hint{quality.PhotoSmall}) {
			t.Errorf("%s, small: %q", name, got)
		}
	}
}
