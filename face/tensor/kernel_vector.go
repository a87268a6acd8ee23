//go:build amd64 || arm64

package tensor

// tileVector computes 6x16 results: six rows of a, lda values apart, times a panel.
//
//go:noescape
func tileVector(k int, a *float32, lda int, b, c *float32, ldc int, mul, add *float32, low, high float32)

// depthVector computes c channels of one pixel; c is a multiple of 8.
//
//go:noescape
func depthVector(dst, r0, r1, r2, w, bias *float32, c int, low, high float32)

// addVector adds n values, a multiple of 8.
//
//go:noescape
func addVector(dst, src *float32, n int, low, high float32)

// spreadVector turns n bytes into n values, n a multiple of 8.
//
//go:noescape
func spreadVector(dst *float32, src *uint8, n int, scale, min float32)

// tile checks the lengths that the assembly relies on, then chooses the loop.
func tile(k int, a, b, c []float32, ldc int, mul, add []float32, rng Range) {
	if !vectors || k == 0 {
		tileGo(k, a, b, c, ldc, mul, add, rng)
		return
	}
	_, _, _ = a[tileRows*k-1], b[k*tileCols-1], c[(tileRows-1)*ldc+tileCols-1]
	_, _ = mul[tileCols-1], add[tileCols-1]
	tileVector(k, &a[0], k, &b[0], &c[0], ldc, &mul[0], &add[0], rng.Low, rng.High)
}

func depth3x3(dst, r0, r1, r2 []float32, d *Depthwise) {
	if !vectors || d.c%8 != 0 {
		depth3x3Go(dst, r0, r1, r2, d)
		return
	}
	n := 3*d.c - 1
	_, _, _, _ = dst[d.c-1], r0[n], r1[n], r2[n]
	_, _ = d.weights[9*d.c-1], d.bias[d.c-1]
	depthVector(&dst[0], &r0[0], &r1[0], &r2[0], &d.weights[0], &d.bias[0], d.c, d.rng.Low, d.rng.High)
}

func addRow(dst, src []float32, rng Range) {
	n := len(src) &^ 7
	if !vectors || n == 0 {
		n = 0
	} else {
		_ = dst[n-1]
		addVector(&dst[0], &src[0], n, rng.Low, rng.High)
	}
	addRowGo(dst[n:], src[n:], rng)
}

func spreadBytes(dst []float32, src []uint8, scale, min float32) {
	n := len(src) &^ 7
	if !vectors || n == 0 {
		n = 0
	} else {
		_ = dst[n-1]
		spreadVector(&dst[0], &src[0], n, scale, min)
	}
	spreadBytesGo(dst[n:], src[n:], scale, min)
}
