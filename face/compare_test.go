package face_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual"
)

// shots are the pictures of one invented person.
type shots struct {
	portrait image.Image
	frames   []image.Image
	files    face.Job
}

// studio makes pictures of two members of the cast, once for all tests.
var studio = sync.OnceValue(func() map[string]shots {
	out := map[string]shots{}
	for _, name := range []string{"gus", "hana"} {
		p, ok := virtual.Find(name)
		if !ok {
			return nil
		}
		m := virtual.NewModel(p)
		s := shots{files: face.Job{Portrait: m.Portrait(), Frames: m.Frames(4, 1)}}
		s.portrait, _ = jpeg.Decode(bytes.NewReader(s.files.Portrait))
		for _, f := range s.files.Frames {
			img, _ := jpeg.Decode(bytes.NewReader(f))
			s.frames = append(s.frames, img)
		}
		out[name] = s
	}
	return out
})

func person(t testing.TB, name string) shots {
	t.Helper()
	s, ok := studio()[name]
	if !ok || s.portrait == nil {
		t.Fatalf("no pictures of %s", name)
	}
	return s
}

// edited returns the frames, each drawn upon.
func edited(frames []image.Image, edit func(*image.RGBA)) []image.Image {
	out := make([]image.Image, len(frames))
	for i, f := range frames {
		img := image.NewRGBA(f.Bounds())
		draw.Draw(img, img.Bounds(), f, image.Point{}, draw.Src)
		edit(img)
		out[i] = img
	}
	return out
}

// onWhite draws the frames on wide white ones, every step-th pixel of them.
func onWhite(frames []image.Image, step int) []image.Image {
	return edited(frames, func(img *image.RGBA) {
		small := image.NewRGBA(img.Bounds())
		draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
		b := img.Bounds()
		for y := 0; y < b.Dy()/step; y++ {
			for x := 0; x < b.Dx()/step; x++ {
				small.Set(b.Dx()/4+x, b.Dy()/4+y, img.At(x*step, y*step))
			}
		}
		copy(img.Pix, small.Pix)
	})
}

func sideways(frames []image.Image) []image.Image {
	out := make([]image.Image, len(frames))
	for i, f := range frames {
		b := f.Bounds()
		img := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				img.Set(b.Dy()-1-y, x, f.At(x, y))
			}
		}
		out[i] = img
	}
	return out
}

// plain is a frame of one grey.
func plain(grey uint8) image.Image {
	img := image.NewGray(image.Rect(0, 0, 480, 640))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: grey}), image.Point{}, draw.Src)
	return img
}

func noise() image.Image {
	r := rand.New(rand.NewPCG(1, 1))
	img := image.NewGray(image.Rect(0, 0, 480, 640))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	return img
}

// dim leaves an eighth of the light.
func dim(img *image.RGBA) {
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] /= 8
		}
	}
}

func TestSamePersonMatches(t *testing.T) {
	e := face.ForTest(t)
	gus := person(t, "gus")
	r, err := face.Compare(e, gus.portrait, gus.frames)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != face.Match || r.Frames != 3 || r.Distance <= 0 || r.Fused <= r.Distance || r.Engine != e.Meta().Version() {
		t.Errorf("Compare = %+v; want a match of three frames", r)
	}
}

func TestOtherPersonIsNoMatch(t *testing.T) {
	e := face.ForTest(t)
	r, err := face.Compare(e, person(t, "gus").portrait, person(t, "hana").frames)
	if err != nil || r.Verdict == face.Match {
		t.Errorf("Compare = %+v, %v; want no match", r, err)
	}
}

// The same pictures give the same numbers, to the last bit.
func TestCompareIsDeterministic(t *testing.T) {
	e := face.ForTest(t)
	gus := person(t, "gus")
	first, err := face.Compare(e, gus.portrait, gus.frames)
	if err != nil {
		t.Fatal(err)
	}
	second, err := face.Compare(e, gus.portrait, gus.frames)
	if err != nil || !cmp.Equal(first, second) {
		t.Errorf("%+v, then %+v, %v", first, second, err)
	}
}

