package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/plot"
)

// Make makes the files of a report: the report, its distances, the same for
// people to read, and drawings.
func Make(engine Engine, set rates.Set, chosen string) (Report, map[string][]byte, error) {
	r, err := Of(engine, set, chosen)
	if err != nil {
		return Report{}, nil, err
	}
	scores, err := set.Table()
	if err != nil {
		return Report{}, nil, err
	}
	told, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return Report{}, nil, err
	}
	det, err := r.det()
	if err != nil {
		return Report{}, nil, err
	}
	files := map[string][]byte{File: append(told, '\n'), Scores: scores, Text: []byte(r.Markdown()), Plot: det}
	for i, m := range set.Measures {
		files[spread(i)] = plot.Distances(m+": pairs of one person and of two, with the limits of match and review", set, i, engine.Match[i], engine.Review[i])
	}
	return r, files, nil
}

// spread names the drawing of a measure.
func spread(measure int) string { return fmt.Sprintf("distances-%d.svg", measure+1) }

// together is the curve along which all limits of a match grow alike.
func (r Report) together() (rates.Curve, error) { return r.set.Curve(r.Engine.Match) }

// det draws the curve of the decision and, where there are several measures, those
// of each alone.
func (r Report) det() ([]byte, error) {
	all, err := r.together()
	if err != nil {
		return nil, err
	}
	lines := []plot.Line{{Name: "decision", Points: all.Points()}}
	if len(r.Engine.Measures) > 1 {
		for i, m := range r.Engine.Measures {
			alone, err := r.set.Along(i)
			if err != nil {
				return nil, err
			}
			lines = append(lines, plot.Line{Name: m + " alone", Points: alone.Points()})
		}
	}
	marks := []plot.Mark{
		{Name: "match", FMR: r.Match.FMR.Value(), FNMR: r.Match.FNMR.Value()},
		{Name: "review", FMR: r.Review.FMR.Value(), FNMR: r.Review.FNMR.Value()},
	}
	return plot.DET("Detection error trade-off", lines, marks), nil
}

// Markdown is the report for people to read.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Calibration report %s\n\n", r.ID)
	b.WriteString("Engine:\n\n| property | value |\n| --- | --- |\n")
	for _, k := range slices.Sorted(maps.Keys(r.Engine.Meta)) {
		fmt.Fprintf(&b, "| %s | %s |\n", cell(k), cell(r.Engine.Meta[k]))
	}
	for i, m := range r.Engine.Measures {
		fmt.Fprintf(&b, "| limit of %s | match %g, review %g |\n", cell(m), r.Engine.Match[i], r.Engine.Review[i])
	}
	fmt.Fprintf(&b, "\nLimits: %s.\n", r.Chosen)
	fmt.Fprintf(&b, "Pairs: %s. Their distances: `%s`, SHA-256 %s.\n\n", r.made(), Scores, r.Scores)
	b.WriteString("Rates are in percent, with 95 % limits (Clopper–Pearson, two-sided) and counts.\n\n")
	b.WriteString(r.rates())
	b.WriteString(r.groups())
	b.WriteString(r.trade())
	b.WriteString(r.caveats())
	fmt.Fprintf(&b, "\n![Detection error trade-off](%s)\n", Plot)
	for i, m := range r.Engine.Measures {
		fmt.Fprintf(&b, "![Distances %s](%s)\n", cell(m), spread(i))
	}
	return b.String()
}

func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ").Replace(s)
}

func (r Report) made() string {
	out := fmt.Sprint(r.Pairs)
	if r.Pictures > 0 {
		out += fmt.Sprintf(" of %d pictures of %d persons", r.Pictures, r.Persons)
	}
	return out
}

func (r Report) rates() string {
	var b strings.Builder
	b.WriteString("| verdict | false matches (FMR) | false non-matches (FNMR) | with pictures that could not be measured (FRR) |\n| --- | --- | --- | --- |\n")
	for _, v := range []struct {
		name string
		Table
	}{{"match", r.Match}, {"match or review", r.Review}} {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", v.name, v.FMR, v.FNMR, v.counts().FRR())
	}
	fmt.Fprintf(&b, "\nNot measured: %d pairs of one person, %d of two.\n", r.Match.Unmeasured, r.Match.UnmeasuredTwo)
	return b.String()
}

