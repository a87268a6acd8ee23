package scan

import (
	"errors"
	"image"
	"math"

	"github.com/tunnus-id/tunnus/document/mrz"
)

// Why a picture was not read, and what its maker can do about it.
var (
	// ErrNone is when there is nothing like a code line.
	ErrNone = errors.New("scan: no code line found: show the whole of it, level and near")

	// ErrUnclear is when characters of a code line can be taken for others.
	ErrUnclear = errors.New("scan: the code line is not clear enough: more light, no glare, hold still")

	// ErrDigits is when the characters do not agree with their check digits.
	ErrDigits = errors.New("scan: the check digits of the code line do not hold: take another picture, or type it")
)

// Read finds the code line in a picture and reads it. It answers with one of
// the errors above, or refuses a picture that is too small or has more than
// [MaxPixels]. It keeps nothing, and may be called from several places at once.
func Read(img image.Image) (mrz.Zone, error) {
	g, err := newGrey(img)
	if err != nil {
		return mrz.Zone{}, err
	}
	r := &reader{net: newNetwork(), pic: &pyramid{levels: []*grey{g}}, left: maxWindows, err: ErrNone}
	smooth := g.smooth()
	for _, part := range []float64{.4, .75} {
		if z, ok := r.look(smooth, part); ok {
			return z, nil
		}
	}
	return mrz.Zone{}, r.err
}

// A reader keeps what the attempts at one picture share.
type reader struct {
	net  *network
	pic  *pyramid
	left int   // windows that may still be looked through
	err  error // the best that can be said of the failure
}

// maxWindows bounds the time that a picture costs.
const maxWindows = 40

// look tries all sets of rows that it finds at one threshold.
func (r *reader) look(g *grey, part float64) (mrz.Zone, bool) {
	for _, rows := range groups(rows(g, blobs(g.ink(part)))) {
		for _, shift := range []int{0, 1, -1} {
			grid := newGrid(rows, shift)
			if grid == nil {
				continue
			}
			z, ok, lost := r.read(grid)
			if ok {
				return z, true
			}
			if !lost {
				break // the shift was right
			}
		}
	}
	return mrz.Zone{}, false
}

// read reads a grid, upright or upside down. It is lost where it sees no
// characters.
func (r *reader) read(g *grid) (z mrz.Zone, ok, lost bool) {
	w := r.window(g)
	if w.score < plain {
		if t := g.turned(); t != nil {
			if other := r.window(t); other.score > w.score {
				w = other
			}
		}
	}
	if w.score < legible {
		return mrz.Zone{}, false, true
	}
	z, err := decode(w.form, w.cells)
	if err != nil {
		if r.err == ErrNone || err == ErrDigits {
			r.err = err
		}
		return mrz.Zone{}, false, false
	}
	return z, true, false
}

// Means of logarithms of probabilities: of a grid that certainly is the right way
// up, and of one that may be read at all.
const (
	plain   = -.8
	legible = -1.6
)

// A window is a form laid over the columns of a grid.
type window struct {
	form  form
	cells []scores
	score float64
}

// window finds the form and the first column at which most characters are seen,
// and none on either side.
func (r *reader) window(g *grid) window {
	const around = 3
	lo, hi := g.lo-around, g.hi+around
	best := window{score: math.Inf(-1)}
	if r.left--; r.left < 0 || hi-lo > 70 {
		return best
	}
	width := hi - lo + 1
	all := make([]scores, width*g.lines)
	for l := range g.lines {
		for c := lo; c <= hi; c++ {
			p := g.cell(r.pic, c, l)
			p.level(12)
			all[l*width+c-lo] = r.net.judge(&p)
		}
	}
	for _, f := range forms(g.lines) {
		for from := 0; from+f.width <= width; from++ {
			if score := fitness(all, width, from, f.width); score > best.score {
				best = window{form: f, score: score}
				for l := range g.lines {
					best.cells = append(best.cells, all[l*width+from:l*width+from+f.width]...)
				}
			}
		}
	}
	return best
}

// fitness is the mean logarithm of the likelihood that the columns from on hold
// characters, and those beside them none.
func fitness(all []scores, width, from, n int) float64 {
	sum, count := 0.0, 0
	for i := range all {
		s, c := &all[i], i%width
		if c < from-1 || c > from+n {
			continue
		}
		best := s[nothing]
		if c >= from && c < from+n {
			best = float32(math.Inf(-1))
			for _, v := range s[:nothing] {
				best = max(best, v)
			}
		}
		sum += max(-8, float64(best))
		count++
	}
	return sum / float64(count)
}
