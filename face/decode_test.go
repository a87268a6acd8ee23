package face

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/face/picture"
)

// encode makes a JPEG of one grey.
func encode(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 90
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sized returns the file with other dimensions in its frame header.
func sized(t testing.TB, file []byte, w, h int) []byte {
	t.Helper()
	i := bytes.Index(file, []byte{0xFF, 0xC0})
	if i < 0 {
		t.Fatal("no frame header")
	}
	out := bytes.Clone(file)
	out[i+5], out[i+6], out[i+7], out[i+8] = byte(h>>8), byte(h), byte(w>>8), byte(w)
	return out
}

func TestDecode(t *testing.T) {
	img, err := Decode(encode(t, 31, 17))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, 31, 17) || color.GrayModel.Convert(img.At(3, 3)) != (color.Gray{Y: 90}) {
		t.Errorf("got %v with %v", img.Bounds(), img.At(3, 3))
	}
}

// scans returns the file with its only scan n times.
func scans(file []byte, n int) []byte {
	at, end := bytes.Index(file, []byte{0xFF, 0xDA}), len(file)-2
	return slices.Concat(file[:at], bytes.Repeat(file[at:end], n), file[end:])
}

// What is refused for its number of scans would be read with fewer.
func TestDecodeTakesSomeScans(t *testing.T) {
	if _, err := Decode(scans(encode(t, 16, 16), portrait.MaxScans)); err != nil {
		t.Error(err)
	}
}

// The refusal of a large picture comes before memory is asked for.
func TestDecodeRefusesBeforeAllocating(t *testing.T) {
	huge := sized(t, encode(t, 16, 16), 65535, 65535)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(huge); err == nil {
				b.Fatal("decoded")
			}
		}
	})
	if n := r.AllocedBytesPerOp(); n > 1<<20 {
		t.Errorf("%d bytes were asked for", n)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encode(t, 16, 16)
	var other bytes.Buffer
	if err := png.Encode(&other, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"nothing":         nil,
		"another format":  other.Bytes(),
		"cut off":         good[:len(good)/2],
		"a large file":    append(bytes.Clone(good), make([]byte, MaxJPEG)...),
		"65535x65535":     sized(t, good, 65535, 65535),
		"just too large":  encode(t, 2049, 2048),
		"no height":       sized(t, good, 16, 0),
		"scan after scan": scans(good, portrait.MaxScans+1),
	}
	for name, file := range tests {
		if img, err := Decode(file); err == nil {
			t.Errorf("%s: decoded to %v", name, img.Bounds())
		}
	}
}

// Four colour components (CMYK) are not what a camera or a chip makes.
func TestDecodeRefusesCMYK(t *testing.T) {
	file := []byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 16, 0, 16, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0, 0xFF, 0xDA, 0, 2}
	file = append(file, make([]byte, 64)...)
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || c.ColorModel != color.CMYKModel {
		t.Fatalf("the test's file is no CMYK: %v, %v", c, err)
	}
	if _, err := Decode(file); err == nil {
		t.Error("decoded")
	}
}

// Whatever comes in, what comes out keeps the limits and can be looked at.
func FuzzDecode(f *testing.F) {
	good := encode(f, 24, 16)
	f.Add(good)
	f.Add(sized(f, good, 40000, 40000))
	f.Add(good[:100])
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := Decode(file)
		if err != nil {
			return
		}
		pic, err := picture.New(img)
		if err != nil || pic.W*pic.H > picture.MaxPixels {
			t.Errorf("decoded to %v: %v", img.Bounds(), err)
		}
	})
}
