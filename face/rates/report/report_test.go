package report_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/report"
)

func engine() report.Engine {
	return report.Engine{
		Meta:     map[string]string{"name": "built-in", "models": "sha256:00"},
		Measures: []string{"x", "y"}, Match: []float64{0.45, 1.7}, Review: []float64{0.58, 2},
	}
}

// pairs are drawn: those of one person near 0.3, those of two near 0.8.
func pairs(n int) rates.Set {
	rnd := rand.New(rand.NewPCG(6, 6))
	s := rates.Set{Measures: []string{"x", "y"}, Dimensions: []string{"skin"}}
	for i := range n {
		p := rates.Pair{A: fmt.Sprint("p", i), B: fmt.Sprint("q", i), Same: i%2 == 0, Groups: []string{[]string{"I", "V"}[i/2%2]}}
		mean := 0.8
		if p.Same {
			mean = 0.3
		}
		if x := mean + rnd.NormFloat64()*0.1; i%50 != 0 {
			p.Distances = []float64{max(x, 0), max(3*x, 0)}
		}
		s.Pairs = append(s.Pairs, p)
	}
	return s
}

func folder(files map[string][]byte) fs.FS {
	out := fstest.MapFS{}
	for name, b := range files {
		out[name] = &fstest.MapFile{Data: b}
	}
	return out
}

func TestReadsWhatWasMade(t *testing.T) {
	r, files, err := report.Make(engine(), pairs(1000), "given")
	if err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(folder(files))
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != r.ID || again.Match != r.Match || len(again.Groups) != 2 || again.Markdown() != r.Markdown() {
		t.Errorf("read back as\n%+v\nwant\n%+v", again, r)
	}
	if err := again.Holds(engine()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{r.ID, "1000 of 2000 pictures of 1500 persons", "| match |", "Not measured: 20 pairs of one person", "limit of x | match 0.45, review 0.58", "skin | V"} {
		if !strings.Contains(r.Markdown(), want) {
			t.Errorf("%q is not in the text:\n%s", want, r.Markdown())
		}
	}
}

// Nobody can make a report look better than its distances.
func TestChangedReportsAreRefused(t *testing.T) {
	_, files, err := report.Make(engine(), pairs(1000), "given")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"fewer false matches": func(m map[string]any) { m["match"].(map[string]any)["fmr"].(map[string]any)["errors"] = -1 },
		"more pairs":          func(m map[string]any) { m["match"].(map[string]any)["fmr"].(map[string]any)["of"] = 100000 },
		"other limits":        func(m map[string]any) { m["engine"].(map[string]any)["match"] = []float64{0.5, 1.7} },
		"another engine":      func(m map[string]any) { m["engine"].(map[string]any)["meta"] = map[string]string{"name": "better"} },
		"another id":          func(m map[string]any) { m["id"] = strings.Repeat("0", 64) },
		"another origin":      func(m map[string]any) { m["chosen"] = "otherwise" },
		"a group less":        func(m map[string]any) { m["groups"] = []any{} },
		"another format":      func(m map[string]any) { m["format"] = "tunnus-calibration/2" },
		"unknown key":         func(m map[string]any) { m["approved"] = true },
		"limits of nothing":   func(m map[string]any) { m["engine"].(map[string]any)["match"] = []float64{} },
	} {
		var told map[string]any
		if err := json.Unmarshal(files[report.File], &told); err != nil {
			t.Fatal(err)
		}
		change(told)
		changed := maps.Clone(files)
		if changed[report.File], err = json.Marshal(told); err != nil {
			t.Fatal(err)
		}
		if r, err := report.Read(folder(changed)); err == nil {
			t.Errorf("%s: taken: %+v", name, r)
		}
	}
	scores := maps.Clone(files)
	lines := strings.SplitAfter(string(files[report.Scores]), "\n")
	scores[report.Scores] = []byte(strings.Join(append(lines[:5:5], lines[6:]...), ""))
	if _, err := report.Read(folder(scores)); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("a pair was left out: %v", err)
	}
	delete(scores, report.Scores)
	if _, err := report.Read(folder(scores)); err == nil {
		t.Error("a report without distances was taken")
	}
}

