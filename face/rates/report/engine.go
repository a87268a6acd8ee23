package report

import (
	"fmt"

	"github.com/tunnus-id/tunnus/face"
)

// EngineOf is an engine with its limits as reports name it. Which report its
// limits come from is no part of it: that would be a report about itself.
func EngineOf(m face.Meta) Engine {
	meta := map[string]string{"name": m.Name}
	for i, n := range m.Networks {
		put := func(key string, v any) { meta[fmt.Sprintf("network %d %s", i+1, key)] = fmt.Sprint(v) }
		put("name", n.Name)
		put("sha256", n.SHA256)
		put("size", n.Size)
		put("chip", n.Chip)
		put("alignment", n.Alignment)
		put("colours", n.Colours)
		put("mean", n.Mean)
		put("scale", n.Scale)
		put("metric", n.Metric)
		put("unit", n.Unit)
	}
	return Engine{
		Meta: meta, Measures: Measures(),
		Match:  []float64{m.Match.Distance, m.Match.Fused},
		Review: []float64{m.Review.Distance, m.Review.Fused},
	}
}

// Measures are the distances of [face.Meta.Distance].
func Measures() []string { return []string{"distance", "fused"} }