func TestCompareRefusesFrames(t *testing.T) {
	e := face.ForTest(t)
	gus, hana := person(t, "gus"), person(t, "hana")
	crowd := image.NewRGBA(image.Rect(0, 0, 960, 640))
	draw.Draw(crowd, image.Rect(0, 0, 480, 640), gus.frames[0], image.Point{}, draw.Src)
	draw.Draw(crowd, image.Rect(480, 0, 960, 640), hana.frames[0], image.Point{}, draw.Src)
	with := func(img image.Image) []image.Image {
		return []image.Image{gus.frames[0], img, gus.frames[1], gus.frames[2]}
	}

	tests := []struct {
		name   string
		frames []image.Image
		want   tunnus.Code
	}{
		{"two frames", gus.frames[:2], tunnus.CodeBadRequest},
		{"eleven frames", append(gus.frames[:4:4], make([]image.Image, 7)...), tunnus.CodeBadRequest},
		{"no picture", with(nil), tunnus.CodeBadRequest},
		{"a picture without end", with(image.NewUniform(color.Gray{Y: 128})), tunnus.CodeBadRequest},
		{"an empty room", with(plain(128)), tunnus.CodeFacePosition},
		{"noise", with(noise()), tunnus.CodeFacePosition},
		{"a covered camera", []image.Image{plain(2), plain(2), plain(2)}, tunnus.CodeFaceQuality},
		{"two people", with(crowd), tunnus.CodeFaceMany},
		{"far away", onWhite(gus.frames, 3), tunnus.CodeFacePosition},
		{"on its side", sideways(gus.frames), tunnus.CodeFacePosition},
		{"in the dark", edited(gus.frames, dim), tunnus.CodeFaceQuality},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r, err := face.Compare(e, gus.portrait, tt.frames); tunnus.CodeOf(err) != tt.want {
				t.Errorf("Compare = %+v, %v; want %s", r, err, tt.want)
			}
		})
	}
}

// One bad frame among enough good ones is left out.
func TestUnclearFrameIsLeftOut(t *testing.T) {
	e := face.ForTest(t)
	gus := person(t, "gus")
	frames := append(edited(gus.frames[:1], dim), gus.frames[1:]...)
	r, err := face.Compare(e, gus.portrait, frames)
	if err != nil || r.Verdict != face.Match || r.Frames != 3 {
		t.Errorf("Compare = %+v, %v; want a match of the other three", r, err)
	}
}

// What no machine can compare is for a person to see, and never a match.
func TestPortraitWithoutFaceIsReview(t *testing.T) {
	e := face.ForTest(t)
	gus := person(t, "gus")
	for name, portrait := range map[string]image.Image{"nil": nil, "grey": image.NewGray(image.Rect(0, 0, 240, 308))} {
		r, err := face.Compare(e, portrait, gus.frames)
		if err != nil || r.Verdict != face.Review || r.Frames != 0 || r.Distance != -1 {
			t.Errorf("%s: Compare = %+v, %v; want review without distances", name, r, err)
		}
	}
}

// cropped returns the box of the only face, with a share of its size cut off on each side.
func cropped(t *testing.T, e face.Engine, img image.Image, share float64) image.Image {
	t.Helper()
	found, err := e.Detect(img)
	if err != nil || len(found) != 1 {
		t.Fatalf("Detect = %d faces, %v", len(found), err)
	}
	b := found[0].Box
	x, y := share*b.Width(), share*b.Height()
	return img.(*image.YCbCr).SubImage(image.Rect(int(b.Left+x), int(b.Top+y), int(b.Right-x), int(b.Bottom-y)))
}

// A portrait that is cut tightly still matches.
func TestTightPortrait(t *testing.T) {
	e := face.ForTest(t)
	gus := person(t, "gus")
	r, err := face.Compare(e, cropped(t, e, gus.portrait, 0), gus.frames)
	if err != nil || r.Verdict != face.Match {
		t.Errorf("Compare = %+v, %v; want a match", r, err)
	}
}

// A face that fills more than the picture is found with grey around it, and only so.
func TestDetectWithGreyAround(t *testing.T) {
	e := face.ForTest(t)
	found, err := e.Detect(cropped(t, e, person(t, "gus").portrait, 0.12))
	if err != nil || len(found) != 1 {
		t.Errorf("Detect = %d faces, %v; want one", len(found), err)
	}
}

func TestDo(t *testing.T) {
	e := face.ForTest(t)
	job := person(t, "gus").files
	if a := face.Do(e, job); a.Result == nil || a.Result.Verdict != face.Match {
		t.Errorf("Do = %+v; want a match", a)
	}
	job.Portrait = []byte("no picture")
	if a := face.Do(e, job); a.Result == nil || a.Result.Verdict != face.Review {
		t.Errorf("Do without a portrait = %+v; want review", a)
	}
	job.Frames = append([][]byte{[]byte("no picture")}, job.Frames...)
	if a := face.Do(e, job); a.Code != tunnus.CodeBadRequest || a.Field != "frames" {
		t.Errorf("Do with a broken frame = %+v; want %s", a, tunnus.CodeBadRequest)
	}
}

// BenchmarkCompareFaces compares one portrait with three frames, JPEGs decoded.
func BenchmarkCompareFaces(b *testing.B) {
	e := face.ForTest(b)
	job := person(b, "gus").files
	job.Frames = job.Frames[:3]
	b.ReportAllocs()
	for b.Loop() {
		if a := face.Do(e, job); a.Result == nil {
			b.Fatal(a.Cause)
		}
	}
}
