// Package report is the calibration report of a face engine: what was counted at
// which limits, with the distances that it was counted on.
//
// A report is a folder. [Make] makes its files of a set of labelled pairs,
// [Read] reads them back and counts everything again: tables that do not follow
// from the distances are refused. Its [Report.ID] is a hash over distances,
// engine and limits, by which a scheme file names the report. That guards against
// mistaking one report for another, and against limits or a model that were
// changed afterwards; whether the pairs are true is for the laboratory to answer
// that stands behind them. [Report.Holds] and [Report.Shows] are what a scheme
// asks before faces are approved without a person's look.
package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/face/rates"
)

// Format is the first thing that a report says.
const Format = "tunnus-calibration/1"

// Names of the files.
const (
	File   = "report.json"
	Scores = "scores.csv"
	Text   = "report.md"
	Plot   = "det.svg"
)

// An Engine is what measured, and the limits of its verdicts.
type Engine struct {
	// Meta says all that distances depend on: name, hashes of the models, size,
	// alignment, colours, norm, metric.
	Meta     map[string]string `json:"meta"`
	Measures []string          `json:"measures"` // names of the distances
	Match    []float64         `json:"match"`    // upper limits, in the order of measures
	Review   []float64         `json:"review"`
}

func (e Engine) check() error {
	ok := len(e.Meta) > 0 && len(e.Measures) > 0 && len(e.Match) == len(e.Measures) && len(e.Review) == len(e.Measures)
	for i := range e.Measures {
		ok = ok && e.Match[i] > 0 && e.Match[i] <= e.Review[i]
	}
	if !ok {
		return errors.New("report: an engine has a name, measures, and for each of them a limit above 0 of a match and one of a review that is not stricter")
	}
	return nil
}

// Table is what was counted at the limits of one verdict.
type Table struct {
	FMR           rates.Rate `json:"fmr"`
	FNMR          rates.Rate `json:"fnmr"`
	Unmeasured    int        `json:"unmeasured"`     // pairs of one person
	UnmeasuredTwo int        `json:"unmeasured_two"` // pairs of two
}

// Group is what was counted of one group at the limits of a match.
type Group struct {
	Dimension string `json:"dimension"`
	Name      string `json:"name"` // "" if it is not told
	Persons   int    `json:"persons"`
	Table
}

// A Report is what a calibration has found.
type Report struct {
	Format string `json:"format"`
	ID     string `json:"id"` // SHA-256, in hex
	Engine Engine `json:"engine"`
	// Chosen says how the limits came about: they were given, or chosen on other
	// persons than those that are counted here.
	Chosen   string  `json:"chosen"`
	Scores   string  `json:"scores_sha256"`
	Pairs    int     `json:"pairs"`
	Pictures int     `json:"pictures"` // 0 if they have no names
	Persons  int     `json:"persons"`
	Match    Table   `json:"match"`
	Review   Table   `json:"review"`
	Groups   []Group `json:"groups"`

	set rates.Set
}

// Of counts a set at the limits of an engine.
func Of(engine Engine, set rates.Set, chosen string) (Report, error) {
	if err := engine.check(); err != nil {
		return Report{}, err
	}
	if !slices.Equal(engine.Measures, set.Measures) {
		return Report{}, errors.New("report: the pairs were measured in another way than the engine does")
	}
	if p, twice := set.Repeated(); twice {
		return Report{}, fmt.Errorf("report: the pictures %q and %q are compared twice", p.A, p.B)
	}
	if p, wrong := set.Contradiction(); wrong {
		return Report{}, fmt.Errorf("report: %q and %q are labelled as two persons, but other pairs join them to one", p.A, p.B)
	}
	scores, err := set.Table()
	if err != nil {
		return Report{}, err
	}
	sum := sha256.Sum256(scores)
	r := Report{
		Format: Format, Engine: engine, Chosen: chosen, Scores: hex.EncodeToString(sum[:]),
		Pairs: len(set.Pairs), Pictures: set.Pictures(), Persons: set.Persons(),
		Match: table(set.At(engine.Match)), Review: table(set.At(engine.Review)), Groups: []Group{}, set: set,
	}
	if r.Match.FMR.Of == 0 || r.Match.FNMR.Of == 0 {
		return Report{}, errors.New("report: there are no measured pairs of one person, or none of two")
	}
	for _, g := range set.Groups(engine.Match) {
		r.Groups = append(r.Groups, Group{g.Dimension, g.Name, g.Persons, table(g.Counts)})
	}
	r.ID, err = r.id()
	return r, err
}

func table(c rates.Counts) Table { return Table{c.FMR, c.FNMR, c.Unmeasured, c.UnmeasuredTwo} }

