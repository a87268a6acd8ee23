package face_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/need"
)

// A portrait in JPEG 2000 is compared like the same in JPEG, by the job that a
// worker does; one that nobody can decode is left to people.
func TestPortraitsInJPEG2000(t *testing.T) {
	compress := need.Tool(t, "opj_compress")
	e, gus := face.ForTest(t), person(t, "gus")
	var ppm bytes.Buffer
	b := gus.portrait.Bounds()
	fmt.Fprintf(&ppm, "P6\n%d %d\n255\n", b.Dx(), b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := gus.portrait.At(x, y).RGBA()
			ppm.Write([]byte{byte(r >> 8), byte(g >> 8), byte(bl >> 8)})
		}
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.ppm")
	if err := os.WriteFile(in, ppm.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	first := face.Do(e, gus.files)
	if first.Result == nil || first.Result.Verdict != face.Match {
		t.Fatalf("JPEG: %+v", first)
	}
	for _, ending := range []string{"jp2", "j2k"} {
		out := filepath.Join(dir, "out."+ending)
		if said, err := exec.CommandContext(t.Context(), compress, "-i", in, "-o", out, "-r", "20", "-I").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		file, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		got := face.Do(e, face.Job{Portrait: file, Frames: gus.files.Frames})
		if got.Result == nil || got.Result.Verdict != face.Match || math.Abs(got.Result.Distance-first.Result.Distance) > 0.05 {
			t.Errorf("%s: %+v; JPEG: %+v", ending, got.Result, first.Result)
		}
		cut := face.Do(e, face.Job{Portrait: file[:len(file)/2], Frames: gus.files.Frames})
		if cut.Result == nil || cut.Result.Verdict != face.Review {
			t.Errorf("half of %s: %+v", ending, cut)
		}
	}
}
