package face

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/report"
)

// Calibrate counts the errors of the engine on labelled pairs.
type Calibrate struct {
	Pairs  string  `arg:"" help:"Table of pairs (CSV with a heading): columns a and b name pictures, same says yes or no, every other column is a group; or columns distance and fused in the place of pictures. Or a folder that has a folder of pictures for each person: all its pairs."`
	Report string  `placeholder:"DIR" help:"Write the report there, for a scheme file to name; the folder must be new or empty (doc/biometrics.md)."`
	FMR    float64 `name:"fmr" placeholder:"SHARE" help:"Choose the limits of a match at this false match rate, as 0.001, on half of the persons, and count on the other half. Without it the limits in force are counted."`
	Models
}

// Run counts, prints what was found and, if it is to, writes the report.
func (c Calibrate) Run() error {
	set, scored, err := c.read()
	if err != nil {
		return err
	}
	if p, twice := set.Repeated(); twice { // before the pictures are measured: that takes long
		return fmt.Errorf("%s: the pictures %q and %q are compared twice", c.Pairs, p.A, p.B)
	}
	meta := face.Default()
	if scored {
		fmt.Fprintln(os.Stderr, "distances were handed in: they are taken for those of", meta.Version())
	} else if meta, err = c.measure(&set); err != nil {
		return err
	}
	return c.finish(os.Stdout, report.EngineOf(meta), set)
}

// finish counts a set, prints and writes.
func (c Calibrate) finish(w io.Writer, engine report.Engine, set rates.Set) error {
	chosen := "those in force, given before anything was counted"
	if c.FMR != 0 {
		var err error
		if engine, set, chosen, err = c.choose(engine, set); err != nil {
			return err
		}
	}
	r, files, err := report.Make(engine, set, chosen)
	if err != nil {
		return err
	}
	fmt.Fprint(w, r.Markdown())
	if c.Report == "" {
		return nil
	}
	if err := write(c.Report, files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\nWritten to %s. A scheme file that rests on it names it so:\n  \"calibration_folder\": %q, \"calibration_id\": %q\n", c.Report, filepath.Base(c.Report), r.ID)
	return err
}

// choose sets the limits of a match at a false match rate. They are chosen on some
// persons and counted on others: on those they were chosen on, any limits look good.
func (c Calibrate) choose(engine report.Engine, set rates.Set) (report.Engine, rates.Set, string, error) {
	fail := func(err error) (report.Engine, rates.Set, string, error) {
		return report.Engine{}, rates.Set{}, "", err
	}
	if c.Report == "" {
		return fail(errors.New("limits are chosen only together with a report: --report"))
	}
	on, other, err := set.Halves()
	if err != nil {
		return fail(err)
	}
	curve, err := on.Curve(engine.Match)
	if err != nil {
		return fail(err)
	}
	v, err := curve.AtFMR(c.FMR)
	if err != nil {
		return fail(err)
	}
	fmr, _ := curve.At(v)
	if float64(fmr.Of)*c.FMR < 1 {
		return fail(fmt.Errorf("half of the persons make %d pairs of two: too few for a false match rate of %g", fmr.Of, c.FMR))
	}
	engine.Match = curve.Limits(v)
	engine.Review = slices.Clone(engine.Review)
	for i, m := range engine.Match {
		engine.Review[i] = max(engine.Review[i], m)
	}
	chosen := fmt.Sprintf("of a match chosen at a false match rate of %s %% on %d pairs of %d other persons, who are not counted here", rates.Percent(c.FMR), len(on.Pairs), on.Persons())
	return engine, other, chosen, nil
}

// read reads the table, or makes it of a folder.
func (c Calibrate) read() (rates.Set, bool, error) {
	info, err := os.Stat(c.Pairs)
	if err != nil {
		return rates.Set{}, false, err
	}
	if info.IsDir() {
		set, err := everyPair(os.DirFS(c.Pairs))
		return set, false, err
	}
	f, err := os.Open(c.Pairs)
	if err != nil {
		return rates.Set{}, false, err
	}
	defer f.Close()
	set, scored, err := rates.Read(f, report.Measures())
	if err != nil {
		err = fmt.Errorf("%s: %w", c.Pairs, err)
	}
	return set, scored, err
}

// everyPair makes all pairs of the pictures of a folder with a folder for each person.
func everyPair(fsys fs.FS) (rates.Set, error) {
	set := rates.Set{Measures: report.Measures()}
	var names []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		kind := strings.ToLower(filepath.Ext(path))
		if err == nil && !d.IsDir() && strings.Contains(path, "/") && slices.Contains([]string{".jpg", ".jpeg", ".jp2", ".png"}, kind) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return rates.Set{}, err
	}
	if n := len(names); n < 2 || n*(n-1)/2 > rates.MaxPairs {
		return rates.Set{}, fmt.Errorf("%d pictures in folders of persons: 2 to %d pairs can be counted", n, rates.MaxPairs)
	}
	person := func(path string) string { name, _, _ := strings.Cut(path, "/"); return name }
	for i, a := range names {
		for _, b := range names[:i] {
			set.Pairs = append(set.Pairs, rates.Pair{A: b, B: a, Same: person(a) == person(b)})
		}
	}
	return set, nil
}

// measure fills in the distances of pictures, which lie beside the table or in the folder.
func (c Calibrate) measure(set *rates.Set) (face.Meta, error) {
	engine, err := c.open()
	if err != nil {
		return face.Meta{}, err
	}
	folder := c.Pairs
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		folder = filepath.Dir(folder)
	}
	return engine.Meta(), distances(engine, folder, set)
}

// distances embeds every picture once. One that does not show one face beyond
// doubt is told, and its pairs stay without distances.
func distances(engine face.Engine, folder string, set *rates.Set) error {
	seen := map[string]face.Embedding{}
	for _, p := range set.Pairs {
		for _, name := range []string{p.A, p.B} {
			if _, known := seen[name]; known {
				continue
			}
			path := name
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, filepath.FromSlash(name))
			}
			if _, err := os.Stat(path); err != nil {
				return err // the table is wrong, not the picture
			}
			looked, emb, err := look(engine, path)
			if err == nil && !(looked.Quality.Doubt <= face.MaxDoubt) {
				err = fmt.Errorf("the landmarks are in doubt (%.2f)", looked.Quality.Doubt)
			}
			if err != nil {
				fmt.Fprintf(os.Stderr, "not measured: %s: %v\n", name, err)
				emb = nil
			}
			seen[name] = emb
		}
	}
	meta := engine.Meta()
	for i, p := range set.Pairs {
		if a, b := seen[p.A], seen[p.B]; a != nil && b != nil {
			distance, fused := meta.Distance(a, b)
			set.Pairs[i].Distances = []float64{distance, fused}
		}
	}
	return set.Check()
}

// write writes files into a folder that must be new or empty: a report is never
// written over another one.
func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(old) > 0 {
		return fmt.Errorf("%s is not empty: a report is not written over anything", dir)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
