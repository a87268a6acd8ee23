package tensor

import (
	"math/rand/v2"
	"testing"
)

// On a processor with AVX2 or NEON these compare the assembly with the loops in Go; on
// any other the two are one.

func TestTileAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, k := range []int{1, 2, 3, 4, 5, 27, 576} {
		a, b := random(r, tileRows*k), random(r, tileCols*k)
		mul, add := random(r, tileCols), random(r, tileCols)
		const ldc = 20
		got, want := make([]float32, tileRows*ldc), make([]float32, tileRows*ldc)
		rng := Range{-0.5, 3}
		tile(k, a, b, got, ldc, mul, add, rng)
		tileGo(k, a, b, want, ldc, mul, add, rng)
		if d := farthest(got, want); d > 1e-4 {
			t.Errorf("k = %d: off by %g", k, d)
		}
		for i, v := range got {
			if i%ldc >= tileCols && v != 0 {
				t.Fatalf("k = %d: wrote beyond the tile at %d", k, i)
			}
		}
	}
}

func TestDepth3x3Agrees(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []int{1, 8, 12, 32, 40} {
		d := NewDepthwise(c, 1, random(r, 9*c), nil, random(r, c), Range{0, 0.7})
		r0, r1, r2 := random(r, 3*c), random(r, 3*c), random(r, 3*c)
		got, want := make([]float32, c), make([]float32, c)
		depth3x3(got, r0, r1, r2, d)
		depth3x3Go(want, r0, r1, r2, d)
		if diff := farthest(got, want); diff > 1e-5 {
			t.Errorf("%d channels: off by %g", c, diff)
		}
	}
}

func TestRowsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 7, 8, 9, 31, 64} {
		src := random(r, n)
		got := random(r, n)
		want := append([]float32(nil), got...)
		addRow(got, src, Range{0, 1})
		addRowGo(want, src, Range{0, 1})
		if d := farthest(got, want); d != 0 {
			t.Errorf("adding %d values: off by %g", n, d)
		}
		bytes := make([]uint8, n)
		for i := range bytes {
			bytes[i] = uint8(r.Uint32())
		}
		spreadBytes(got, bytes, 0.013, -1.7)
		spreadBytesGo(want, bytes, 0.013, -1.7)
		if d := farthest(got, want); d > 1e-6 {
			t.Errorf("spreading %d bytes: off by %g", n, d)
		}
	}
}
