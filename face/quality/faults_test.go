package quality_test

import (
	"image"
	"image/draw"
	"testing"

	"github.com/tunnus-id/tunnus/face/quality"
)

// sitters are a dark skin, one with glasses and beard, and a pale one.
var sitters = []string{"ada", "gus", "hana"}

// A picture of each in a room is good, and each fault that is drawn into it has its
// hint: with the places as they were before it, and whatever is found after it.
func TestFaults(t *testing.T) {
	faults := []struct {
		name string
		draw fault
		want quality.Hint
	}{
		{"dark", exposed(0.04), quality.Dark},
		{"bright", exposed(5), quality.Bright},
		{"lamp at one side", lamp, quality.SideLight},
		{"moved", blurred(14), quality.HoldStill},
		{"surgical mask", masked(0.75, 1.1, 1.4), quality.Covered},
		{"white mask", masked(1.5, 1.5, 1.5), quality.Covered},
		{"black mask", masked(0.06, 0.06, 0.06), quality.Covered},
		{"dark glasses", shaded, quality.Covered},
		{"reflection", reflecting, quality.Glare},
		{"eyes shut", shut(0, 1), quality.EyesShut},
		{"one eye shut", shut(1), quality.None},
	}
	for _, name := range sitters {
		img := decode(t, model(t, name).Frames(1, 5)[0])
		s := find(t, img)
		if h, ok := quality.Judge(quality.Measure(img, s), quality.Match()); !ok {
			t.Errorf("%s as they are: %q, %+v", name, h, quality.Measure(img, s))
		}
		for _, f := range faults {
			bad := spoiled(img, s, f.draw)
			if h, ok := quality.Judge(quality.Measure(bad, s), quality.Match()); h != f.want || ok != (f.want == quality.None) {
				t.Errorf("%s, %s: %q, want %q; %+v", name, f.name, h, f.want, quality.Measure(bad, s))
			}
			if m := quality.Measure(bad, find(t, bad)); f.want != quality.None {
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
		if h, ok := quality.Judge(quality.Measure(tt.img, find(t, tt.img)), quality.Match()); h != tt.want || ok {
			t.Errorf("%s: %q, want %q", tt.name, h, tt.want)
		}
	}
}
