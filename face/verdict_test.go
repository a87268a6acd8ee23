package face

import (
	"math"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/tensor"
)

func TestJudge(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name        string
		d128, fused float64
		want        Verdict
	}{
		{"well inside", 0.2, 0.8, Match},
		{"on the limit", 0.45, 1.70, Match},
		{"128-d just over", 0.451, 1.70, Review},
		{"fused just over", 0.45, 1.701, Review},
		{"on the limit of review", 0.58, 2.0, Review},
		{"128-d beyond review", 0.581, 1.0, NoMatch},
		{"fused beyond review", 0.1, 2.01, NoMatch},
		{"no number is no match", nan, nan, NoMatch},
		{"half a number is no match", 0.1, nan, NoMatch},
	}
	for _, tt := range tests {
		if got := judge(tt.d128, tt.fused); got != tt.want {
			t.Errorf("%s: judge(%v, %v) = %s; want %s", tt.name, tt.d128, tt.fused, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	a := Embedding{D128: []float32{0, 0}, D1024: []float32{1, 0}}
	b := Embedding{D128: []float32{0.18, 0.24}, D1024: []float32{1, 0.9}}
	d, f := Distance(a, b)
	if math.Abs(d-0.3) > 1e-6 || math.Abs(f-1.5) > 1e-6 {
		t.Errorf("Distance = %v, %v; want 0.3, 1.5", d, f)
	}
}

// Embeddings that are missing or of another engine are near to nothing.
func TestDistanceOfUnlikeIsNoMatch(t *testing.T) {
	whole := Embedding{D128: make([]float32, 128), D1024: make([]float32, 1024)}
	for _, other := range []Embedding{{}, {D128: make([]float32, 64), D1024: make([]float32, 1024)}} {
		if v := judge(Distance(whole, other)); v != NoMatch {
			t.Errorf("%d and %d values: %s", len(other.D128), len(other.D1024), v)
		}
	}
}

func TestMedianIsNotMovedByOne(t *testing.T) {
	if got := median([]float64{9, 0.2, 0.3}); got != 0.3 {
		t.Errorf("median = %v; want 0.3", got)
	}
}

func TestOnly(t *testing.T) {
	for n, want := range map[int]tunnus.Code{0: tunnus.CodeFacePosition, 1: "", 2: tunnus.CodeFaceMany, 5: tunnus.CodeFaceMany} {
		if _, err := only(make([]Face, n)); tunnus.CodeOf(err) != want {
			t.Errorf("%d faces: %v; want %q", n, err, want)
		}
	}
}

func TestGates(t *testing.T) {
	good := measure{doubt: 0.05, eyes: 90, turn: 0.05, light: 120, sharp: 9}
	tests := []struct {
		name          string
		change        func(*measure)
		placed, clear bool
	}{
		{"good", func(*measure) {}, true, true},
		{"landmarks in doubt", func(m *measure) { m.doubt = 0.2 }, false, true},
		{"too far away", func(m *measure) { m.eyes = 40 }, false, true},
		{"turned away", func(m *measure) { m.turn = 0.4 }, false, true},
		{"no number", func(m *measure) { m.turn = math.NaN() }, false, true},
		{"dark", func(m *measure) { m.light = 10 }, true, false},
		{"burnt out", func(m *measure) { m.light = 250 }, true, false},
		{"blurred", func(m *measure) { m.sharp = 1 }, true, false},
	}
	for _, tt := range tests {
		m := good
		tt.change(&m)
		if placed := m.placed() == nil; placed != tt.placed || m.clear() != tt.clear {
			t.Errorf("%s: placed %t, clear %t; want %t, %t", tt.name, placed, m.clear(), tt.placed, tt.clear)
		}
	}
}

// The sharper, the more frontal, the better lit frame goes first.
func TestRank(t *testing.T) {
	base := measure{turn: 0.05, light: 120, sharp: 9}
	for name, worse := range map[string]measure{
		"softer": {turn: 0.05, light: 120, sharp: 5},
		"turned": {turn: 0.20, light: 120, sharp: 9},
		"darker": {turn: 0.05, light: 40, sharp: 9},
	} {
		if worse.rank() >= base.rank() {
			t.Errorf("%s: rank %.2f is not below %.2f", name, worse.rank(), base.rank())
		}
	}
}

// A chip without contrast has no sharpness, one of stripes has much.
func TestMeasureSharpness(t *testing.T) {
	var f Face
	for _, m := range meanShape {
		f.Landmarks[m.index] = Point{100 * m.at.X, 100 * m.at.Y}
	}
	flat := &tensor.Tensor{H: 8, W: 8, C: 3, Data: make([]float32, 8*8*3)}
	striped := &tensor.Tensor{H: 8, W: 8, C: 3, Data: make([]float32, 8*8*3)}
	for i := range striped.Data {
		striped.Data[i] = float32(i / 3 % 2 * 100)
	}
	if m := newMeasure(f, flat); m.sharp != 0 || m.light != 0 {
		t.Errorf("flat: %+v", m)
	}
	m := newMeasure(f, striped)
	if math.Abs(m.sharp-200) > 1e-3 || math.Abs(m.light-50) > 1e-3 {
		t.Errorf("striped: %+v; want sharpness 200, light 50", m)
	}
	if m.turn > 0.02 {
		t.Errorf("the mean shape is turned by %v", m.turn)
	}
}