// The id is over distances, engine and limits: any other has another one.
func TestID(t *testing.T) {
	seen := map[string]string{}
	for name, make := range map[string]func() (report.Engine, rates.Set){
		"this":    func() (report.Engine, rates.Set) { return engine(), pairs(100) },
		"pairs":   func() (report.Engine, rates.Set) { return engine(), pairs(102) },
		"engine":  func() (report.Engine, rates.Set) { e := engine(); e.Meta["models"] = "sha256:01"; return e, pairs(100) },
		"match":   func() (report.Engine, rates.Set) { e := engine(); e.Match[0] = 0.44; return e, pairs(100) },
		"review":  func() (report.Engine, rates.Set) { e := engine(); e.Review[1] = 2.01; return e, pairs(100) },
		"a label": func() (report.Engine, rates.Set) { s := pairs(100); s.Pairs[7].Same = true; return engine(), s },
		"a group": func() (report.Engine, rates.Set) { s := pairs(100); s.Pairs[7].Groups[0] = "II"; return engine(), s },
	} {
		e, s := make()
		r, err := report.Of(e, s, "given")
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.ID] != "" {
			t.Errorf("%s has the id of %s", name, seen[r.ID])
		}
		seen[r.ID] = name
	}
}

func TestHolds(t *testing.T) {
	r, err := report.Of(engine(), pairs(100), "given")
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*report.Engine){
		`models was "sha256:00" and is "sha256:01"`:                      func(e *report.Engine) { e.Meta["models"] = "sha256:01" },
		`norm was "" and is "unit"`:                                      func(e *report.Engine) { e.Meta["norm"] = "unit" },
		`name was "built-in" and is ""`:                                  func(e *report.Engine) { delete(e.Meta, "name") },
		`the limits of a match were [0.45 1.7] and are [0.45 1.8]`:       func(e *report.Engine) { e.Match[1] = 1.8 },
		`the limits of a review were [0.58 2] and are [0.5 2]`:           func(e *report.Engine) { e.Review[0] = 0.5 },
		`distances were ["x" "y"] and are ["x" "z"]`:                     func(e *report.Engine) { e.Measures[1] = "z" },
		`the limits of a match were [0.45 1.7] and are [0.45 1.7000001]`: func(e *report.Engine) { e.Match[1] = 1.7000001 },
	} {
		e := engine()
		change(&e)
		if err := r.Holds(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// What counts is what is shown: no false match in few pairs shows little, one group
// that does not show it is enough, and so are few persons who make many pairs.
func TestShows(t *testing.T) {
	of := func(pairs, persons, rare int) report.Report {
		s := rates.Set{Measures: []string{"x", "y"}, Dimensions: []string{"skin"}}
		step := rare // two persons of one group
		if rare > 100 {
			step = 1
		}
		for i := range pairs {
			group := "I"
			if i%rare == rare-1 {
				group = "V"
			}
			name := func(n, picture int) string { return fmt.Sprint(n%persons, "/", picture) }
			round := i / persons
			s.Pairs = append(s.Pairs,
				rates.Pair{A: name(i, round), B: name(i, round+1), Same: true, Groups: []string{group}, Distances: []float64{0.3, 1}},
				rates.Pair{A: name(i, round), B: name(i+step, round), Groups: []string{group}, Distances: []float64{0.9, 2.5}})
		}
		r, err := report.Of(engine(), s, "given")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, tt := range map[string]struct {
		pairs, persons, rare int
		want, not            string
	}{
		"enough":           {10_000, 400, 2, "", ""},
		"few pairs":        {3000, 400, 10_000, "over all pairs it may be 0.12 % (0 false matches in 3000 pairs)", "persons"},
		"few of one group": {10_000, 400, 10, `skin "V" it may be 0.37 % (0 false matches in 1000 pairs)`, "over all"},
		"few persons":      {10_000, 90, 2, "over all pairs it compares 90 persons with others, and 300 are needed; in the group skin \"I\" it compares 45 persons", "may be"},
	} {
		err := of(tt.pairs, tt.persons, tt.rare).Shows(0.001)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), tt.not)) {
			t.Errorf("%s: %v; want %q, without %q", name, err, tt.want, tt.not)
		}
	}
}

