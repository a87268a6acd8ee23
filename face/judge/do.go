package judge

import (
	"errors"
	"image"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/liveness/film"
	"github.com/tunnus-id/tunnus/face/quality"
)

// Engines are the two that a judgement needs: the built-in one follows a face through a
// film and tells whether it is one throughout, the other compares it with the portrait.
// They may be the same.
type Engines struct {
	Film    *face.BuiltIn
	Compare face.Engine
}

// Do does a task. It fails only for faults of the engines.
func (e Engines) Do(t Task) (Done, error) {
	if t.Pictures != nil {
		a := face.Do(e.Compare, *t.Pictures)
		return Done{Pictures: &a}, nil
	}
	r, err := e.capture(*t.Capture)
	return Done{Capture: &r}, err
}

// looked is how many frames the quality of a capture is judged by.
const looked = 5

// capture judges a capture. What is done does not depend much on what is found, so that
// a forger learns little from how long it took (L8).
func (e Engines) capture(j Job) (Report, error) {
	w := &watcher{Tracker: e.Film.Track(), engines: e, frames: j.Frames, size: image.Pt(j.Capture.Width, j.Capture.Height)}
	var err error
	if w.seen, err = film.Observe(j.Frames, w.size, w); err != nil {
		return Report{}, err
	}
	r := Report{Liveness: liveness.Judge(j.Challenge, j.Capture, w.seen, liveness.Standard(), w.embed)}
	if w.fault != nil {
		return Report{}, w.fault
	}
	look, gates := spread(during(j), looked), quality.Stream(quality.Oval(j.Challenge.Near))
	if j.Challenge.Way == liveness.Calm { // its frames are near and far, and turned
		gates = quality.Still()
	}
	if r.Liveness.Answer == liveness.Live {
		look, gates = r.Liveness.Compare, quality.Match()
	}
	r.Quality = w.quality(look, gates)
	if r.Liveness.Answer != liveness.Live || r.Quality != quality.None {
		return r, nil
	}
	pictures := face.Job{Portrait: j.Portrait}
	for _, i := range r.Liveness.Compare {
		pictures.Frames = append(pictures.Frames, j.Frames[i])
	}
	compared := face.Do(e.Compare, pictures)
	if compared.Code == tunnus.CodeInternal {
		return Report{}, errors.New(compared.Cause)
	}
	r.Compared = &compared
	return r, nil
}

// during are the frames that were taken while the steps stood.
func during(j Job) (out []int) {
	if len(j.Capture.Shown) == 0 {
		return nil
	}
	from, to := j.Capture.Shown[0].At, j.Capture.Shown[len(j.Capture.Shown)-1].At+j.Challenge.Hold
	for i, f := range j.Capture.Frames {
		if f.At >= from && f.At <= to {
			out = append(out, i)
		}
	}
	return out
}

// spread takes n of them, from the first to the last.
func spread(frames []int, n int) []int {
	if len(frames) <= n {
		return frames
	}
	out := make([]int, n)
	for i := range out {
		out[i] = frames[i*(len(frames)-1)/(n-1)]
	}
	return out
}

// A watcher follows the film, and looks at single frames once more.
type watcher struct {
	*face.Tracker

	engines Engines
	frames  [][]byte
	size    image.Point // that was agreed on
	seen    []liveness.Observation
	meshes  []face.Mesh // of the frames that could be decoded
	fault   error       // of the engine
}

// Follow implements [film.Tracker].
func (w *watcher) Follow(img image.Image) (face.Mesh, bool, error) {
	m, sure, err := w.Tracker.Follow(img)
	w.meshes = append(w.meshes, m)
	return m, sure, err
}

// look returns a frame and the face that was followed in it; ok is false if none was.
func (w *watcher) look(frame int) (img image.Image, m *face.Mesh, ok bool) {
	if !w.seen[frame].Sure {
		return nil, nil, false
	}
	n := 0
	for _, o := range w.seen[:frame] {
		if o.Size != [2]int{} {
			n++
		}
	}
	img, err := film.Decode(w.frames[frame], w.size)
	return img, &w.meshes[n], err == nil
}

var errLost = errors.New("judge: no face in the frame")

// embed is the vector of a frame's face, to tell whether a film shows one face
// throughout. It takes that of the first network.
func (w *watcher) embed(frame int) ([]float32, error) {
	img, m, ok := w.look(frame)
	if !ok {
		return nil, errLost
	}
	points, err := w.engines.Film.Landmarks(img, m.Box())
	if err != nil {
		return nil, err
	}
	chip, err := face.NewChip(img, points)
	if err != nil {
		return nil, err
	}
	vectors, err := w.engines.Film.Embed(chip)
	if err != nil {
		w.fault = errors.Join(w.fault, err)
		return nil, err
	}
	return vectors[0], nil
}

// quality is what is wrong with more than half of the frames: of what is, that which
// goes first. Nothing is wrong where there are none: then there are other things to say.
func (w *watcher) quality(frames []int, g quality.Gates) quality.Hint {
	var wrong []quality.Hint
	for _, i := range frames {
		h, ok := quality.NoFace, false
		if img, m, found := w.look(i); found {
			h, ok = quality.Judge(quality.Measure(img, of(m)), g)
		}
		if !ok {
			wrong = append(wrong, h)
		}
	}
	if 2*len(wrong) <= len(frames) {
		return quality.None
	}
	return quality.First(wrong...)
}

// of is what package quality has to know of a mesh. How many faces there are was counted
// by those who judge the film.
func of(m *face.Mesh) quality.Seen {
	at := func(i int) quality.Point { return quality.Point{X: m[i].X, Y: m[i].Y} }
	return quality.OfMesh(at, quality.Pose(m.Pose()))
}
