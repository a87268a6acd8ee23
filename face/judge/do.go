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
	seen, err := film.Observe(j.Frames, e.Film.Track())
	if err != nil {
		return Report{}, err
	}
	w := &watcher{engines: e, frames: j.Frames}
	r := Report{Liveness: liveness.Judge(j.Challenge, j.Capture, seen, liveness.Standard(), w.embed)}
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
	if r.Quality, err = w.quality(look, gates); err != nil {
		return Report{}, err
	}
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

// A watcher looks at single frames of a film once more.
type watcher struct {
	engines Engines
	frames  [][]byte
	fault   error // of the engine
}

// follow finds the face of a frame; sure is false if there is none, or no picture.
func (w *watcher) follow(frame int) (img image.Image, t *face.Tracker, m face.Mesh, sure bool, err error) {
	t = w.engines.Film.Track()
	if img, err = face.Decode(w.frames[frame]); err != nil {
		return nil, t, m, false, nil // it is the phone's fault, not the engine's
	}
	m, sure, err = t.Follow(img)
	return img, t, m, sure, err
}

var errLost = errors.New("judge: no face in the frame")

// embed is the vector of a frame's face, to tell whether a film shows one face
// throughout. It takes that of the first network.
func (w *watcher) embed(frame int) ([]float32, error) {
	img, _, m, sure, err := w.follow(frame)
	if err != nil || !sure {
		w.fault = errors.Join(w.fault, err)
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
func (w *watcher) quality(frames []int, g quality.Gates) (quality.Hint, error) {
	var wrong []quality.Hint
	for _, i := range frames {
		img, t, m, sure, err := w.follow(i)
		if err != nil {
			return quality.None, err
		}
		if img == nil {
			continue
		}
		s := quality.Seen{Faces: t.Faces()}
		if sure {
			s = of(&m)
			s.Faces = t.Faces()
		}
		if h, ok := quality.Judge(quality.Measure(img, s), g); !ok {
			wrong = append(wrong, h)
		}
	}
	if 2*len(wrong) <= len(frames) {
		return quality.None, nil
	}
	return quality.First(wrong...), nil
}

// of is what package quality has to know of a mesh.
func of(m *face.Mesh) quality.Seen {
	var points [468]quality.Point3
	for i, p := range m {
		points[i] = quality.Point3(p)
	}
	return quality.OfMesh(&points, quality.Pose(m.Pose()), true)
}
