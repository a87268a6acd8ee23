package format

import "testing"

func TestDecimals(t *testing.T) {
	for _, tt := range []struct {
		give, canonical string // "-" if it is refused
		want            [3]float64
	}{
		{"", "", [3]float64{}},
		{"0.45", "0.45", [3]float64{0.45, 0.45, 0.45}},
		{"0.450", "0.45", [3]float64{0.45, 0.45, 0.45}},
		{"000.45", "0.45", [3]float64{0.45, 0.45, 0.45}},
		{"0", "0", [3]float64{}},
		{"9999999.99999999", "9999999.99999999", [3]float64{9999999.99999999, 9999999.99999999, 9999999.99999999}},
		{"122.782 117.001 104.298", "122.782 117.001 104.298", [3]float64{122.782, 117.001, 104.298}},
		{"1 1.0 1.00", "1", [3]float64{1, 1, 1}},
		{"0 0 1", "0 0 1", [3]float64{0, 0, 1}},
		{"-1", "-", [3]float64{}},
		{"+1", "-", [3]float64{}},
		{"1e5", "-", [3]float64{}},
		{"0x10", "-", [3]float64{}},
		{".5", "-", [3]float64{}},
		{"5.", "-", [3]float64{}},
		{"1,5", "-", [3]float64{}},
		{"Inf", "-", [3]float64{}},
		{"NaN", "-", [3]float64{}},
		{"12345678", "-", [3]float64{}},
		{"0.123456789", "-", [3]float64{}},
		{" 1", "-", [3]float64{}},
		{"1 2", "-", [3]float64{}},
		{"1  2", "-", [3]float64{}},
		{"1 2 3 4", "-", [3]float64{}},
		{"1\t2\t3", "-", [3]float64{}},
	} {
		var c Channels
		if err := c.UnmarshalText([]byte(tt.give)); (err != nil) != (tt.canonical == "-") {
			t.Errorf("%q: %v", tt.give, err)
			continue
		}
		if tt.canonical == "-" {
			continue
		}
		b, err := c.MarshalText()
		if err != nil || string(b) != tt.canonical || c.Floats() != tt.want || c.IsZero() != (tt.give == "") {
			t.Errorf("%q is read as %v and written %q: %v", tt.give, c.Floats(), b, err)
		}
		var again Channels
		if err := again.UnmarshalText(b); err != nil || again != c {
			t.Errorf("%q: what is written reads as %v: %v", tt.give, again, err)
		}
	}
}
