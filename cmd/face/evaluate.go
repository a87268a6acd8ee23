package face

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/sandbox/evaluation"
)

// Evaluate counts what the liveness check takes for living people.
type Evaluate struct {
	Models
	Quick   bool    `help:"A few films of each kind only: it takes minutes, not hours."`
	Way     string  `enum:"light,calm" default:"light" help:"Light has colours, calm has moves only."`
	Seed    uint64  `default:"1" help:"What all is drawn of."`
	Live    int     `default:"100" help:"Films of living people for each skin tone."`
	Attacks int     `default:"400" help:"Films of each species of attack."`
	From    float64 `default:"30" help:"Least light of the room, lux."`
	To      float64 `default:"400" help:"Most light of the room, lux."`
	Photos  string  `help:"Folder of photographs (JPEG) for the second renderer; the cast's portraits if not told." type:"path"`
	JSON    bool    `name:"json" help:"Print JSON."`
}

// Run makes the films, judges them and prints the tables.
func (c *Evaluate) Run(ctx context.Context) error {
	if c.Quick {
		c.Live, c.Attacks = min(c.Live, 3), min(c.Attacks, 4)
	}
	if !(c.From > 0 && c.From <= c.To) || c.Live < 0 || c.Attacks < 0 {
		return fmt.Errorf("face evaluate: from %g to %g lux, %d and %d films: not a plan", c.From, c.To, c.Live, c.Attacks)
	}
	engines := make([]*face.BuiltIn, runtime.NumCPU())
	for i := range engines {
		e, err := c.builtIn()
		if err != nil {
			return err
		}
		engines[i] = e
	}
	photos, err := c.photographs()
	if err != nil {
		return fmt.Errorf("face evaluate: %w", err)
	}
	plan := evaluation.Plan{
		Way: liveness.Way(c.Way), Live: c.Live, Attacks: c.Attacks, Low: c.From, High: c.To, Seed: c.Seed, Rules: liveness.Standard(),
		Photographs: photos,
	}
	r, err := evaluation.Run(ctx, engines, plan, func(done, of int) {
		if done%50 == 0 || done == of {
			fmt.Fprintf(os.Stderr, "%d of %d films\n", done, of)
		}
	})
	if err != nil {
		return fmt.Errorf("face evaluate: %w", err)
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "\t")
		return out.Encode(r)
	}
	return tables(os.Stdout, r)
}

// photographs are read within the bounds of a frame; what cannot be is left out.
func (c *Evaluate) photographs() ([]image.Image, error) {
	var out []image.Image
	if c.Photos == "" {
		for _, p := range virtual.Cast() {
			img, err := face.Decode(p.Portrait())
			if err != nil {
				return nil, err
			}
			out = append(out, img)
		}
		return out, nil
	}
	files, err := os.ReadDir(c.Photos)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > face.MaxJPEG {
			continue
		}
		file, err := os.ReadFile(filepath.Join(c.Photos, f.Name()))
		if err != nil {
			return nil, err
		}
		if img, err := face.Decode(file); err == nil {
			out = append(out, img)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no photograph can be read", c.Photos)
	}
	return out, nil
}

func tables(w io.Writer, r evaluation.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "living, skin tone\taccepted\ttry again\tof\n")
	for _, row := range r.Live {
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\n", row.Tone, row.Accepted, row.Retried, row.Of)
	}
	fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", r.Relit.Name, r.Relit.Accepted, r.Relit.Retried, r.Relit.Of)
	fmt.Fprintf(t, "\t\t\t\nspecies of attack\taccepted\ttry again\tof\n")
	for _, row := range r.Species {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", row.Name, row.Accepted, row.Retried, row.Of)
	}
	return t.Flush()
}
