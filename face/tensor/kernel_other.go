//go:build !amd64 && !arm64

package tensor

func tile(k int, a, b, c []float32, ldc int, mul, add []float32, rng Range) {
	tileGo(k, a, b, c, ldc, mul, add, rng)
}

func depth3x3(dst, r0, r1, r2 []float32, d *Depthwise) { depth3x3Go(dst, r0, r1, r2, d) }

func addRow(dst, src []float32, rng Range) { addRowGo(dst, src, rng) }

func spreadBytes(dst []float32, src []uint8, scale, min float32) { spreadBytesGo(dst, src, scale, min) }
