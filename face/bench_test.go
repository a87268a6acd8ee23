package face_test

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face"
)

// BenchmarkEmbed compares one live frame, in which it is known where the face
// is, with a portrait that is embedded already: landmarks, chips, both networks
// with the mirror image, distances.
func BenchmarkEmbed(b *testing.B) {
	e := face.ForTest(b)
	gus := person(b, "gus")
	portrait, err := face.Embed(e, gus.portrait)
	if err != nil {
		b.Fatal(err)
	}
	found, err := e.Detect(gus.frames[0])
	if err != nil || len(found) != 1 {
		b.Fatal(len(found), err)
	}
	began := spent()
	for b.Loop() {
		f := found[0]
		if f.Landmarks, err = e.Landmarks(gus.frames[0], f.Box); err != nil {
			b.Fatal(err)
		}
		emb, err := face.EmbedFace(e, gus.frames[0], f)
		if err != nil {
			b.Fatal(err)
		}
		if d, fused := e.Meta().Distance(portrait, emb); e.Meta().Verdict(d, fused) != face.Match {
			b.Fatal(d, fused)
		}
	}
	report(b, began)
}

// BenchmarkStill is the whole way of one file: decoded, searched with the large
// detector, measured, embedded.
func BenchmarkStill(b *testing.B) {
	e := face.ForTest(b)
	file := person(b, "gus").files.Frames[0]
	began := spent()
	for b.Loop() {
		img, err := face.Decode(file)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := face.Embed(e, img); err != nil {
			b.Fatal(err)
		}
	}
	report(b, began)
}

// BenchmarkFollow follows a face from frame to frame.
func BenchmarkFollow(b *testing.B) {
	tr := face.ForTest(b).Track()
	frames := person(b, "gus").frames
	began := spent()
	for i := 0; b.Loop(); i++ {
		if _, sure, err := tr.Follow(frames[i%len(frames)]); err != nil || !sure {
			b.Fatal(sure, err)
		}
	}
	report(b, began)
}

// spent returns the processor's time of this process so far.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report tells the processor's time, which other work on the machine does not
// stretch, and the memory that the process has in RAM.
func report(b *testing.B, began time.Duration) {
	b.Helper()
	b.ReportMetric(float64((spent()-began).Milliseconds())/float64(b.N), "cpu-ms/op")
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return // not Linux
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	if f := bytes.Fields(rest); len(f) > 0 {
		if kb, err := strconv.ParseFloat(string(f[0]), 64); err == nil {
			b.ReportMetric(kb/1024, "MB-resident")
		}
	}
}
