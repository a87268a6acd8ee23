package scan

import (
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/document/mrz"
)

var kinds = []mrz.Kind{mrz.TD1, mrz.TD2, mrz.TD3}

// often is n for the evaluation, a fifth of it where every test runs, and less elsewhere.
func often(n int) int {
	if os.Getenv("TUNNUS_PHOTOS") == "all" {
		return n
	}
	if os.Getenv("TUNNUS_TEST") == "all" {
		return n / 5
	}
	return n / 20
}

// A tally counts what came of photographs.
type tally struct {
	sync.Mutex
	taken, read, wrong int
}

// each does something with so many numbers, on all processors.
func each(n int, do func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// album photographs invented documents and has them read; seeds are fixed.
func album(t *testing.T, n int, seed uint64, take func(*studio) shot) *tally {
	t.Helper()
	shop, sum := newStudio(t), &tally{}
	each(n, func(i int) {
		s := shop.seeded(seed + uint64(i))
		zone := s.holder(kinds[i%3])
		c := take(s)
		z, err := Read(s.photograph(zone, c))
		sum.Lock()
		defer sum.Unlock()
		sum.taken++
		switch {
		case err != nil:
			t.Logf("photograph %d (%s %+v): %v", i, kinds[i%3], c, err)
		case z.String() != zone:
			sum.wrong++
			t.Errorf("photograph %d (%+v) was read wrongly:\n%s\nfor\n%s", i, c, z, zone)
		default:
			sum.read++
		}
	})
	t.Logf("%d photographs: %d read, %d wrongly", sum.taken, sum.read, sum.wrong)
	return sum
}

// Documents that a person holds as well as may be asked are read, and none
// wrongly.
func TestPhotographs(t *testing.T) {
	if sum := album(t, often(1000), 100_000, (*studio).shot); sum.read*100 < sum.taken*98 {
		t.Errorf("%d of %d photographs were read", sum.read, sum.taken)
	}
}

// What is blurred, dark, grainy, tilted and compressed beyond reason may be
// refused, but is not read wrongly.
func TestPoorPhotographs(t *testing.T) {
	album(t, often(300), 200_000, (*studio).poor)
}

// A document that lies upside down is read as well.
func TestUpsideDown(t *testing.T) {
	sum := album(t, often(60), 300_000, func(s *studio) shot {
		c := s.shot()
		c.upsideDown = true
		return c
	})
	if sum.read*100 < sum.taken*95 {
		t.Errorf("%d of %d photographs were read", sum.read, sum.taken)
	}
}

// A large picture is made smaller first.
func TestLargePicture(t *testing.T) {
	sum := album(t, 2, 400_000, func(s *studio) shot {
		c := s.shot()
		c.w, c.h, c.blur, c.span = 3200, 2400, .04, .8
		return c
	})
	if sum.read != sum.taken {
		t.Errorf("%d of %d photographs were read", sum.read, sum.taken)
	}
}

// damage puts another digit in the place of one: a check digit covers it, or it is one.
// Left out is what is one character from a right zone that looks alike, such as 0 and O:
// whoever sees it reads that zone.
func (s *studio) damage(zone string) string {
	for {
		b := []byte(zone)
		at := s.IntN(len(b))
		if b[at] < '0' || b[at] > '9' {
			continue
		}
		b[at] = '0' + (b[at]-'0'+byte(1+s.IntN(9)))%10
		if !nearRight(b) {
			return string(b)
		}
	}
}

// nearRight reports whether one character that looks alike makes a zone right.
func nearRight(zone []byte) bool {
	for at, was := range zone {
		for _, c := range []byte(alphabet) {
			if was == '\n' || !alike(was, c) {
				continue
			}
			zone[at] = c
			_, err := mrz.Parse(string(zone))
			if zone[at] = was; err == nil {
				return true
			}
		}
	}
	return false
}

// A document whose check digits are wrong is never read, however clear it is.
func TestDamagedDigits(t *testing.T) {
	shop := newStudio(t)
	each(often(200), func(i int) {
		s := shop.seeded(500_000 + uint64(i))
		zone := s.damage(s.holder(kinds[i%3]))
		c := s.shot()
		if z, err := Read(s.photograph(zone, c)); err == nil {
			t.Errorf("photograph %d: read\n%s\nwith wrong check digits:\n%s", i, z, zone)
		}
	})
}

// Pictures without a code line give none: text in rows, of the same font too.
func TestOtherText(t *testing.T) {
	shop := newStudio(t)
	each(often(100), func(i int) {
		s := shop.seeded(600_000 + uint64(i))
		c := s.shot()
		lines := make([]string, 2+s.IntN(2))
		for l := range lines {
			lines[l] = s.letters(alphabet, []int{30, 36, 44}[s.IntN(3)])
		}
		if i%2 == 0 {
			lines = lines[:1]
		}
		zone := strings.Join(lines, "\n")
		if z, err := Read(s.photograph(zone, c)); err == nil {
			t.Errorf("page %d: read\n%s\nfor\n%s", i, z, zone)
		}
	})
}

// patterns are pictures without a code line; the bars stand like its characters.
var patterns = map[string]func(x, y int) uint8{
	"white":   func(_, _ int) uint8 { return 255 },
	"board":   func(x, y int) uint8 { return uint8(255 * ((x/3 + y/3) % 2)) },
	"squares": func(x, y int) uint8 { return uint8(255 * min(1, x/8%2+y/8%2)) },
	"bars":    func(x, y int) uint8 { return uint8(255 * min(1, x/6%2+y/14%2)) },
	"noise":   func(x, y int) uint8 { return uint8((uint32(x)*2654435761 ^ uint32(y)*2246822519) * 2654435761 >> 24) },
	"specks": func(x, y int) uint8 {
		return uint8((uint32(x/4)*2654435761 ^ uint32(y/6)*2246822519) * 2654435761 >> 31 * 255)
	},
}

func tiled(w, h int, at func(x, y int) uint8) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = at(i%w, i/w)
	}
	return m
}

