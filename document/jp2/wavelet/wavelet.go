// Package wavelet undoes one level of the wavelet transforms of JPEG 2000
// (ISO/IEC 15444-1 Annex F): 5/3, exact on whole numbers, and 9/7 on floats.
//
// A level is undone in place. Its buffer holds the low-passed samples in front
// of the high-passed ones, in both directions, as the subbands LL, HL, LH and HH
// stand in the corners of a picture.
package wavelet

// A Side says how the samples of one direction are mixed from the two halves.
type Side struct {
	Low, High int  // how many samples each half has
	Odd       bool // the first sample is one of the upper half: it stands at an odd place
}

func (s Side) len() int { return s.Low + s.High }

// first is the place of the first sample of the lower half.
func (s Side) first() int {
	if s.Odd {
		return 1
	}
	return 0
}

// lanes is how many rows or columns are transformed beside each other: a line of
// the cache, and enough for a processor to be busy.
const lanes = 16

// A Reversible undoes levels of the 5/3 transform. Its zero value is ready.
type Reversible struct{ work [][lanes]int32 }

// Undo turns four subbands into one picture of x.Low+x.High times y.Low+y.High
// samples, rows stride apart: first across, then down (§F.3.2).
func (r *Reversible) Undo(buf []int32, stride int, x, y Side) {
	r.work = undo(buf, stride, x, y, r.work, lift53)
}

// An Irreversible undoes levels of the 9/7 transform. Its zero value is ready.
type Irreversible struct{ work [][lanes]float32 }

// Undo does what [Reversible.Undo] does. The gain of each high-passed direction
// is 2: samples are handed in as if their subband had no gain (Table E.1).
func (r *Irreversible) Undo(buf []float32, stride int, x, y Side) {
	r.work = undo(buf, stride, x, y, r.work, lift97)
}

// undo transforms all rows, then all columns, lanes at a time.
func undo[T int32 | float32](buf []T, stride int, x, y Side, work [][lanes]T, lift func([][lanes]T, Side)) [][lanes]T {
	if n := max(x.len(), y.len()); len(work) < n {
		work = make([][lanes]T, n)
	}
	for top := 0; top < y.len(); top += lanes {
		part := buf[top*stride:]
		n := min(lanes, y.len()-top)
		gatherRows(work, part, stride, n, x)
		lift(work[:x.len()], x)
		for p := range x.len() {
			for k := range n {
				part[k*stride+p] = work[p][k]
			}
		}
	}
	for left := 0; left < x.len(); left += lanes {
		part := buf[left:]
		n := min(lanes, x.len()-left)
		for i := range y.Low {
			copy(work[y.first()+2*i][:n], part[i*stride:])
		}
		for i := range y.High {
			copy(work[1-y.first()+2*i][:n], part[(y.Low+i)*stride:])
		}
		lift(work[:y.len()], y)
		for p := range y.len() {
			copy(part[p*stride:][:n], work[p][:])
		}
	}
	return work
}

// gatherRows mixes the halves of n rows into work.
func gatherRows[T int32 | float32](work [][lanes]T, part []T, stride, n int, x Side) {
	for k := range n {
		row := part[k*stride:][:x.len()]
		at := x.first()
		for _, v := range row[:x.Low] {
			work[at][k&(lanes-1)] = v
			at += 2
		}
		at = 1 - x.first()
		for _, v := range row[x.Low:] {
			work[at][k&(lanes-1)] = v
			at += 2
		}
	}
}

// lift53 undoes the reversible transform on mixed samples (§F.3.8).
func lift53(w [][lanes]int32, s Side) {
	if len(w) < 2 {
		if len(w) == 1 && s.Odd { // §F.3.6; odd values, which no lossless picture has, go towards zero
			for k := range w[0] {
				w[0][k] /= 2
			}
		}
		return
	}
	for p := s.first(); p < len(w); p += 2 {
		l, r := neighbours(p, len(w))
		x, a, b := &w[p], &w[l], &w[r]
		for k := range x {
			x[k] -= (a[k] + b[k] + 2) >> 2
		}
	}
	for p := 1 - s.first(); p < len(w); p += 2 {
		l, r := neighbours(p, len(w))
		x, a, b := &w[p], &w[l], &w[r]
		for k := range x {
			x[k] += (a[k] + b[k]) >> 1
		}
	}
}

// Lifting parameters and scaling of the 9/7 transform (Table F.4).
const (
	alpha = -1.586134342059924
	beta  = -0.052980118572961
	gamma = 0.882911075530934
	delta = 0.443506852043971
	kappa = 1.230174104914001
)

// lift97 undoes the irreversible transform on mixed samples (§F.3.8). A
// single sample is left as it is: at an odd place it would be halved, and its
// gain be 2.
func lift97(w [][lanes]float32, s Side) {
	if len(w) < 2 {
		return
	}
	low, high := s.first(), 1-s.first()
	for p := low; p < len(w); p += 2 {
		scale(&w[p], kappa)
	}
	for p := high; p < len(w); p += 2 {
		scale(&w[p], 2/kappa)
	}
	step97(w, low, -delta)
	step97(w, high, -gamma)
	step97(w, low, -beta)
	step97(w, high, -alpha)
}

func scale(x *[lanes]float32, f float32) {
	for k := range x {
		x[k] *= f
	}
}

// step97 is one lifting step on every second sample. Products are rounded
// before they are added: every processor gets the same picture.
func step97(w [][lanes]float32, first int, f float32) {
	for p := first; p < len(w); p += 2 {
		l, r := neighbours(p, len(w))
		x, a, b := &w[p], &w[l], &w[r]
		for k := range x {
			x[k] += float32((a[k] + b[k]) * f)
		}
	}
}

// neighbours are the places beside p, mirrored at both ends (§F.3.7).
func neighbours(p, n int) (l, r int) {
	l, r = p-1, p+1
	if l < 0 {
		l = 1
	}
	if r >= n {
		r = n - 2
	}
	return l, r
}
