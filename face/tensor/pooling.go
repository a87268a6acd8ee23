package tensor

// MaxPool takes the largest value of each window. The result has channels of
// which the ones behind in.C are zero.
func MaxPool(p *Pool, in *Tensor, area Area, channels int) *Tensor {
	oh, top := area.out(in.H, area.Height)
	ow, left := area.out(in.W, area.Width)
	out := p.New(oh, ow, channels)
	if channels > in.C {
		clear(out.Data)
	}
	for y := range oh {
		for x := range ow {
			px := out.Data[(y*ow+x)*channels:][:in.C]
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

// Slope multiplies what is negative, in place: with the value of its channel,
// or with the only one.
func Slope(t *Tensor, slopes []float32) {
	if len(slopes) == 1 {
		one := slopes[0]
		for i, v := range t.Data {
			t.Data[i] = max(v, 0) + one*min(v, 0)
		}
		return
	}
	must(len(slopes) == t.C, "%d slopes for %d channels", len(slopes), t.C)
	for at := 0; at+t.C <= len(t.Data); at += t.C {
		px := t.Data[at:][:t.C]
		for c, v := range px {
			px[c] = max(v, 0) + slopes[c]*min(v, 0)
		}
	}
}

// Clamp keeps every value in rng.
func Clamp(t *Tensor, rng Range) {
	for i, v := range t.Data {
		t.Data[i] = rng.keep(v)
	}
}
