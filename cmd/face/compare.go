package face

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"text/tabwriter"
	"time"

	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/face"
)

// Compare compares the faces of two pictures.
type Compare struct {
	A string `arg:"" help:"File of the first picture, such as a document's portrait."`
	B string `arg:"" help:"File of the second picture."`
	Models
	JSON bool `help:"Print JSON."`
}

// ErrNotCompared ends a command that has told why there is no comparison.
var ErrNotCompared = errors.New("the pictures were not compared")

// Run prints how far apart the faces are. It fails if the pictures cannot be
// compared, and only then: "no match" is an answer.
func (c Compare) Run() error {
	began := time.Now()
	engine, err := c.open()
	if err != nil {
		return err
	}
	opened := time.Since(began)
	out := comparison{Engine: engine.Meta().Version(), Report: engine.Meta().Report}
	var embedded [2]face.Embedding
	for i, name := range []string{c.A, c.B} {
		began := time.Now()
		p, emb, err := look(engine, name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			return ErrNotCompared
		}
		p.Milliseconds = milliseconds(time.Since(began))
		out.Pictures[i], embedded[i] = p, emb
	}
	out.judge(engine.Meta(), embedded)
	out.Milliseconds = timing{Open: milliseconds(opened), Compare: milliseconds(time.Since(began) - opened)}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	return out.write(os.Stdout)
}

// A comparison is what is printed.
type comparison struct {
	Verdict      face.Verdict    `json:"verdict"`
	Distance     float64         `json:"distance"`
	Fused        float64         `json:"fused"`
	Match        face.Thresholds `json:"match"`
	Review       face.Thresholds `json:"review"`
	Engine       string          `json:"engine"`
	Report       string          `json:"report,omitempty"`
	Pictures     [2]looked       `json:"pictures"`
	Milliseconds timing          `json:"ms"`
}

// looked is what was seen of one picture.
type looked struct {
	File         string       `json:"file"`
	Width        int          `json:"width"`
	Height       int          `json:"height"`
	Score        float64      `json:"score"` // of the detector
	Quality      face.Quality `json:"quality"`
	Milliseconds float64      `json:"ms"`
}

type timing struct {
	Open    float64 `json:"open"` // the engine, once
	Compare float64 `json:"compare"`
}

func milliseconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 10 }

// look decodes a picture and measures the only face in it. Its errors are for
// the person who typed the command.
func look(e face.Engine, name string) (looked, face.Embedding, error) {
	img, err := read(name)
	if err != nil {
		return looked{}, nil, err
	}
	found, err := e.Detect(img)
	if err != nil {
		return looked{}, nil, err
	}
	switch len(found) {
	case 0:
		return looked{}, nil, errors.New("there is no face in it, or none that stands upright")
	case 1:
	default:
		return looked{}, nil, fmt.Errorf("there are %d faces in it, and one is wanted", len(found))
	}
	emb, err := face.EmbedFace(e, img, found[0])
	if err != nil {
		return looked{}, nil, err
	}
	b := img.Bounds()
	return looked{File: name, Width: b.Dx(), Height: b.Dy(), Score: found[0].Score, Quality: face.Measure(img, found[0])}, emb, nil
}

// read decodes a JPEG within the limits of a frame, a JPEG 2000 within those of
// a portrait.
func read(name string) (image.Image, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err) // the name is said already
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, face.MaxJPEG+1))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	switch {
	case len(file) > face.MaxJPEG:
		return nil, fmt.Errorf("longer than %d MB: that much is not read", face.MaxJPEG>>20)
	case bytes.HasPrefix(file, []byte{0xFF, 0xD8}):
		return face.Decode(file)
	}
	img, err := portrait.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("neither JPEG nor JPEG 2000: %w", err)
	}
	return img, nil
}

// judge fills in what follows from the vectors. Landmarks that are in doubt make
// no match: what was cut out may be no face.
func (c *comparison) judge(m face.Meta, e [2]face.Embedding) {
	c.Match, c.Review = m.Match, m.Review
	c.Distance, c.Fused = m.Distance(e[0], e[1])
	c.Verdict = m.Verdict(c.Distance, c.Fused)
	for _, p := range c.Pictures {
		if c.Verdict == face.Match && !(p.Quality.Doubt <= face.MaxDoubt) {
			c.Verdict = face.Review
		}
	}
}

// sentences say what a verdict means.
var sentences = map[face.Verdict]string{
	face.Match:   "match: as near as the engine asks of one person",
	face.Review:  "review: too far apart for a match, too near for none; a person must look",
	face.NoMatch: "no match: further apart than one person's pictures are as a rule",
}

func (c *comparison) write(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", sentences[c.Verdict])
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "distance\t%.3f\tmatch to %.2f, review to %.2f\n", c.Distance, c.Match.Distance, c.Review.Distance)
	fmt.Fprintf(t, "fused\t%.3f\tmatch to %.2f, review to %.2f\n", c.Fused, c.Match.Fused, c.Review.Fused)
	for _, p := range c.Pictures {
		q := p.Quality
		fmt.Fprintf(t, "%s\t%d×%d\teyes %.0f pixels apart, light %.0f of 255, sharpness %.2f, turned by %.0f°, doubt %.2f; %.0f ms\n",
			p.File, p.Width, p.Height, q.Eyes, q.Light, q.Sharp, math.Abs(q.Yaw), q.Doubt, p.Milliseconds)
	}
	fmt.Fprintf(t, "time\t%.0f ms\tand %.0f ms to open the engine\n", c.Milliseconds.Compare, c.Milliseconds.Open)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s\n", c.Engine)
	return err
}
