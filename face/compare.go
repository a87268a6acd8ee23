package face

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/quality"
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
// [tunnus.CodeFaceQuality] if fewer than three are clear enough. Any other error
// is a fault of the engine.
func Compare(e Engine, portrait image.Image, frames []image.Image) (Result, error) {
	if len(frames) < MinFrames || len(frames) > MaxFrames {
		return Result{}, tunnus.BadRequest("frames", fmt.Errorf("face: %d frames; %d to %d are taken", len(frames), MinFrames, MaxFrames))
	}
	best, err := choose(e, frames)
	if err != nil {
		return Result{}, err
	}
	return compare(e, portrait, best)
}

// undecided is the result where no machine can compare.
func undecided(m Meta) Result {
	return Result{
		Verdict: Review, Distance: -1, Fused: -1, Engine: m.Version(),
		Report: m.Report, Match: m.Match, Review: m.Review,
	}
}

// compare measures frames against a portrait.
func compare(e Engine, portrait image.Image, best []sight) (Result, error) {
	meta := e.Meta()
	result := undecided(meta)
	reference, q, err := reference(e, portrait)
	if err != nil || reference == nil {
		return result, err
	}
	var distances, fused []float64
	for _, s := range best {
		emb, err := EmbedFace(e, s.pic, s.face)
		if err != nil {
			return Result{}, err
		}
		d, f := meta.Distance(reference, emb)
		distances, fused = append(distances, d), append(fused, f)
		result.Compared = append(result.Compared, s.quality)
	}
	result.Portrait = &q
	result.Distance, result.Fused, result.Frames = median(distances), median(fused), len(best)
	result.Verdict = result.verdict()
	return result, nil
}

// reference returns the embedding of the portrait and its measures. There is
// none if the portrait does not show exactly one face, well enough to be measured.
func reference(e Engine, portrait image.Image) (Embedding, Quality, error) {
	pic, err := picture.New(portrait)
	if err != nil {
		return nil, Quality{}, nil // what is no picture shows nobody
	}
	found, err := e.Detect(pic)
	if err != nil {
		return nil, Quality{}, err
	}
	f, err := only(found)
	if err != nil || !(f.Doubt <= MaxDoubt) {
		return nil, Quality{}, nil // for a person to see
	}
	q := Measure(pic, f)
	emb, err := EmbedFace(e, pic, f)
	return emb, q, err
}

// A sight is one frame with the face in it.
type sight struct {
	pic     *picture.Picture
	face    Face
	quality Quality
}

// choose returns the best frames, the best first. Every frame must show one
// face in its place; unclear ones, and dark ones without a face, are left out.
func choose(e Engine, frames []image.Image) ([]sight, error) {
	var clear []sight
	var bad []quality.Hint
	gates := quality.Still()
	for _, img := range frames {
		pic, err := picture.New(img)
		if err != nil {
			return nil, tunnus.BadRequest("frames", err)
		}
		faces, err := e.Detect(pic)
		if err != nil {
			return nil, err
		}
		m := look(pic, faces)
		h, ok := quality.Judge(m, gates)
		switch {
		case ok:
			clear = append(clear, sight{pic, faces[0], m})
		case h == quality.ManyFaces || misplaced[h]:
			return nil, refuse(h, m)
		default:
			bad = append(bad, h)
		}
	}
	if len(clear) < bestOf {
		h := quality.First(bad...)
		return nil, hinted(unclear("%d of %d frames are clear, %d are needed: %s", len(clear), len(frames), bestOf, h), h)
	}
	slices.SortStableFunc(clear, func(a, b sight) int { return cmp.Compare(b.quality.Rank(), a.quality.Rank()) })
	return clear[:bestOf], nil
}

// median of an odd number of values.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
