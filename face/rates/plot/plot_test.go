package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/plot"
)

// number finds all numbers of a path or an attribute.
var number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?|NaN|Inf`)

// drawn reads a drawing as XML and fails if a number lies outside of it, or is none.
func drawn(t *testing.T, svg []byte) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch e := token.(type) {
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" {
				texts = append(texts, s)
			}
		case xml.StartElement:
			for _, a := range e.Attr {
				if a.Name.Local != "d" && a.Name.Local != "cx" && a.Name.Local != "cy" {
					continue
				}
				for _, n := range number.FindAllString(a.Value, -1) {
					if v, err := strconv.ParseFloat(n, 64); err != nil || !(v >= -8 && v <= 720) {
						t.Errorf("%s of <%s> leaves the drawing: %s", a.Name.Local, e.Name.Local, n)
					}
				}
			}
		}
	}
}

func curve() []rates.Point {
	return []rates.Point{{V: 1, FMR: 0, FNMR: 0.6}, {V: 2, FMR: 0.0002, FNMR: 0.1}, {V: 3, FMR: 0.02, FNMR: 0.02}, {V: 4, FMR: 1, FNMR: 0}}
}

func TestDET(t *testing.T) {
	svg := plot.DET("A & B <made>", []plot.Line{{Name: "fused", Points: curve()}, {Name: "none"}}, []plot.Mark{{Name: "match", FMR: 0.0002, FNMR: 0.1}})
	all := strings.Join(drawn(t, svg), "\n")
	for _, want := range []string{"A & B <made>", "false match rate, %", "false non-match rate, %", "fused", "match", "0.01", "50", "both rates are near 2.00 %"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in it:\n%s", want, all)
		}
	}
}

// A rate of 0.0001 begins at the corner, and the axis is probit: equal steps of
// the normal quantile are equal steps on paper.
func TestAxesAreProbit(t *testing.T) {
	at := func(fmr float64) float64 {
		svg := string(plot.DET("", []plot.Line{{Points: []rates.Point{{FMR: 0.0001, FNMR: 0.01}}}}, []plot.Mark{{FMR: fmr, FNMR: 0.01}}))
		m := regexp.MustCompile(`cx="([0-9.]+)"`).FindStringSubmatch(svg)
		if m == nil {
			t.Fatal("no mark")
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	normal := func(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
	if a, b := at(normal(-1))-at(normal(-2)), at(normal(-2))-at(normal(-3)); math.Abs(a-b) > 0.11 {
		t.Errorf("steps of one deviation are %v and %v pixels", a, b)
	}
	if at(0) != at(0.0001) || at(1) != at(0.5) || at(math.NaN()) != at(0.0001) {
		t.Error("what lies beyond an axis is not at its end")
	}
}

func TestSpread(t *testing.T) {
	kinds := []plot.Kind{{Name: "live", Values: []float64{0.9, math.NaN(), 0.8}}, {Name: "print", Values: nil}, {Name: "same", Values: []float64{1, 1, 1}}}
	all := strings.Join(drawn(t, plot.Spread("rho", "ρ", kinds, 0.85)), "\n")
	for _, want := range []string{"live (1 not measured)", "print", "ρ", "median 0.9 of 2"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in it:\n%s", want, all)
		}
	}
	if kinds[0].Name != "live" || len(kinds[0].Values) != 3 {
		t.Error("what was handed in was changed")
	}
	drawn(t, plot.Spread("", "", nil))
}

// Of many distances those that err stay.
func TestDistancesKeepTheEnds(t *testing.T) {
	s := rates.Set{Measures: []string{"x"}}
	for i := range 30_000 {
		s.Pairs = append(s.Pairs, rates.Pair{Distances: []float64{1 + float64(i)/1e5}})
	}
	s.Pairs = append(s.Pairs, rates.Pair{Distances: []float64{0.25}}, rates.Pair{Same: true})
	svg := plot.Distances("", s, 0, 0.5)
	drawn(t, svg)
	if n := strings.Count(string(svg), "<circle"); n < 500 || n > 2100 {
		t.Errorf("%d dots", n)
	}
	if !strings.Contains(string(svg), "30001 pairs") {
		t.Error("it does not say how many there are")
	}
	m := regexp.MustCompile(`cx="([0-9.]+)"`).FindStringSubmatch(string(svg))
	if x, err := strconv.ParseFloat(m[1], 64); err != nil || x > 140 {
		t.Errorf("the smallest distance is not drawn: the first dot is at %v", x)
	}
}
