package liveness_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/liveness/film"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
)

// sixty are the frames of a capture in which a head stands before the colours. They
// are few pictures many times, each file its own by a byte behind its end.
func sixty(t testing.TB) (liveness.Challenge, liveness.Capture, [][]byte) {
	t.Helper()
	c, err := liveness.Draw(rand.NewChaCha8([32]byte{60}), liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	k := liveness.Capture{Width: virtual.FrameWidth, Height: virtual.FrameHeight}
	begin := 1500 * time.Millisecond
	for i := range c.Steps {
		at := begin + time.Duration(i)*c.Hold
		k.Shown, k.Revealed = append(k.Shown, liveness.Shown{Step: i, At: at}), append(k.Revealed, at-50*time.Millisecond)
	}
	p, _ := virtual.Find("ada")
	pictures := p.Frames(4, 60)
	gap := (begin + time.Duration(len(c.Steps)+1)*c.Hold) / 60
	var files [][]byte
	for i := range 60 {
		at := time.Duration(i) * gap
		k.Frames = append(k.Frames, liveness.Frame{Number: i, At: at, Arrived: at + 100*time.Millisecond})
		files = append(files, append(pictures[i%len(pictures)][:len(pictures[i%len(pictures)]):len(pictures[i%len(pictures)])], byte(i)))
	}
	return c, k, files
}

// BenchmarkVerdict60 is a whole verdict, of 60 frames of 480×640: decoding, the mesh
// of each, the light, and eight embeddings. cpu-s/op is the time of all processors.
func BenchmarkVerdict60(b *testing.B) {
	e, err := face.Open(need.Models(b))
	if err != nil {
		b.Fatal(err)
	}
	c, k, files := sixty(b)
	used := func() float64 {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
	}
	runtime.GC()
	before := used()
	for b.Loop() {
		seen, err := film.Observe(files, image.Pt(k.Width, k.Height), e.Track())
		if err != nil {
			b.Fatal(err)
		}
		embed := func(i int) ([]float32, error) {
			img, err := face.Decode(files[i])
			if err != nil {
				return nil, err
			}
			v, err := face.Embed(e, img)
			if err != nil {
				return nil, err
			}
			return v[0], nil
		}
		v := liveness.Judge(c, k, seen, liveness.Standard(), embed)
		for i := range 8 { // what a live capture is asked for
			if _, err := embed(7 * i); err != nil {
				b.Fatal(err)
			}
		}
		if v.Answer == liveness.Live {
			b.Fatal(fmt.Sprint("a head without the screen's light is live: ", v))
		}
	}
	b.ReportMetric((used()-before)/float64(b.N), "cpu-s/op")
}
