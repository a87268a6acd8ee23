package tensor

// MaxPool takes the largest value of each window.
func MaxPool(p *Pool, in *Tensor, area Area) *Tensor {
	oh, top := area.out(in.H, area.Height)
	ow, left := area.out(in.W, area.Width)
	out := p.New(oh, ow, in.C)
	for y := range oh {
		for x := range ow {
			px := out.Data[(y*ow+x)*in.C:][:in.C]
			first := true
			for ky := range area.Height {
				for kx := range area.Width {
					sy, sx := y*area.Stride+ky-top, x*area.Stride+kx-left
					if sy < 0 || sx < 0 || sy >= in.H || sx >= in.W {
						continue
					}
					src := in.Data[(sy*in.W+sx)*in.C:][:in.C]
					if first {
						copy(px, src)
						first = false
						continue
					}
					for c, v := range src {
						px[c] = max(px[c], v)
					}
				}
			}
		}
	}
	return out
}

// HalfMean halves a picture: each result is the mean of 2x2 pixels, and has
// channels of which the ones behind in.C are zero. An odd last row or column is left out.
func HalfMean(p *Pool, in *Tensor, channels int) *Tensor {
	out := p.New(in.H/2, in.W/2, channels)
	clear(out.Data)
	row := in.W * in.C
	for y := range out.H {
		for x := range out.W {
			px := out.Data[(y*out.W+x)*channels:]
			a := in.Data[2*y*row+2*x*in.C:]
			for c := range in.C {
				px[c] = (a[c] + a[in.C+c] + a[row+c] + a[row+in.C+c]) / 4
			}
		}
	}
	return out
}

// Mean returns the mean of each channel over the whole picture.
func Mean(in *Tensor) []float32 {
	sums := make([]float64, in.C)
	for i, v := range in.Data[:in.H*in.W*in.C] {
		sums[i%in.C] += float64(v)
	}
	out := make([]float32, in.C)
	for c, s := range sums {
		out[c] = float32(s / float64(in.H*in.W))
	}
	return out
}

// Add adds src to dst, a pixel for a pixel from the top left corner, and keeps
// the sums in rng; pixels of dst beyond src count as added to zero.
func Add(dst, src *Tensor, rng Range) {
	must(dst.C == src.C && src.H <= dst.H && src.W <= dst.W, "adding %dx%dx%d to %dx%dx%d",
		src.H, src.W, src.C, dst.H, dst.W, dst.C)
	for y := range dst.H {
		row := dst.Data[y*dst.W*dst.C:][:dst.W*dst.C]
		n := 0
		if y < src.H {
			n = src.W * src.C
			addRow(row[:n], src.Data[y*n:][:n], rng)
		}
		for i, v := range row[n:] {
			row[n+i] = rng.keep(v)
		}
	}
}

func (r Range) keep(v float32) float32 { return min(max(v, r.Low), r.High) }

// Clamp keeps every value in rng.
func Clamp(t *Tensor, rng Range) {
	for i, v := range t.Data {
		t.Data[i] = rng.keep(v)
	}
}