func (r Report) groups() string {
	if len(r.Groups) == 0 {
		return "\nThe pairs tell no groups: nothing is known of differences between groups of people.\n"
	}
	var b strings.Builder
	b.WriteString("\nAt the limits of a match, by group; a rate that is marked differs from that of all other pairs by more than chance explains.\n\n")
	b.WriteString("| dimension | group | persons | false matches | false non-matches | with not measured |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, g := range r.Groups {
		name := g.Name
		if name == "" {
			name = "(not told)"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s%s | %s%s | %s |\n", cell(g.Dimension), cell(name), g.Persons,
			g.FMR, marked(g.FMR, r.Match.FMR), g.FNMR, marked(g.FNMR, r.Match.FNMR), g.counts().FRR())
	}
	return b.String()
}

func marked(group, all rates.Rate) string {
	if rates.Differs(group, all) {
		return " **differs**"
	}
	return ""
}

// trade tells the false non-matches at usual rates of false matches.
func (r Report) trade() string {
	c, err := r.together()
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nIf all limits grew or shrank alike (chosen on these very pairs, so better than they would be on others; for comparison only, never to be used):\n\n")
	b.WriteString("| FMR at most | limits | false matches | false non-matches |\n| --- | --- | --- | --- |\n")
	for _, fmr := range Usual() {
		v, err := c.AtFMR(fmr)
		if err != nil {
			continue
		}
		fm, fnm := c.At(v)
		limits := make([]string, 0, len(r.Engine.Measures))
		for i, l := range c.Limits(v) {
			limits = append(limits, fmt.Sprintf("%s %.3f", cell(r.Engine.Measures[i]), l))
		}
		short := ""
		if float64(fm.Of)*fmr < 1 {
			short = " (too few pairs to tell)"
		}
		fmt.Fprintf(&b, "| %s %%%s | %s | %s | %s |\n", rates.Percent(fmr), short, strings.Join(limits, ", "), fm, fnm)
	}
	v, eer := c.EqualError()
	fmt.Fprintf(&b, "| equal error rate | × %.3f | %s %% | |\n", v, rates.Percent(eer))
	return b.String()
}

// Usual are the rates of false matches at which others are told.
func Usual() []float64 { return []float64{0.01, 0.001, 0.0001} }

// caveats says what the numbers do not show.
func (r Report) caveats() string {
	var b strings.Builder
	b.WriteString("\nWhat this does not show:\n\n")
	if r.Pictures == 0 {
		b.WriteString("- The pairs do not name their pictures: whether they share pictures or persons is not known. If they do, the true limits are wider than those above.\n")
	} else if r.Pairs > r.Pictures/2 {
		b.WriteString("- Pictures stand in more than one pair. The limits take pairs as independent, and true ones are wider: ")
		fmt.Fprintf(&b, "%d persons make %d independent pairs of two at most, and if none of those matched falsely the false match rate could still be %s %%.\n",
			r.Persons, r.Persons/2, rates.Percent(high(r.Persons/2)))
	}
	_, upper := r.Match.FMR.Limits()
	fmt.Fprintf(&b, "- A false match rate under %s %% is not shown at the limits of a match.\n", rates.Percent(upper))
	b.WriteString("- One picture was compared with one. A registration compares three live frames with the chip's portrait, which may be ten years old and small.\n")
	b.WriteString("- Nothing is said of liveness.\n")
	return b.String()
}

func high(independent int) float64 {
	_, upper := rates.Rate{Of: independent}.Limits()
	return math.Min(upper, 1)
}

// Curve is the trade-off of the decision and its point at the limits of a match,
// to be drawn beside those of other reports.
func (r Report) Curve(name string) (plot.Line, plot.Mark, error) {
	c, err := r.together()
	if err != nil {
		return plot.Line{}, plot.Mark{}, err
	}
	return plot.Line{Name: name, Points: c.Points()}, plot.Mark{Name: name, FMR: r.Match.FMR.Value(), FNMR: r.Match.FNMR.Value()}, nil
}
