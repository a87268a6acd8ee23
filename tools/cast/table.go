package main

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"os"
	"text/tabwriter"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual"
)

// table prints how far live frames of each person lie from their neutral
// portrait when they make a face, blink, change glasses or are ten years older:
// the greater d128 of two frames, with the verdict that it would give.
func (d *director) table(people []virtual.Person) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "person")
	for _, c := range virtual.Cases() {
		fmt.Fprintf(out, "\t%s", c.Name)
	}
	fmt.Fprintln(out)
	for _, p := range people {
		portrait, err := d.embed(virtual.NewModel(p).Portrait())
		if err != nil {
			return fmt.Errorf("cast: %s: %w", p.Name, err)
		}
		fmt.Fprint(out, p.Name)
		for _, c := range virtual.Cases() {
			fmt.Fprintf(out, "\t%s", d.farthest(portrait, c.Model(p).Frames(2, 77)))
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

func (d *director) embed(file []byte) (face.Embedding, error) {
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return face.Embed(d.engine, img)
}

// farthest is the greatest distance of frames, with the verdict of the worst.
func (d *director) farthest(portrait face.Embedding, frames [][]byte) string {
	meta := d.engine.Meta()
	far, verdict := 0.0, face.Match
	for _, f := range frames {
		v, err := d.embed(f)
		if err != nil {
			return "lost"
		}
		d128, fused := meta.Distance(portrait, v)
		far = max(far, d128)
		if d128 > meta.Review.Distance || fused > meta.Review.Fused {
			verdict = face.NoMatch
		} else if (d128 > meta.Match.Distance || fused > meta.Match.Fused) && verdict == face.Match {
			verdict = face.Review
		}
	}
	return fmt.Sprintf("%.2f %s", far, verdict)
}
