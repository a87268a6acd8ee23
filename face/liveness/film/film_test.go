package film

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// stub follows a face that stands still; it fails or loses it as it is told.
type stub struct {
	asked int
	lost  bool
	err   error
}

func (s *stub) Follow(image.Image) (m face.Mesh, sure bool, err error) {
	s.asked++
	for i := range m {
		m[i] = face.Point3{X: 30 + float64(i%22), Y: 20 + float64(i/22), Z: float64(i % 5)}
	}
	return m, !s.lost, s.err
}

func (s *stub) Faces() int { return 1 }

// agreed is the size of the frames.
var agreed = image.Pt(80, 60)

func picture(t *testing.T, v uint8) []byte { return sized(t, v, agreed) }

func sized(t *testing.T, v uint8, size image.Point) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rectangle{Max: size})
	for i := range img.Pix {
		img.Pix[i] = v + uint8(i%7)
	}
	img.Set(3, 3, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A frame that is no picture is lost; those before and after it are not.
func TestBadFramesAreLostAlone(t *testing.T) {
	good := picture(t, 90)
	frames := [][]byte{good, nil, []byte("GIF89a"), good[:len(good)/3], bytes.Repeat([]byte{0xff}, face.MaxJPEG+1), picture(t, 100)}
	s := &stub{}
	seen, err := Observe(frames, agreed, s)
	if err != nil || len(seen) != len(frames) {
		t.Fatalf("%d observations, %v", len(seen), err)
	}
	for i, o := range seen {
		if whole := i == 0 || i == 5; o.Sure != whole || (o.Size == [2]int{80, 60}) != whole {
			t.Errorf("frame %d: sure %v, size %v", i, o.Sure, o.Size)
		}
	}
	if s.asked != 2 {
		t.Errorf("the tracker saw %d frames", s.asked)
	}
	if seen[0].Digest == seen[5].Digest || seen[0].Digest == [32]byte{} || seen[1].Faces != -1 || seen[0].Faces != 1 {
		t.Errorf("digests or counts are wrong: %v, %v", seen[1].Faces, seen[0].Faces)
	}
}

func TestLostFaceIsNotMeasured(t *testing.T) {
	seen, err := Observe([][]byte{picture(t, 90)}, agreed, &stub{lost: true})
	if err != nil || seen[0].Sure || seen[0].Skin != [liveness.Rows * liveness.Columns]liveness.Cell{} {
		t.Errorf("%+v, %v", seen[0].Skin, err)
	}
}

// A frame of another size than was agreed on is lost by its header: nothing follows it,
// and what it would decode to is never asked for.
func TestFramesOfAnotherSizeAreNotDecoded(t *testing.T) {
	for name, size := range map[string]image.Point{"large": {2000, 2000}, "turned": {60, 80}, "small": {79, 60}} {
		file := sized(t, 90, size)
		s := &stub{}
		seen, err := Observe([][]byte{file}, agreed, s)
		if err != nil || s.asked != 0 || seen[0].Sure || seen[0].Size != [2]int{} || seen[0].Faces != -1 {
			t.Errorf("%s: followed %d times, %v, %v", name, s.asked, seen[0].Size, err)
		}
	}
	large := sized(t, 90, image.Pt(2000, 2000))
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(large, agreed); err == nil {
				b.Fatal("decoded")
			}
		}
	})
	if n := r.AllocedBytesPerOp(); n > 1<<20 {
		t.Errorf("%d bytes were asked for", n)
	}
}

// A fault of the engine is no verdict on a person.
func TestFaultOfTheEngine(t *testing.T) {
	broken := errors.New("no memory")
	if seen, err := Observe([][]byte{picture(t, 90)}, agreed, &stub{err: broken}); !errors.Is(err, broken) || seen != nil {
		t.Errorf("%v, %v", seen, err)
	}
	if _, err := Observe(make([][]byte, MaxFrames+1), agreed, &stub{}); err == nil {
		t.Error("any number of frames is measured")
	}
}
