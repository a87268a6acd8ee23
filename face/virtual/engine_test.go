package virtual

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/need"
)

// The gate of the cast, in 128-d distances: stricter than the engine's limit of
// a match, 0.45. The other limits are the engine's.
const (
	sameMax     = 0.40
	apartMin    = 0.50
	matchFused  = 1.70
	reviewD128  = 0.58
	reviewFused = 2.00
)

var opened = sync.OnceValues(func() (*face.BuiltIn, error) { return face.Open(modelFiles) })

var modelFiles fs.FS

// engine returns one engine for all tests, or skips the test with the reason.
func engine(t *testing.T) *face.BuiltIn {
	t.Helper()
	modelFiles = need.Models(t)
	e, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A sitter is a person with the engine's view of the portrait and of two frames.
type sitter struct {
	Person
	portrait face.Embedding
	frames   []face.Embedding
}

// sit photographs a person. That the engine finds one face in each picture is
// tested on the way. tools/cast, which chose them, looked at two frames.
func sit(e face.Engine, p Person) (*sitter, error) {
	m := NewModel(p)
	s := &sitter{Person: p}
	for i, file := range append([][]byte{m.Portrait()}, m.Frames(1, 77)...) {
		img, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		v, err := face.Embed(e, img)
		if err != nil {
			return nil, fmt.Errorf("picture %d of %s: %w", i, p.Name, err)
		}
		if i == 0 {
			s.portrait = v
		} else {
			s.frames = append(s.frames, v)
		}
	}
	return s, nil
}

// tried are the near-twins that are tried on every run, to save time: tools/cast
// tries all.
func tried(i int) bool { return i%4 == 1 }

var sitting = sync.OnceValues(func() (all [2][]*sitter, err error) {
	e, err := opened()
	if err != nil {
		return all, err
	}
	for i, p := range Cast() {
		s, err := sit(e, p)
		if err != nil {
			return all, err
		}
		all[0] = append(all[0], s)
		if tried(i) {
			if s, err = sit(e, p.Twin()); err != nil {
				return all, err
			}
			all[1] = append(all[1], s)
		}
	}
	return all, nil
})

// sitters returns the cast and those near-twins that are tried.
func sitters(t *testing.T) (cast, twins []*sitter) {
	t.Helper()
	engine(t)
	all, err := sitting()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1]
}

// apart compares the portrait of a with all pictures of b. Nothing may be a
// match, with a margin; unless doubt is allowed, not even a case for review.
func apart(t *testing.T, a, b *sitter, doubt bool) {
	t.Helper()
	for i, v := range append([]face.Embedding{b.portrait}, b.frames...) {
		d128, fused := face.Default().Distance(a.portrait, v)
		if d128 < apartMin || !doubt && d128 <= reviewD128 && fused <= reviewFused {
			t.Errorf("portrait of %s against picture %d of %s: d128 %.3f, fused %.3f", a.Name, i, b.Name, d128, fused)
		}
	}
}

func TestEngineKnowsEachAgain(t *testing.T) {
	cast, twins := sitters(t)
	for _, s := range append(cast[:len(cast):len(cast)], twins...) {
		for i, v := range s.frames {
			if d128, fused := face.Default().Distance(s.portrait, v); d128 > sameMax || fused > matchFused {
				t.Errorf("%s, frame %d: d128 %.3f, fused %.3f; want a match, and d128 of %.2f or less", s.Name, i, d128, fused, sameMax)
			}
		}
	}
}

func TestEngineKeepsAllPairsApart(t *testing.T) {
	cast, _ := sitters(t)
	for _, a := range cast {
		for _, b := range cast {
			if a != b {
				apart(t, a, b, false)
			}
		}
	}
}

// A near-twin may leave the engine in doubt, which sends the case to review,
// but is never taken for the person, nor for anybody else of the cast.
func TestEngineRefusesNearTwins(t *testing.T) {
	cast, twins := sitters(t)
	for _, a := range cast {
		for _, b := range twins {
			apart(t, a, b, true)
			apart(t, b, a, true)
		}
	}
}

// The verdict itself, on a capture whose seed the cast was not chosen with.
func TestCompareDecidesOnAnotherDay(t *testing.T) {
	e := engine(t)
	cast := Cast()
	for i, p := range cast {
		if i%6 > 1 { // to save time
			continue
		}
		m := NewModel(p)
		frames := decodeAll(t, m.Frames(3, 4242+uint64(i)))
		if got := verdict(t, e, m.Portrait(), frames); got != face.Match {
			t.Errorf("%s against own frames: %s", p.Name, got)
		}
		if i%2 == 0 { // each meets the near-twin or the next in the row
			if got := verdict(t, e, p.Twin().Portrait(), frames); got == face.Match {
				t.Errorf("frames of %s against the near-twin's portrait: %s", p.Name, got)
			}
			continue
		}
		next := cast[(i+1)%len(cast)]
		if got := verdict(t, e, next.Portrait(), frames); got != face.NoMatch {
			t.Errorf("frames of %s against the portrait of %s: %s", p.Name, next.Name, got)
		}
	}
}

func verdict(t *testing.T, e face.Engine, portrait []byte, frames []image.Image) face.Verdict {
	t.Helper()
	r, err := face.Compare(e, decodeAll(t, [][]byte{portrait})[0], frames)
	if err != nil {
		t.Error(err)
	}
	return r.Verdict
}

func decodeAll(t *testing.T, files [][]byte) []image.Image {
	t.Helper()
	var out []image.Image
	for _, f := range files {
		img, err := jpeg.Decode(bytes.NewReader(f))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, img)
	}
	return out
}
