package face

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/quality"
)

func TestJudge(t *testing.T) {
	nan, meta := math.NaN(), Default()
	tests := []struct {
		name            string
		distance, fused float64
		want            Verdict
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
		{"the other half", nan, 0.1, NoMatch},
		{"less than nothing is no match", -1, -1, NoMatch},
		{"half less than nothing", 0.1, -0.1, NoMatch},
		{"infinite", math.Inf(1), math.Inf(1), NoMatch},
		{"less than all", math.Inf(-1), math.Inf(-1), NoMatch},
	}
	for _, tt := range tests {
		if got := meta.Verdict(tt.distance, tt.fused); got != tt.want {
			t.Errorf("%s: Verdict(%v, %v) = %s; want %s", tt.name, tt.distance, tt.fused, got, tt.want)
		}
	}
}

// two is an engine of two networks with two numbers each.
var two = Meta{Networks: []Network{{Size: 2, Metric: Euclidean, Unit: 0.6}, {Size: 2, Metric: Euclidean, Unit: 0.9}}}

func TestDistance(t *testing.T) {
	a, b := Embedding{{0, 0}, {1, 0}}, Embedding{{0.18, 0.24}, {1, 0.9}}
	d, f := two.Distance(a, b)
	if math.Abs(d-0.3) > 1e-6 || math.Abs(f-1.5) > 1e-6 {
		t.Errorf("Distance = %v, %v; want 0.3, 1.5", d, f)
	}
	angle := Meta{Networks: []Network{{Size: 2, Metric: Cosine, Unit: 0.5}}}
	for _, tt := range []struct {
		b    []float32
		want float64
	}{{[]float32{5, 0}, 0}, {[]float32{0, 2}, 1}, {[]float32{-3, 0}, 2}} {
		if d, f := angle.Distance(Embedding{{1, 0}}, Embedding{tt.b}); math.Abs(d-tt.want) > 1e-9 || math.Abs(f-2*tt.want) > 1e-9 {
			t.Errorf("cosine to %v = %v, %v; want %v, %v", tt.b, d, f, tt.want, 2*tt.want)
		}
	}
}

// Embeddings that are missing, of another engine, or without direction are near to nothing.
func TestDistanceOfUnlikeIsNoMatch(t *testing.T) {
	meta := two
	meta.Match = Thresholds{100, 100}
	whole := Embedding{{1, 0}, {1, 0}}
	if d, f := meta.Distance(whole, whole); meta.Verdict(d, f) != Match {
		t.Fatalf("to itself: %v, %v", d, f)
	}
	for _, other := range []Embedding{nil, {}, {{1, 0}}, {{1, 0}, {1}}, {{1}, {1, 0}}, {{1, 0}, {1, 0}, {1, 0}}} {
		if d, f := meta.Distance(whole, other); meta.Verdict(d, f) != NoMatch {
			t.Errorf("%v: %v, %v", other, d, f)
		}
	}
	meta.Networks = []Network{{Size: 2, Metric: Cosine, Unit: 1}}
	if d, f := meta.Distance(Embedding{{0, 0}}, Embedding{{1, 0}}); meta.Verdict(d, f) != NoMatch {
		t.Errorf("no direction: %v, %v", d, f)
	}
	meta.Networks[0].Metric = "other"
	if d, f := meta.Distance(Embedding{{1, 0}}, Embedding{{1, 0}}); meta.Verdict(d, f) != NoMatch {
		t.Errorf("no metric: %v, %v", d, f)
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

// What is told with a refusal follows from the hint, and passes through a worker.
func TestHintsOfRefusals(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code tunnus.Code
	}{
		{refuse(quality.ManyFaces, Quality{Faces: 2}), tunnus.CodeFaceMany},
		{refuse(quality.NoFace, Quality{}), tunnus.CodeFacePosition},
		{refuse(quality.Closer, Quality{Faces: 1, Eyes: 20}), tunnus.CodeFacePosition},
		{hinted(unclear("x"), quality.Dark), tunnus.CodeFaceQuality},
	} {
		_, err := answer(tt.err).Outcome()
		var e *tunnus.Error
		if !errors.As(err, &e) || e.Code != tt.code || !strings.HasPrefix(e.Note.Key, quality.NotePrefix) || !strings.HasSuffix(e.Public, e.Note.Sentence()) {
			t.Errorf("%v became %v", tt.err, err)
		}
	}
	_, err := (Answer{Code: tunnus.CodeFaceQuality, Hint: "photo-old"}).Outcome()
	var e *tunnus.Error
	if !errors.As(err, &e) || e.Note.Key != "" {
		t.Errorf("a worker's own hint is told: %+v", err)
	}
}
