package portrait_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/portrait"
)

// The files in testdata show one invented picture, in which nobody is. The JPEGs
// were made with libjpeg-turbo at quality 85, the others by opj_compress -r 20 -I.
var kinds = map[string]string{
	"baseline.jpg": lds.JPEG, "progressive.jpg": lds.JPEG, "file.jp2": lds.JPEG2000, "bare.j2k": lds.JPEG2000,
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// difference is the mean difference of two pictures' samples, of 255.
func difference(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return math.Inf(1)
	}
	sum, r := 0.0, a.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			sum += math.Abs(float64(p.R)-float64(q.R)) + math.Abs(float64(p.G)-float64(q.G)) + math.Abs(float64(p.B)-float64(q.B))
		}
	}
	return sum / float64(3*r.Dx()*r.Dy())
}

// One picture is seen in each kind of file.
func TestEachKindShowsTheSame(t *testing.T) {
	first, err := portrait.Decode(load(t, "baseline.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, format := range kinds {
		c, err := portrait.DecodeConfig(load(t, name))
		if err != nil || c != (portrait.Config{Format: format, Width: 120, Height: 150}) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		img, err := portrait.Decode(load(t, name))
		if err != nil || img.Bounds() != image.Rect(0, 0, 120, 150) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := difference(first, img); d > 4 {
			t.Errorf("%s differs by %.1f from baseline.jpg", name, d)
		}
	}
	if d := difference(first, image.NewGray(first.Bounds())); d < 50 {
		t.Errorf("black differs by %.1f only", d)
	}
}

// grown is a file whose header tells of another size.
func grown(t *testing.T, name string, w, h int) []byte {
	t.Helper()
	b := load(t, name)
	short := func(at, n int) { binary.BigEndian.PutUint16(b[at:], uint16(n)) }
	long := func(at, n int) { binary.BigEndian.PutUint32(b[at:], uint32(n)) }
	find := func(s string) int {
		at := bytes.Index(b, []byte(s))
		if at < 0 {
			t.Fatalf("%s has no %x", name, s)
		}
		return at
	}
	switch name {
	case "baseline.jpg":
		at := find("\xFF\xC0")
		short(at+5, h)
		short(at+7, w)
	case "progressive.jpg":
		at := find("\xFF\xC2")
		short(at+5, h)
		short(at+7, w)
	case "file.jp2":
		at := find("ihdr")
		long(at+4, h)
		long(at+8, w)
		fallthrough
	default:
		at := find("\xFF\x4F\xFF\x51")
		for _, off := range []int{8, 24} { // the image, and one tile over all of it
			long(at+off, w)
			long(at+off+4, h)
		}
	}
	return b
}

// allocated is how many bytes do asks for.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What is too large is refused before memory is asked for.
func TestLimitsStandBeforeMemory(t *testing.T) {
	for name := range kinds {
		for _, size := range [][2]int{{65535, 65535}, {3999, 3999}, {1449, 1449}, {513, 4096}, {4097, 8}, {8, 4097}} {
			file := grown(t, name, size[0], size[1])
			var err error
			if n := allocated(func() { _, err = portrait.Decode(file) }); n > 256<<10 {
				t.Errorf("%s of %v: %d bytes were asked for", name, size, n)
			}
			if err == nil || errors.Is(err, portrait.ErrBehind) {
				t.Errorf("%s of %v: %v", name, size, err)
			}
		}
		if c, err := portrait.DecodeConfig(grown(t, name, 1448, 1448)); err != nil {
			t.Errorf("%s of the largest size: %+v, %v", name, c, err)
		}
	}
	for name := range kinds {
		file := append(load(t, name), make([]byte, portrait.MaxBytes)...)
		if _, err := portrait.Decode(file); !errors.Is(err, portrait.ErrLimit) {
			t.Errorf("%s of %d bytes: %v", name, len(file), err)
		}
	}
}

// Behind a picture there is nothing but zeros: a file of another kind could be
// hidden there. Inside a JP2 file there may be further boxes.
func TestNothingBehindThePicture(t *testing.T) {
	box := []byte("\x00\x00\x00\x0Cxml <a/>")
	for name := range kinds {
		good := load(t, name)
		for what, tail := range map[string][]byte{
			"a byte": {1}, "an archive": []byte("PK\x03\x04"), "a page": []byte("<html>"), "zeros and a byte": {0, 0, 0, 1},
			"itself": good, "an end": {0xFF, 0xD9}, "half a box": box[:10],
		} {
			if _, err := portrait.Decode(slices.Concat(good, tail)); !errors.Is(err, portrait.ErrBehind) {
				t.Errorf("%s with %s behind it: %v", name, what, err)
			}
		}
		if _, err := portrait.Decode(append(good, make([]byte, 100)...)); err != nil {
			t.Errorf("%s with zeros behind it: %v", name, err)
		}
		if _, err := portrait.Decode(append([]byte{0}, good...)); !errors.Is(err, portrait.ErrFormat) {
			t.Errorf("%s with a zero before it: %v", name, err)
		}
	}
	good := load(t, "file.jp2")
	if _, err := portrait.Decode(slices.Concat(good, box)); err != nil {
		t.Errorf("a box behind the picture: %v", err)
	}
	// The last box may leave its length open; then it holds all that follows.
	open := bytes.Clone(good)
	binary.BigEndian.PutUint32(open[bytes.Index(open, []byte("jp2c"))-4:], 0)
	if _, err := portrait.Decode(open); err != nil {
		t.Errorf("a box of open length: %v", err)
	}
	if _, err := portrait.Decode(append(open, "PK"...)); !errors.Is(err, portrait.ErrBehind) {
		t.Errorf("an archive in the box of the picture: %v", err)
	}
}

// bomb is a progressive JPEG of 1448×1448 that has the picture gone through again
// with each scan of a few bytes: all blocks are told to be empty at once.
func bomb(scans int) []byte {
	segment := func(marker byte, body ...byte) []byte {
		return append([]byte{0xFF, marker, 0, byte(len(body) + 2)}, body...)
	}
	one := make([]byte, 16)
	one[1] = 1 // one code, of two bits: 00
	b := slices.Concat([]byte{0xFF, 0xD8}, segment(0xDB, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...),
		segment(0xC2, 8, 1448>>8, 1448&0xFF, 1448>>8, 1448&0xFF, 1, 1, 0x11, 0),
		segment(0xC4, slices.Concat([]byte{0x10}, one, []byte{0xE0})...)) // 2^14 blocks and as many as 14 bits say
	for range scans {
		b = append(b, segment(0xDA, 1, 1, 0x00, 1, 63, 0)...)
		b = append(b, 0x3F, 0xFE, 0x00, 0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00)
	}
	return append(b, 0xFF, 0xD9)
}

func TestScansAreBounded(t *testing.T) {
	began := time.Now()
	if _, err := portrait.Decode(bomb(portrait.MaxScans)); err != nil {
		t.Errorf("%d scans: %v", portrait.MaxScans, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("%d scans took %v", portrait.MaxScans, took)
	}
	for _, n := range []int{portrait.MaxScans + 1, 10_000} {
		if _, err := portrait.Decode(bomb(n)); !errors.Is(err, portrait.ErrLimit) {
			t.Errorf("%d scans: %v", n, err)
		}
	}
	// What looks like a scan within a comment is none.
	comment := append([]byte{0xFF, 0xFE, 0x01, 0x02}, bytes.Repeat([]byte{0xFF, 0xDA}, 128)...)
	good := load(t, "progressive.jpg")
	if _, err := portrait.Decode(slices.Concat(good[:2], comment, good[2:])); err != nil {
		t.Errorf("a comment: %v", err)
	}
}

func TestPicturesThatAreRefused(t *testing.T) {
	jpg, jp2 := load(t, "baseline.jpg"), load(t, "file.jp2")
	cmyk := []byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 16, 0, 16, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0, 0xFF, 0xDA, 0, 2}
	for name, file := range map[string][]byte{
		"nothing":            nil,
		"PNG":                []byte("\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR"),
		"GIF":                []byte("GIF89a\x10\x00\x10\x00"),
		"half a JPEG":        jpg[:len(jpg)/2],
		"JPEG without end":   jpg[:len(jpg)-2],
		"half a JP2":         jp2[:len(jp2)/2],
		"a picture within":   slices.Concat(jpg[:len(jpg)-2], jpg),
		"four colours":       append(cmyk, 0, 0, 0xFF, 0xD9),
		"no width":           grown(t, "baseline.jpg", 0, 150),
		"no height":          grown(t, "progressive.jpg", 120, 0),
		"a segment too long": slices.Concat(jpg[:2], []byte{0xFF, 0xFE, 0xFF, 0xFF}, jpg[2:]),
		"a segment of one":   slices.Concat(jpg[:2], []byte{0xFF, 0xFE, 0, 1}, jpg[2:]),
		"three bytes":        {0xFF, 0xD8, 0xFF},
		"markers for ever":   bytes.Repeat([]byte{0xFF}, 1000),
	} {
		if img, err := portrait.Decode(append([]byte(nil), file...)); err == nil {
			t.Errorf("%s: %v", name, img.Bounds())
		}
		if c, err := portrait.DecodeConfig(file); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// A frame of a camera may have other limits, and what phones write behind it.
func TestFramesHaveTheirOwnLimits(t *testing.T) {
	frame := append(load(t, "baseline.jpg"), "MotionPhoto"...)
	if _, err := portrait.DecodeJPEG(frame, portrait.Limits{Bytes: 4096, Pixels: 120 * 150}); err != nil {
		t.Error(err)
	}
	for name, l := range map[string]portrait.Limits{
		"bytes": {Bytes: len(frame) - 1, Pixels: 120 * 150}, "pixels": {Bytes: 4096, Pixels: 120*150 - 1}, "exact": {4096, 120 * 150, true},
	} {
		if _, err := portrait.DecodeJPEG(frame, l); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	if _, err := portrait.DecodeJPEG(load(t, "file.jp2"), portrait.Limits{Bytes: 1 << 20, Pixels: 1 << 20}); err == nil {
		t.Error("JPEG 2000 is taken for JPEG")
	}
}

// What is decoded has the size that was told, within the limits, and was seen by
// one decoder; a JPEG is the picture that image/jpeg sees.
func FuzzDecode(f *testing.F) {
	for name := range kinds {
		f.Add(load(f, name))
	}
	f.Add(bomb(3))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := portrait.DecodeConfig(file)
		if err == nil && c.Width*c.Height > 1<<18 {
			return // time is for small ones
		}
		img, derr := portrait.Decode(file)
		if derr != nil {
			return
		}
		if err != nil || img.Bounds() != image.Rect(0, 0, c.Width, c.Height) || c.Width*c.Height > portrait.MaxPixels || c.Format != lds.Format(file) {
			t.Errorf("%+v, %v, decoded to %v", c, err, img.Bounds())
		}
		if c.Format != lds.JPEG {
			return
		}
		if other, err := jpeg.Decode(bytes.NewReader(file)); err != nil || difference(img, other) != 0 {
			t.Errorf("image/jpeg: %v", err)
		}
	})
}
