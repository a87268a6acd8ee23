package scheme

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/report"
)

// pairsOf makes as many persons with a pair of their own, and one with the next
// person each, all told apart.
func pairsOf(n int) rates.Set {
	s := rates.Set{Measures: report.Measures(), Dimensions: []string{"age"}}
	for i := range n {
		first, second := func(i int) string { return fmt.Sprint(i%n, "a") }, func(i int) string { return fmt.Sprint(i%n, "b") }
		s.Pairs = append(s.Pairs,
			rates.Pair{A: first(i), B: second(i), Same: true, Groups: []string{"18-60"}, Distances: []float64{0.3, 1.1}},
			rates.Pair{A: first(i), B: second(i + 1), Groups: []string{"18-60"}, Distances: []float64{0.8, 2.4}})
	}
	return s
}

// calibrated writes a report beside a scheme file that rests on it, and parses that.
func calibrated(t *testing.T, engine face.Meta, set rates.Set, faces map[string]any) (Rules, fs.FS, error) {
	t.Helper()
	r, files, err := report.Make(report.EngineOf(engine), set, "given")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]any{
		"unattended": true, "calibration_report": "Invented Laboratory, report 6", "calibration_folder": "lab/report", "calibration_id": r.ID,
	}
	for k, v := range faces {
		told[k] = v
	}
	b, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	beside := fstest.MapFS{}
	for name, b := range files {
		beside["lab/report/"+name] = &fstest.MapFile{Data: b}
	}
	rules, err := Parse("x.json", with(t, "faces", string(b)))
	return rules, beside, err
}

// matched is a match of the built-in engine.
func matched() face.Result {
	m := face.Default()
	return face.Result{Verdict: face.Match, Engine: m.Version(), Match: m.Match, Review: m.Review}
}

func TestUnattendedApprovalRestsOnAReport(t *testing.T) {
	rules, beside, err := calibrated(t, face.Default(), pairsOf(4000), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := rules.Approves(matched()); ok || rules.Unattended || !rules.Rests() {
		t.Error("faces are approved before anybody has seen the report")
	}
	good, err := rules.CalibratedIn(beside, face.Default())
	if err != nil {
		t.Fatal(err)
	}
	if basis, ok := good.Approves(matched()); !ok || basis != rules.File.Faces.Report || good.Revision() != rules.Revision() {
		t.Errorf("approved: %v, by %q", ok, basis)
	}
	if open := strings.Join(good.Open(), "\n"); !strings.Contains(open, "it rests on: Invented Laboratory, report 6 (report "+rules.File.Faces.Report) {
		t.Errorf("it is told as %q", open)
	}
	for name, change := range map[string]func(*face.Result){
		"a review":       func(r *face.Result) { r.Verdict = face.Review },
		"no match":       func(r *face.Result) { r.Verdict = face.NoMatch },
		"another engine": func(r *face.Result) { r.Engine = "default/0" },
		"other limits":   func(r *face.Result) { r.Match.Fused = 1.8 },
	} {
		r := matched()
		change(&r)
		if basis, ok := good.Approves(r); ok {
			t.Errorf("%s: approved by %q", name, basis)
		}
	}
}

// A scheme that approves unattended by a report that is not about what is in force
// approves nobody, and says why.
func TestReportsThatDoNotHold(t *testing.T) {
	other, looser := face.Default(), face.Default()
	other.Networks[0].SHA256 = strings.Repeat("0", 64)
	looser.Match.Distance = 0.5
	for name, tt := range map[string]struct {
		made  face.Meta
		pairs int
		faces map[string]any
		why   string
	}{
		"another report":   {face.Default(), 4000, map[string]any{"calibration_id": strings.Repeat("a", 64)}, "calibration_id is aaaa"},
		"another model":    {other, 4000, nil, `network 1 sha256 was "0000`},
		"looser limits":    {looser, 4000, nil, "the limits of a match were [0.5 1.7] and are [0.45 1.7]"},
		"too few pairs":    {face.Default(), 3000, nil, "it may be 0.12 % (0 false matches in 3000 pairs)"},
		"a stricter rule":  {face.Default(), 4000, map[string]any{"max_fmr": 100}, "a false match rate of at most 0.010 %"},
		"no report":        {face.Default(), 4000, map[string]any{"calibration_folder": "lab"}, "report.json"},
		"not in the group": {face.Default(), 4000, map[string]any{"max_fmr": 900}, `in the group age "18-60" it may be`},
	} {
		rules, beside, err := calibrated(t, tt.made, pairsOf(tt.pairs), tt.faces)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := rules.CalibratedIn(beside, face.Default())
		if err == nil || !strings.Contains(err.Error(), tt.why) || !strings.HasPrefix(err.Error(), "faces.unattended: no face may be approved") {
			t.Errorf("%s: %v; want %q", name, err, tt.why)
		}
		if _, ok := got.Approves(matched()); ok {
			t.Errorf("%s: a face is approved", name)
		}
	}
}

// Without unattended approval nothing is read; a sandbox approves, and says that it is one.
func TestWhoNeedsNoReport(t *testing.T) {
	nowhere := fstest.MapFS{}
	for name, tt := range map[string]struct {
		rules Rules
		basis string
	}{
		"shipped": {Nordic(), ""}, "sandbox": {Nordic().AsSandbox(), "sandbox"},
	} {
		r, err := tt.rules.CalibratedIn(nowhere, face.Default())
		if err != nil {
			t.Fatal(err)
		}
		if basis, ok := r.Approves(matched()); basis != tt.basis || ok != (basis != "") {
			t.Errorf("%s: approved by %q, %v", name, basis, ok)
		}
	}
	if open := fmt.Sprint(Nordic().AsSandbox().Open()); !strings.Contains(open, "it rests on: nothing, for this is a sandbox") {
		t.Errorf("a sandbox says %s", open)
	}
	if _, err := Parse("x", with(t, "faces", `{"unattended": true, "calibration_report": "Lab, 1"}`)); err == nil || errors.Unwrap(err) == nil {
		t.Errorf("a report that nobody can read: %v", err)
	}
}
