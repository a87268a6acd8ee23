package judge

import (
	"cmp"
	"errors"
	"image"
	"math"
	"slices"

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

// gates are the limits of those frames, the same for every film of a way. In the calm
// one faces are near and far, and people compare them.
func gates(w liveness.Way) quality.Gates {
	if w == liveness.Calm {
		return quality.Still()
	}
	return quality.Match()
}

// capture judges a capture. Frames and gates of the quality do not depend on what else is
// found, and it goes first: whether somebody was taken for living must not show in a
// hint (L4, L8). And what is not living costs the same work as what is, so that a forger
// learns little from how long it took.
func (e Engines) capture(j Job) (Report, error) {
	w := &watcher{Tracker: e.Film.Track(), engines: e, frames: j.Frames, size: image.Pt(j.Capture.Width, j.Capture.Height)}
	var err error
	if w.seen, err = film.Observe(j.Frames, w.size, w); err != nil {
		return Report{}, err
	}
	look := w.front(during(j))
	r := Report{Quality: w.quality(look, gates(j.Challenge.Way))}
	embed := w.embed
	if r.Quality != quality.None { // nothing more is found out: it is tried again
		embed = nil
	}
	r.Liveness = liveness.Judge(j.Challenge, j.Capture, w.seen, liveness.Standard(), embed)
	if w.fault != nil || r.Quality != quality.None || r.Liveness.Answer == liveness.Retry {
		return r, w.fault
	}
	return w.compare(r, look, j.Portrait)
}

// embeddings is how many a living face needs at most: of five frames that may be
// compared, the first, two odd ones and three that are drawn.
const embeddings = 11

// compare adds the comparison to a report. Of who is not living other frames are compared
// and nothing is said: it only takes as long.
func (w *watcher) compare(r Report, look []int, portrait []byte) (Report, error) {
	live := r.Liveness.Answer == liveness.Live
	frames := r.Liveness.Compare
	look = slices.DeleteFunc(slices.Clone(look), func(i int) bool { return !w.seen[i].Sure })
	if !live {
		frames = look[:min(len(look), face.MinFrames)]
	}
	for n := 0; w.embedded < embeddings && n < len(look); n = (n + 1) % len(look) {
		if _, err := w.embed(look[n]); err != nil {
			break
		}
	}
	var followed []face.Followed
	for _, i := range frames {
		if img, m, ok := w.look(i); ok {
			followed = append(followed, face.Followed{Image: img, Mesh: m})
		}
	}
	if w.fault != nil || !live && len(followed) < face.MinFrames {
		return r, w.fault
	}
	result, err := face.CompareFollowed(w.engines.Compare, portrait, followed)
	code := tunnus.CodeOf(err)
	if code == tunnus.CodeInternal {
		return Report{}, err
	}
	if live {
		r.Compared, r.Refused = &face.Answer{Result: &result}, code
	}
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

// front takes looked of them: of as many equal parts, the frame of each in which the head
// is turned least.
func (w *watcher) front(frames []int) []int {
	if len(frames) <= looked {
		return frames
	}
	turned := func(i int) float64 {
		if p := w.seen[i].Pose; w.seen[i].Sure {
			return math.Hypot(p.Yaw, p.Pitch)
		}
		return math.Inf(1)
	}
	out := make([]int, looked)
	for k := range out {
		part := frames[k*len(frames)/looked : (k+1)*len(frames)/looked]
		out[k] = slices.MinFunc(part, func(a, b int) int { return cmp.Compare(turned(a), turned(b)) })
	}
	return out
}

// A watcher follows the film, and looks at single frames once more.
type watcher struct {
	*face.Tracker

	engines  Engines
	frames   [][]byte
	size     image.Point // that was agreed on
	seen     []liveness.Observation
	meshes   []face.Mesh // of the frames that could be decoded
	embedded int
	fault    error // of the engine
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
	w.embedded++
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
// In none may there be another face than the one that is followed, as those see it who
// compare.
func (w *watcher) quality(frames []int, g quality.Gates) quality.Hint {
	var wrong []quality.Hint
	others := false
	for _, i := range frames {
		h, ok := quality.NoFace, false
		if img, m, found := w.look(i); found {
			h, ok = quality.Judge(quality.Measure(img, of(m)), g)
			faces, err := w.engines.Compare.Detect(img)
			w.fault = errors.Join(w.fault, err)
			if len(faces) == 0 {
				h, ok = quality.NoFace, false
			}
			others = others || len(faces) > 1 || len(faces) == 1 && !faces[0].On(m)
		}
		if !ok {
			wrong = append(wrong, h)
		}
	}
	switch {
	case others:
		return quality.ManyFaces
	case 2*len(wrong) <= len(frames):
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