// Noise, stripes and boards of squares give no code line, and cost little.
func TestPatterns(t *testing.T) {
	for name, at := range patterns {
		if z, err := Read(tiled(1600, 1200, at)); err == nil {
			t.Errorf("%s: read as %s", name, z)
		}
	}
}

// wide is a picture that says it is of some size, and has nothing in it.
type wide struct{ image.Rectangle }

func (wide) ColorModel() color.Model   { return color.GrayModel }
func (w wide) Bounds() image.Rectangle { return w.Rectangle }
func (wide) At(int, int) color.Color   { panic("a pixel was asked for") }

func TestSizesAreRefused(t *testing.T) {
	for _, size := range []image.Point{{}, {63, 100}, {100, 31}, {MaxPixels, 64}, {1 << 30, 1 << 30}, {5000, 5000}} {
		if _, err := Read(wide{image.Rectangle{Max: size}}); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("%v: %v", size, err)
		}
	}
}

// picture opens one of the pictures that are kept, with what stands in it.
func picture(t testing.TB, name string) (image.Image, string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(strings.TrimSuffix(name, ".jpg") + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return img, strings.TrimSpace(string(text))
}

// A few pictures are kept, so that reading is tested where the font is missing.
// With -update they are taken anew.
func TestKeptPictures(t *testing.T) {
	if *update {
		takePictures(t)
	}
	names, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(names) != len(kinds) {
		t.Fatalf("%d pictures, %v", len(names), err)
	}
	for _, name := range names {
		img, want := picture(t, name)
		for form, m := range map[string]image.Image{"as it is": img, "cut": crop{img}} {
			if z, err := Read(m); err != nil || z.String() != want {
				t.Errorf("%s %s: %v", name, form, err)
			}
		}
	}
}

// A crop shows a picture by its pixels only, off the origin.
type crop struct{ of image.Image }

func (c crop) ColorModel() color.Model { return c.of.ColorModel() }
func (c crop) Bounds() image.Rectangle { return c.of.Bounds().Add(image.Pt(7, -5)) }
func (c crop) At(x, y int) color.Color { return c.of.At(x-7, y+5) }

func takePictures(t *testing.T) {
	shop := newStudio(t)
	for i, kind := range kinds {
		s := shop.seeded(uint64(i))
		zone, c := s.holder(kind), s.shot()
		c.span, c.noise, c.blur = .85, 2, .05
		name := filepath.Join("testdata", strings.ToLower(string(kind)))
		f, err := os.Create(name + ".jpg")
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(jpeg.Encode(f, s.photograph(zone, c), &jpeg.Options{Quality: 60}), f.Close(),
			os.WriteFile(name+".txt", []byte(zone+"\n"), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	img, _ := picture(b, "testdata/td3.jpg")
	for b.Loop() {
		if _, err := Read(img); err != nil {
			b.Fatal(err)
		}
	}
}

// Where nothing is read all attempts are made.
func BenchmarkNothing(b *testing.B) {
	for name, at := range patterns {
		m := tiled(1280, 720, at)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Read(m); err == nil {
					b.Fatal("read")
				}
			}
		})
	}
}
