package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// plain is a picture of one colour.
func plain(t testing.TB, w, h int, c color.Color) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	y := color.YCbCrModel.Convert(c).(color.YCbCr)
	for i := range img.Y {
		img.Y[i] = y.Y
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = y.Cb, y.Cr
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFolder(t *testing.T) {
	a, b := plain(t, 480, 360, color.White), plain(t, 480, 360, color.Black)
	fsys := fstest.MapFS{"2.jpg": {Data: a}, "1.JPEG": {Data: b}, "notes.txt": {Data: []byte("x")}, "sub/3.jpg": {Data: a}}
	s, err := Folder(fsys, 15)
	if err != nil || s.Width != 480 || s.Height != 360 || s.Rate != 15 || !slices.EqualFunc(s.Frames, [][]byte{b, a}, bytes.Equal) {
		t.Fatalf("%v: %d×%d, %d frames", err, s.Width, s.Height, len(s.Frames))
	}
	for name, data := range map[string][]byte{
		"another size": plain(t, 360, 480, color.White), "not a JPEG": []byte("GIF89a"), "cut off": a[:10],
		"too large": append(slices.Clone(a), make([]byte, 1<<20)...),
	} {
		fsys["9.jpg"] = &fstest.MapFile{Data: data}
		if _, err := Folder(fsys, 15); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := New(Strip{Width: 480, Height: 360, Rate: 15}); err == nil {
		t.Error("a camera of no pictures")
	}
}

// A picture with a smaller one in it, as cameras put it there, is one picture.
func TestMJPEG(t *testing.T) {
	a, b := plain(t, 480, 360, color.White), plain(t, 480, 360, color.Black)
	thumb := plain(t, 32, 24, color.White)
	app1 := append([]byte{0xFF, 0xE1, byte((len(thumb) + 2) >> 8), byte(len(thumb) + 2)}, thumb...)
	a = slices.Concat(a[:2], app1, a[2:])
	s, err := MJPEG(bytes.NewReader(slices.Concat(a, b, a)), 30)
	if err != nil || !slices.EqualFunc(s.Frames, [][]byte{a, b, a}, bytes.Equal) {
		t.Fatalf("%v, %d frames", err, len(s.Frames))
	}
	for name, data := range map[string][]byte{
		"cut off": slices.Concat(a, b[:len(b)-1]), "something between": slices.Concat(a, []byte("xx"), b),
		"one byte more": append(slices.Clone(a), 0xFF), "a segment that is too long": {0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 1},
		"no end": slices.Concat(a[:len(a)-2], make([]byte, 1<<20)), "another kind": []byte("RIFF"),
	} {
		if _, err := MJPEG(bytes.NewReader(data), 30); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// y4mOf writes frames of one level.
func y4mOf(head string, n int, levels ...int) []byte {
	out := bytes.NewBufferString(head + "\n")
	for range n {
		out.WriteString("FRAME\n")
		for i := 0; i < len(levels); i += 2 {
			out.Write(bytes.Repeat([]byte{byte(levels[i])}, levels[i+1]))
		}
	}
	return out.Bytes()
}

func TestY4M(t *testing.T) {
	const n = 480 * 360
	for head, tt := range map[string]struct {
		levels []int
		want   color.YCbCr
	}{
		"W480 H360 F30:1":                              {[]int{235, n, 128, n / 4, 128, n / 4}, color.YCbCr{255, 128, 128}},
		"W480 H360 F30:1 Ip A1:1 C420jpeg":             {[]int{16, n, 128, n / 4, 128, n / 4}, color.YCbCr{0, 128, 128}},
		"W480 H360 F30:1 C422 XCOLORRANGE=LIMITED":     {[]int{125, n, 16, n / 2, 240, n / 2}, color.YCbCr{126, 1, 255}},
		"W480 H360 F30000:1001 C444 XCOLORRANGE=FULL":  {[]int{60, n, 90, n, 200, n}, color.YCbCr{60, 90, 200}},
		"H360 W480 F10:1 Cmono XYSCSS=GRAY XWHATEVER=": {[]int{235, n}, color.YCbCr{255, 128, 128}},
	} {
		s, err := Y4M(bytes.NewReader(y4mOf("YUV4MPEG2 "+head, 3, tt.levels...)))
		if err != nil || len(s.Frames) != 3 || s.Width != 480 || s.Height != 360 || s.Rate < 9 || s.Rate > 30 {
			t.Errorf("%s: %v, %d frames of %d×%d, %g a second", head, err, len(s.Frames), s.Width, s.Height, s.Rate)
			continue
		}
		img, err := jpeg.Decode(bytes.NewReader(s.Frames[2]))
		if err != nil {
			t.Fatal(err)
		}
		got := color.YCbCrModel.Convert(img.At(100, 100)).(color.YCbCr)
		if far(got.Y, tt.want.Y) || far(got.Cb, tt.want.Cb) || far(got.Cr, tt.want.Cr) {
			t.Errorf("%s: %v, want %v", head, got, tt.want)
		}
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 3 }

func TestY4MRefused(t *testing.T) {
	const n = 480 * 360
	whole := []int{16, n, 128, n / 4, 128, n / 4}
	for name, data := range map[string][]byte{
		"nothing":            nil,
		"another kind":       []byte("RIFF\n"),
		"no end of the line": []byte("YUV4MPEG2 " + strings.Repeat("W1 ", 200)),
		"ten bits":           y4mOf("YUV4MPEG2 W480 H360 F30:1 C420p10", 1, whole...),
		"no size":            y4mOf("YUV4MPEG2 F30:1", 1, whole...),
		"below zero":         y4mOf("YUV4MPEG2 W-480 H-360 F30:1", 1, whole...),
		"twenty megapixels":  y4mOf("YUV4MPEG2 W5472 H3648 F30:1", 1, whole...),
		"beyond any number":  y4mOf("YUV4MPEG2 W99999999999999999999 H1 F30:1", 1, whole...),
		"no rate":            y4mOf("YUV4MPEG2 W480 H360 F0:0", 1, whole...),
		"cut off":            y4mOf("YUV4MPEG2 W480 H360 F30:1", 1, 16, n),
		"something between":  append(y4mOf("YUV4MPEG2 W480 H360 F30:1", 1, whole...), "GARBAGE\n"...),
	} {
		if _, err := Y4M(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Whatever a file holds: pictures of one size within the limits, or a failure.
func FuzzFiles(f *testing.F) {
	f.Add(plain(f, 360, 360, color.White))
	f.Add(y4mOf("YUV4MPEG2 W360 H360 F30:1 Cmono", 1, 16, 360*360))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, read := range map[string]func() (Strip, error){
			"mjpeg": func() (Strip, error) { return MJPEG(bytes.NewReader(b), 30) },
			"y4m":   func() (Strip, error) { return Y4M(bytes.NewReader(b)) },
		} {
			s, err := read()
			if err != nil {
				continue
			}
			for _, file := range s.Frames {
				if c, err := jpeg.DecodeConfig(bytes.NewReader(file)); err != nil || c.Width != s.Width || c.Height != s.Height {
					t.Error(name, err, fmt.Sprint(c))
				}
			}
			if got := slices.Concat(s.Frames...); name == "mjpeg" && !bytes.Equal(got, b) {
				t.Error("something of the file is in no picture")
			}
		}
	})
}
