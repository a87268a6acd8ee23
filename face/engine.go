package face

import (
	"fmt"
	"image"
	"math"
	"strings"
)

// An Engine finds faces and turns them into vectors. [Open] makes the built-in
// one; an operator's is package operator. It may be used by several goroutines.
//
// What an engine is shown has been decoded and is bounded. It fails only for
// faults of its own: that there is no face, or two, is no error, and what an
// error says is never told to the person.
type Engine interface {
	// Detect returns the faces in a picture, the surest first.
	Detect(img image.Image) ([]Face, error)

	// Landmarks returns the 68 points of the face that fills a box of the picture.
	Landmarks(img image.Image, b Box) ([68]Point, error)

	// Embed returns one vector for each network of Meta, in their order.
	Embed(c Chip) (Embedding, error)

	// Meta says what the engine is. It is the same at every call.
	Meta() Meta
}

// An Embedding is what an engine makes of one face: a vector for each of its networks.
type Embedding [][]float32

// A Metric tells how far two vectors are apart.
type Metric string

// The metrics. Cosine is 1 less the cosine of the angle: 0 to 2.
const (
	Euclidean Metric = "euclidean"
	Cosine    Metric = "cosine"
)

// A Network is one network of an engine that turns chips into vectors.
type Network struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the file with its weights
	Size   int    `json:"size"`   // numbers of a vector

	Chip      int       `json:"chip"` // side of the square that it takes, in pixels
	Alignment Alignment `json:"alignment"`
	Colours   string    `json:"colours"` // "rgb" or "bgr"
	// A value v of 0 to 255 goes in as (v - Mean)·Scale, by channel in the
	// order of Colours.
	Mean  [3]float64 `json:"mean"`
	Scale [3]float64 `json:"scale"`

	Metric Metric `json:"metric"`
	// Unit is the distance that counts as 1 in the fused one.
	Unit float64 `json:"unit"`
}

// Meta is what must be known of an engine to judge what it says. With its
// thresholds it stands in every evidence record.
type Meta struct {
	Name     string     `json:"name"` // with the version of the code
	Networks []Network  `json:"networks"`
	Match    Thresholds `json:"match"`
	Review   Thresholds `json:"review"`
	// Report is the id of the calibration report that the thresholds come from;
	// "" if there is none.
	Report string `json:"report,omitempty"`
}

// Version names the engine with its networks, for logs and evidence.
func (m Meta) Version() string {
	var sums []string
	for _, n := range m.Networks {
		sums = append(sums, n.Name+" sha256:"+n.SHA256)
	}
	return m.Name + " " + strings.Join(sums, " ")
}

// Distance returns how far two faces are apart: by the first network, and fused,
// which is the sum over all networks of distance by unit. Neither is a number
// if an embedding is not one of this engine.
func (m Meta) Distance(a, b Embedding) (distance, fused float64) {
	if len(a) != len(m.Networks) || len(b) != len(m.Networks) || len(a) == 0 {
		return math.NaN(), math.NaN()
	}
	for i, n := range m.Networks {
		d := math.NaN()
		if len(a[i]) == n.Size {
			d = n.Metric.between(a[i], b[i])
		}
		if i == 0 {
			distance = d
		}
		fused += d / n.Unit
	}
	return distance, fused
}

// between is not a number if the lengths differ, so that no verdict follows.
func (m Metric) between(a, b []float32) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.NaN()
	}
	var square, dot, na, nb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		square += (x - y) * (x - y)
		dot += x * y
		na += x * x
		nb += y * y
	}
	switch m {
	case Euclidean:
		return math.Sqrt(square)
	case Cosine:
		return max(1-dot/math.Sqrt(na*nb), 0)
	}
	return math.NaN()
}

// Verdict turns distances into a verdict. What is not a number, or less than
// zero, is no match.
func (m Meta) Verdict(distance, fused float64) Verdict {
	return judge(distance, fused, m.Match, m.Review)
}

func judge(distance, fused float64, match, review Thresholds) Verdict {
	switch {
	case !(distance >= 0 && fused >= 0):
		return NoMatch
	case distance <= match.Distance && fused <= match.Fused:
		return Match
	case distance <= review.Distance && fused <= review.Fused:
		return Review
	}
	return NoMatch
}

// whole fails if an embedding is not one of this engine: that is a fault of the
// engine, and no distance may be made of it.
func (m Meta) whole(e Embedding) error {
	if len(e) != len(m.Networks) {
		return fmt.Errorf("face: %s gave %d vectors, not %d", m.Name, len(e), len(m.Networks))
	}
	for i, n := range m.Networks {
		if len(e[i]) != n.Size {
			return fmt.Errorf("face: %s gave %d numbers, not %d", n.Name, len(e[i]), n.Size)
		}
		sum := 0.0
		for _, v := range e[i] {
			sum += float64(v) * float64(v)
		}
		if !(sum > 0) || math.IsInf(sum, 0) {
			return fmt.Errorf("face: %s gave no vector: its square is %v", n.Name, sum)
		}
	}
	return nil
}

// Embed returns the vectors of the only face in a picture. It fails with
// [tunnus.CodeFacePosition] if there is none, with [tunnus.CodeFaceMany] if
// there are several.
func Embed(e Engine, img image.Image) (Embedding, error) {
	found, err := e.Detect(img)
	if err != nil {
		return nil, err
	}
	f, err := only(found)
	if err != nil {
		return nil, err
	}
	return EmbedFace(e, img, f)
}

// EmbedFace returns the vectors of one face of a picture. What it returns is whole:
// an engine that gives anything else is at fault, and that is an error.
func EmbedFace(e Engine, img image.Image, f Face) (Embedding, error) {
	chip, err := NewChip(img, f.Landmarks)
	if err != nil {
		return nil, err
	}
	emb, err := e.Embed(chip)
	if err == nil {
		err = e.Meta().whole(emb)
	}
	if err != nil {
		return nil, err
	}
	return emb, nil
}
