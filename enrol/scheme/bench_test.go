package scheme

import (
	"testing"

	files "github.com/tunnus-id/tunnus/scheme"
)

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("x", files.Baltic()); err != nil {
			b.Fatal(err)
		}
	}
}
