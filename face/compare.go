package face

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// How many frames a comparison takes, and how many of them it measures. With
// three, one bad frame cannot decide either way.
const (
	MinFrames = 3
	MaxFrames = 10
	bestOf    = 3
)

// Compare says whether the portrait and the live frames show one person. The
// best three frames are measured against the portrait, and the medians decide.
//
// A portrait that is nil or does not show exactly one face gives the verdict
// review: that is for a person to see, not the holder's fault. Of the frames it asks
// more: it fails with [tunnus.CodeBadRequest] unless there are 3 to 10 of them,
// with [tunnus.CodeFacePosition] if one shows no face, or one too far away or
// turned away, with [tunnus.CodeFaceMany] if one shows several, and with
// [tunnus.CodeFaceQuality] if fewer than three are clear enough.
func (e *Engine) Compare(portrait image.Image, frames []image.Image) (Result, error) {
	if len(frames) < MinFrames || len(frames) > MaxFrames {
		return Result{}, tunnus.BadRequest("frames", fmt.Errorf("face: %d frames; %d to %d are taken", len(frames), MinFrames, MaxFrames))
	}
	pool, done := e.begin()
	defer done()
	best, err := e.choose(pool, frames)
	if err != nil {
		return Result{}, err
	}
	result := Result{
		Verdict: Review, D128: -1, Fused: -1, Engine: e.Version(),
		Match:  Thresholds{matchD128, matchFused},
		Review: Thresholds{reviewD128, reviewFused},
	}
	reference, ok := e.reference(pool, portrait)
	if !ok {
		return result, nil
	}
	var d128, fused []float64
	for _, s := range best {
		d, f := Distance(reference, e.embed(pool, s.pic, s.face))
		d128, fused = append(d128, d), append(fused, f)
	}
	result.D128, result.Fused, result.Frames = median(d128), median(fused), len(best)
	result.Verdict = result.verdict()
	return result, nil
}

// reference returns the embedding of the portrait; ok is false if it does not
// show exactly one face, well enough to be measured.
func (e *Engine) reference(pool *tensor.Pool, portrait image.Image) (emb Embedding, ok bool) {
	pic, err := newPicture(portrait)
	if err != nil {
		return Embedding{}, false
	}
	f, err := only(e.faces(pool, pic))
	if err != nil || !(f.Doubt <= maxDoubt) {
		return Embedding{}, false
	}
	return e.embed(pool, pic, f), true
}

// A sight is one frame with the face in it.
type sight struct {
	pic  *picture
	face Face
	rank float64
}

// choose returns the best frames, the best first. Every frame must show one
// face in its place; unclear ones, and dark ones without a face, are left out.
func (e *Engine) choose(pool *tensor.Pool, frames []image.Image) ([]sight, error) {
	var clear []sight
	for _, img := range frames {
		pic, err := newPicture(img)
		if err != nil {
			return nil, tunnus.BadRequest("frames", err)
		}
		faces := e.faces(pool, pic)
		if len(faces) == 0 && !lit(pic.light()) {
			continue // who says where the face would be?
		}
		f, err := only(faces)
		if err != nil {
			return nil, err
		}
		chip := pic.cut(pool, chipSize, align(f, chipSize), 0)
		m := newMeasure(f, chip)
		pool.Free(chip)
		if err := m.placed(); err != nil {
			return nil, err
		}
		if m.clear() {
			clear = append(clear, sight{pic, f, m.rank()})
		}
	}
	if len(clear) < bestOf {
		return nil, quality("%d of %d frames are clear, %d are needed", len(clear), len(frames), bestOf)
	}
	slices.SortStableFunc(clear, func(a, b sight) int { return cmp.Compare(b.rank, a.rank) })
	return clear[:bestOf], nil
}

// median of an odd number of values.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
