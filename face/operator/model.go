package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face"
)

// A Model is what an operator says of an embedding network. It is given in the
// scheme file, and stands in evidence.
type Model struct {
	Name   string // for people, "auraface-v1"
	File   string // name of the file in the folder of models, without a path
	SHA256 string // of the file, 64 small hexadecimal digits

	Alignment face.Alignment
	Chip      int // side of the square that is cut out, in pixels
	Colours   Colours
	Layout    Layout
	// Mean and Divisor make the input of a pixel's value v, 0 to 255, by channel
	// in the order of Colours: (v - Mean) / Divisor.
	Mean, Divisor [3]float64
	// Mirror has the network see the mirror image of the chip too; the mean counts.
	Mirror bool

	Numbers int // of a vector
	Norm    Norm
	Metric  face.Metric
	// Match is the greatest distance that means match, Review the greatest one
	// that a person has to judge. They are what the report was written of.
	Match, Review float64
	// Report is the id of the calibration report, 64 hexadecimal digits, or "".
	Report string
}

// Colours are the order of a pixel's values.
type Colours string

// The orders.
const (
	RGB Colours = "rgb"
	BGR Colours = "bgr"
)

// A Layout is the order of the input's dimensions.
type Layout string

// The layouts: one plane a colour, or one pixel after the other.
const (
	NCHW Layout = "nchw"
	NHWC Layout = "nhwc"
)

// A Norm says what is done to a vector before it is compared.
type Norm string

// The norms: it is brought to length 1, or left as it is.
const (
	L2   Norm = "l2"
	None Norm = "none"
)

// Bounds of what a model may ask for. The largest published recognition network
// has 512 numbers of a chip of 112x112, and a file of 1.1 GB.
const (
	MinSize, MaxSize       = 32, 512
	MinNumbers, MaxNumbers = 16, 4096
	maxFile                = 2 << 30 // what protobuf can hold at all
)

// Check fails if something is wrong with a model, whatever its file holds.
func (m Model) Check() error {
	var errs []error
	for _, why := range m.Faults() {
		errs = append(errs, errors.New("operator: the model is not sound: "+why))
	}
	return errors.Join(errs...)
}

// Faults say what is wrong, all at once; none if it is sound.
func (m Model) Faults() []string {
	var out []string
	for _, v := range []struct {
		bad bool
		why string
	}{
		{m.Name == "", "it has no name"},
		{m.File == "" || !fs.ValidPath(m.File) || m.File == ".", "its file is not named, or not within the folder of models"},
		{!digest(m.SHA256), "the SHA-256 of its file is not 64 small hexadecimal digits"},
		{m.Report != "" && !digest(m.Report), "the id of its report is not 64 small hexadecimal digits"},
		{!slices.Contains([]face.Alignment{face.ArcFace, face.Dlib}, m.Alignment), "its alignment is not known"},
		{m.Chip < MinSize || m.Chip > MaxSize, "its chip is too small or too large"},
		{m.Alignment == face.ArcFace && m.Chip%112 != 0, "the alignment arcface is for chips of 112 pixels, or a multiple"},
		{!slices.Contains([]Colours{RGB, BGR}, m.Colours), "its order of colours is not known"},
		{!slices.Contains([]Layout{NCHW, NHWC}, m.Layout), "its layout is not known"},
		{
			!plain(m.Mean[:]...) || !plain(m.Divisor[:]...) || slices.ContainsFunc(m.Divisor[:], func(d float64) bool { return d <= 0 }),
			"mean or divisor of its pixels cannot be used",
		},
		{m.Numbers < MinNumbers || m.Numbers > MaxNumbers, "its vectors are too short or too long"},
		{!slices.Contains([]Norm{L2, None}, m.Norm), "its norm is not known"},
		{!slices.Contains([]face.Metric{face.Euclidean, face.Cosine}, m.Metric), "its metric is not known"},
		{!plain(m.Match, m.Review) || m.Match <= 0 || m.Review <= m.Match, "its limits are not above zero, or that of review is not above that of match"},
		{m.bounded() && m.Review >= 2, "its limit of review lets every pair of faces pass"},
	} {
		if v.bad {
			out = append(out, v.why)
		}
	}
	return out
}

// bounded reports whether no two faces can be further apart than 2.
func (m Model) bounded() bool { return m.Metric == face.Cosine || m.Norm == L2 }

func plain(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

func digest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}

// open returns the file of the model and the way through it.
func (m Model) open(fsys fs.FS) ([]byte, Plan, error) {
	if err := m.Check(); err != nil {
		return nil, Plan{}, err
	}
	file, err := m.read(fsys)
	if err != nil {
		return nil, Plan{}, err
	}
	graph, err := Inspect(file)
	if err != nil {
		return nil, Plan{}, fmt.Errorf("%s: %w", m.File, err)
	}
	p, err := m.plan(graph)
	return file, p, err
}

// read returns the file that was named, and fails if it is another one.
func (m Model) read(fsys fs.FS) ([]byte, error) {
	info, err := fs.Stat(fsys, m.File)
	if err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("operator: %s has %d bytes; a model has at most %d", m.File, info.Size(), maxFile)
	}
	file, err := fs.ReadFile(fsys, m.File)
	if err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	sum := sha256.Sum256(file)
	if got := hex.EncodeToString(sum[:]); got != m.SHA256 {
		return nil, fmt.Errorf("operator: %s has the SHA-256 %s, not %s, which is named", m.File, got, m.SHA256)
	}
	return file, nil
}