// counts is the way back.
func (t Table) counts() rates.Counts { return rates.Counts(t) }

// id hashes what a report stands on: distances, engine and limits.
func (r Report) id() (string, error) {
	b, err := json.Marshal(struct {
		Format, Scores, Chosen string
		Engine                 Engine
	}{r.Format, r.Scores, r.Chosen, r.Engine})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// maxReport bounds report.json: groups and little else.
const maxReport = 4 << 20

// Read reads the report of a folder and counts it again.
func Read(fsys fs.FS) (Report, error) {
	file, err := readFile(fsys, File, maxReport)
	if err != nil {
		return Report{}, err
	}
	var told Report
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&told); err != nil {
		return Report{}, fmt.Errorf("report: %s: %w", File, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Report{}, fmt.Errorf("report: %s: something stands behind the report", File)
	}
	if told.Format != Format {
		return Report{}, fmt.Errorf("report: %s: the format is %q, not %q", File, told.Format, Format)
	}
	scores, err := readFile(fsys, Scores, rates.MaxTable)
	if err != nil {
		return Report{}, err
	}
	set, scored, err := rates.Read(bytes.NewReader(scores), told.Engine.Measures)
	if err != nil {
		return Report{}, fmt.Errorf("report: %s: %w", Scores, err)
	}
	if !scored {
		return Report{}, fmt.Errorf("report: %s: there are no distances in it", Scores)
	}
	counted, err := Of(told.Engine, set, told.Chosen)
	if err != nil {
		return Report{}, err
	}
	told.set = set
	if !reflect.DeepEqual(told, counted) {
		return Report{}, fmt.Errorf("report: %s does not follow from %s: it was changed after it was made", File, Scores)
	}
	return counted, nil
}

func readFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("report: %s: %w", name, err)
	}
	return b, nil
}

// Holds tells whether the report is about the engine and the limits that are in
// force. The error names what differs.
func (r Report) Holds(inForce Engine) error {
	var faults []string
	keys := map[string]bool{}
	for k := range r.Engine.Meta {
		keys[k] = true
	}
	for k := range inForce.Meta {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a, b := r.Engine.Meta[k], inForce.Meta[k]; a != b {
			faults = append(faults, fmt.Sprintf("%s was %q and is %q", k, a, b))
		}
	}
	if !slices.Equal(r.Engine.Measures, inForce.Measures) {
		faults = append(faults, fmt.Sprintf("distances were %q and are %q", r.Engine.Measures, inForce.Measures))
	}
	if !slices.Equal(r.Engine.Match, inForce.Match) {
		faults = append(faults, fmt.Sprintf("the limits of a match were %v and are %v", r.Engine.Match, inForce.Match))
	}
	if !slices.Equal(r.Engine.Review, inForce.Review) {
		faults = append(faults, fmt.Sprintf("the limits of a review were %v and are %v", r.Engine.Review, inForce.Review))
	}
	if len(faults) > 0 {
		return fmt.Errorf("the report is about another engine or other limits than those in force: %s", strings.Join(faults, "; "))
	}
	return nil
}

// How many persons a report must have counted, and how many of each group that it
// tells, by [rates.Set.Apart]. However many pairs a few persons make, they say nothing
// of everybody else: of 300 persons, a kind of face that one in a hundred has is missing
// in 5 % of draws.
const (
	FewestPersons = 300
	FewestOfGroup = 100
)

// Shows tells whether the report shows that at the limits of a match no more than
// the share of pairs of two persons match: by the upper 95 % limit, over all pairs
// and in each group that is told, on persons enough.
func (r Report) Shows(fmr float64) error {
	persons, groups := r.set.Apart()
	faults := short(fmr, "over all pairs", r.Match.FMR, persons, FewestPersons)
	for _, g := range r.Groups {
		faults = append(faults, short(fmr, fmt.Sprintf("in the group %s %q", g.Dimension, g.Name), g.FMR, groups[[2]string{g.Dimension, g.Name}], FewestOfGroup)...)
	}
	if len(faults) > 0 {
		return fmt.Errorf("the report does not show a false match rate of at most %s %%: %s", rates.Percent(fmr), strings.Join(faults, "; "))
	}
	return nil
}

func short(fmr float64, where string, rate rates.Rate, persons, fewest int) (faults []string) {
	if _, high := rate.Limits(); !(high <= fmr) {
		faults = append(faults, fmt.Sprintf("%s it may be %s %% (%d false matches in %d pairs)", where, rates.Percent(high), rate.Errors, rate.Of))
	}
	if persons < fewest {
		faults = append(faults, fmt.Sprintf("%s it compares %d persons with others, and %d are needed", where, persons, fewest))
	}
	return faults
}
