package face

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/rates"
	"github.com/tunnus-id/tunnus/face/rates/report"
	"github.com/tunnus-id/tunnus/face/virtual"
)

// people makes a table of distances: persons with two pictures each, all pairs.
// Of two persons in a hundred pairs some lie near.
func people(t *testing.T, persons int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("a,b,same,distance,fused,skin\n")
	for i := range persons {
		fmt.Fprintf(&b, "%d-1,%d-2,yes,0.3,1.2,%d\n", i, i, i%2)
		for j := range i {
			d := 0.5 + float64((i*7+j*13)%100)/200
			fmt.Fprintf(&b, "%d-1,%d-2,no,%g,%g,%d\n", i, j, d, 3*d, i%2)
		}
	}
	name := filepath.Join(t.TempDir(), "pairs.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func calibrate(t *testing.T, c Calibrate) (string, error) {
	t.Helper()
	set, scored, err := c.read()
	if err != nil || !scored {
		t.Fatalf("%v, scored %v", err, scored)
	}
	var out bytes.Buffer
	err = c.finish(&out, report.EngineOf(face.Default()), set)
	return out.String(), err
}

func TestCalibrateWritesAReport(t *testing.T) {
	c := Calibrate{Pairs: people(t, 40), Report: filepath.Join(t.TempDir(), "out")}
	out, err := calibrate(t, c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Read(os.DirFS(c.Report))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Holds(report.EngineOf(face.Default())); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		r.ID, "Pairs: 820 of 80 pictures of 40 persons", "skin | 1", "0 % (0–0.47; 0 of 780)", `"calibration_folder": "out"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told:\n%s", want, out)
		}
	}
	for _, name := range []string{report.Plot, report.Text, "distances-1.svg", "distances-2.svg"} {
		if _, err := os.Stat(filepath.Join(c.Report, name)); err != nil {
			t.Error(err)
		}
	}
	var drawn bytes.Buffer
	if err := (Draw{Reports: []string{c.Report}, Title: "Two"}).draw(&drawn); err != nil || !strings.Contains(drawn.String(), "<title id=\"t\">Two</title>") || !strings.Contains(drawn.String(), ">out</text>") {
		t.Errorf("%v\n%s", err, drawn.String())
	}
	if _, err := calibrate(t, c); err == nil || !strings.Contains(err.Error(), "not written over anything") {
		t.Errorf("a second report into the same folder: %v", err)
	}
}

// Limits are chosen on other persons than they are counted on, and only into a report.
func TestLimitsAreChosenOnOthers(t *testing.T) {
	c := Calibrate{Pairs: people(t, 120), FMR: 0.01}
	if out, err := calibrate(t, c); err == nil || out != "" {
		t.Errorf("limits without a report: %v\n%s", err, out)
	}
	c.Report = filepath.Join(t.TempDir(), "out")
	if _, err := calibrate(t, c); err != nil {
		t.Fatal(err)
	}
	r, err := report.Read(os.DirFS(c.Report))
	if err != nil {
		t.Fatal(err)
	}
	if r.Engine.Match[0] == 0.45 || r.Persons >= 100 || !strings.Contains(r.Chosen, "other persons") || r.Match.FMR.Value() > 0.05 {
		t.Errorf("limits %v of %d persons, %s: %v", r.Engine.Match, r.Persons, r.Chosen, r.Match.FMR)
	}
	if err := r.Holds(report.EngineOf(face.Default())); err == nil {
		t.Error("a report with other limits holds for those in force")
	}
	c.FMR, c.Report = 1e-6, filepath.Join(t.TempDir(), "fine")
	if _, err := calibrate(t, c); err == nil || !strings.Contains(err.Error(), "too few for a false match rate of 1e-06") {
		t.Errorf("one of a million, of some thousands: %v", err)
	}
}

func TestEveryPair(t *testing.T) {
	s, err := everyPair(fstest.MapFS{
		"ada/1.jpg": {}, "ada/2.PNG": {}, "bo/1.jpeg": {}, "readme.jpg": {}, "bo/notes.txt": {}, "bo/deep/2.jp2": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, p := range s.Pairs {
		if p.Same {
			same++
		}
	}
	if len(s.Pairs) != 6 || same != 2 || s.Persons() != 2 {
		t.Errorf("%d pairs, %d of one person: %+v", len(s.Pairs), same, s.Pairs)
	}
	if _, err := everyPair(fstest.MapFS{"ada/1.jpg": {}}); err == nil {
		t.Error("one picture makes no pairs")
	}
}

// nobody is a grey picture.
func nobody(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 320, 240)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// From pictures to counts: the invented ones, one that shows nobody, one that is not there.
func TestCalibratePictures(t *testing.T) {
	e := engine(t)
	dir := t.TempDir()
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, ok := virtual.Find("ben")
	if !ok {
		t.Fatal("no ben")
	}
	m := virtual.NewModel(p)
	put("ben.jpg", m.Portrait())
	put("live.jpg", m.Frames(1, 1)[0])
	put("nobody.jpg", nobody(t))
	set := rates.Set{Measures: report.Measures(), Pairs: []rates.Pair{
		{A: "ben.jpg", B: "live.jpg", Same: true}, {A: "ben.jpg", B: "nobody.jpg", Same: true},
	}}
	if err := distances(e, dir, &set); err != nil {
		t.Fatal(err)
	}
	n := set.At(report.EngineOf(e.Meta()).Match)
	if n.FNMR != (rates.Rate{Of: 1}) || n.Unmeasured != 1 {
		t.Errorf("%+v: %+v", n, set.Pairs)
	}
	set.Pairs[1].B = "none.jpg"
	if err := distances(e, dir, &set); err == nil {
		t.Error("a picture that is not there was passed over")
	}
}
