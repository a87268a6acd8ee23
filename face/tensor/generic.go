package tensor

// The loops that the networks spend their time in, in plain Go. They are what
// the assembly is tested against, and what runs where there is none.

// tileGo works on two rows and four columns at a time: as many sums as stay in
// registers.
func tileGo(k int, a, b, c []float32, ldc int, mul, add []float32, rng Range) {
	for r := 0; r < tileRows; r += 2 {
		one, two := a[r*k:][:k], a[(r+1)*k:][:k]
		for j := 0; j < tileCols; j += 4 {
			var s0, s1, s2, s3, t0, t1, t2, t3 float32
			w := b[j:]
			for i, v := range one {
				u, x := two[i], (*[4]float32)(w[i*tileCols:])
				s0 += v * x[0]
				s1 += v * x[1]
				s2 += v * x[2]
				s3 += v * x[3]
				t0 += u * x[0]
				t1 += u * x[1]
				t2 += u * x[2]
				t3 += u * x[3]
			}
			for i, s := range [...]float32{s0, s1, s2, s3, t0, t1, t2, t3} {
				at := j + i%4
				c[(r+i/4)*ldc+at] = rng.keep(s*mul[at] + add[at])
			}
		}
	}
}

func depth3x3Go(dst, r0, r1, r2 []float32, d *Depthwise) {
	c := d.c
	w := d.weights
	for i := range c {
		sum := d.bias[i]
		for t := range 3 {
			sum += r0[t*c+i]*w[t*c+i] + r1[t*c+i]*w[(3+t)*c+i] + r2[t*c+i]*w[(6+t)*c+i]
		}
		dst[i] = d.rng.keep(sum)
	}
}

func addRowGo(dst, src []float32, rng Range) {
	for i, v := range src {
		dst[i] = rng.keep(dst[i] + v)
	}
}

func spreadBytesGo(dst []float32, src []uint8, scale, min float32) {
	for i, q := range src {
		dst[i] = float32(q)*scale + min
	}
}
