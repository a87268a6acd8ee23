package jp2_test

import (
	"os"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// BenchmarkDecode decodes an invented portrait of 480×640 pixels in 33 kB, 9/7.
func BenchmarkDecode(b *testing.B) {
	file, err := os.ReadFile("testdata/colour33k.jp2")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("colour33k", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(480 * 640 * 3)
		for b.Loop() {
			if _, err := jp2.Decode(file); err != nil {
				b.Fatal(err)
			}
		}
	})
}