// Many pictures of two people are two people, and whoever stands in pairs of one person
// only says nothing of strangers.
func TestShowsNothingByAFewPeople(t *testing.T) {
	strangers := func(n int, a, b string) (s []rates.Pair) {
		for i := range n * n {
			s = append(s, rates.Pair{A: fmt.Sprint(a, i/n), B: fmt.Sprint(b, i%n), Distances: []float64{0.9, 2.5}, Groups: []string{"I"}})
		}
		return s
	}
	same := func(a, b string) rates.Pair {
		return rates.Pair{A: a, B: b, Same: true, Distances: []float64{0.3, 1}, Groups: []string{"I"}}
	}
	two := append(strangers(150, "a", "b"), same("a0", "a150"))
	three := strangers(150, "a", "b")
	for i := range 150 {
		three = append(three, same("a0", fmt.Sprint("a", i+1)), same("b0", fmt.Sprint("b", i+1)))
	}
	for i := range 400 {
		three = append(three, same(fmt.Sprint("c", i), fmt.Sprint("d", i)))
	}
	for name, tt := range map[string]struct {
		pairs []rates.Pair
		want  string
	}{
		"150 pictures of each of two":      {two, "over all pairs it compares 1 persons"},
		"400 persons in pairs of one only": {three, "over all pairs it compares 2 persons"},
	} {
		r, err := report.Of(engine(), rates.Set{Measures: []string{"x", "y"}, Dimensions: []string{"skin"}, Pairs: tt.pairs}, "given")
		if err != nil || r.Persons < 300 {
			t.Fatalf("%s: %v, %d persons", name, err, r.Persons)
		}
		if err := r.Shows(0.001); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "may be") {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
}

func TestNothingIsMadeOfNothing(t *testing.T) {
	s := pairs(100)
	for i := range s.Pairs {
		s.Pairs[i].Same = true
	}
	if _, _, err := report.Make(engine(), s, "given"); err == nil {
		t.Error("a report without pairs of two persons")
	}
	s = pairs(100)
	s.Pairs = append(s.Pairs, s.Pairs[3])
	if _, _, err := report.Make(engine(), s, "given"); err == nil || !strings.Contains(err.Error(), "compared twice") {
		t.Errorf("one trial counts twice: %v", err)
	}
	s.Pairs[100] = rates.Pair{A: "p0", B: "q0", Groups: []string{"I"}}
	s.Pairs = append(s.Pairs[:0:0], s.Pairs[1:]...)
	s.Pairs = append(s.Pairs, rates.Pair{A: "p0", B: "p2", Same: true, Groups: []string{"I"}}, rates.Pair{A: "p2", B: "q0", Same: true, Groups: []string{"I"}})
	if _, _, err := report.Make(engine(), s, "given"); err == nil || !strings.Contains(err.Error(), "labelled as two persons") {
		t.Errorf("labels that contradict each other: %v", err)
	}
	e := engine()
	e.Review[0] = 0.1
	if _, _, err := report.Make(e, pairs(100), "given"); err == nil {
		t.Error("a review that is stricter than a match")
	}
	e = engine()
	e.Measures[0] = "z"
	if _, _, err := report.Make(e, pairs(100), "given"); err == nil {
		t.Error("distances of another engine")
	}
}
