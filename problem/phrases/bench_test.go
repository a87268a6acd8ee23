package phrases

import (
	"testing"

	"github.com/tunnus-id/tunnus"
)

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		codes(b)
	}
}

func BenchmarkSentence(b *testing.B) {
	s := codes(b).In(Russian)
	for b.Loop() {
		if s.Sentence(tunnus.CodeDocExpired) == "" {
			b.Fatal("nothing said")
		}
	}
}
