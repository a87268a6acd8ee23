package flash

import "testing"

// The counter of flashes sees those of WCAG.
func TestFlashesAreSeen(t *testing.T) {
	black, white, grey := [3]float64{}, [3]float64{1, 1, 1}, [3]float64{.85, .85, .85}
	red, cyan := [3]float64{1, 0, 0}, [3]float64{0, .3, .3}
	dim := [3]float64{.9, .9, .9}
	for _, tt := range []struct {
		name         string
		light        [][3]float64
		general, red bool
	}{
		{"strobe", [][3]float64{black, white, black, white}, true, false},
		{"one way only", [][3]float64{black, grey, white}, false, false},
		{"both bright", [][3]float64{grey, white, grey}, false, false},
		{"bright, less than a tenth", [][3]float64{dim, white, dim}, false, false},
		{"red", [][3]float64{red, cyan, red}, false, true},
	} {
		if g, r := Count(tt.light); g > 0 != tt.general || r > 0 != tt.red {
			t.Errorf("%s: %d general, %d red", tt.name, g, r)
		}
	}
}

// A change is refused for each limit by itself.
func TestSafe(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b [3]uint8
		safe bool
	}{
		{"the same", [3]uint8{120, 120, 120}, [3]uint8{120, 120, 120}, true},
		{"equal luminance, two colours", [3]uint8{255, 150, 150}, [3]uint8{0, 196, 225}, true},
		{"four hundredths of white", [3]uint8{179, 179, 179}, [3]uint8{187, 187, 187}, false},
		{"a red, as dark as the other", [3]uint8{255, 0, 0}, [3]uint8{127, 127, 127}, false},
		{"black and white", [3]uint8{}, [3]uint8{255, 255, 255}, false},
	} {
		if err := Safe(tt.a, tt.b); (err == nil) != tt.safe {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
