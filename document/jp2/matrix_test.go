package jp2_test

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
	"github.com/tunnus-id/tunnus/need"
)

// portrait is an invented picture of n components: soft shades, hard edges, and
// noise in a corner. Nobody is in it.
func portrait(w, h, n int) []byte {
	out := make([]byte, 0, w*h*n)
	seed := uint32(1)
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			face := math.Hypot((u-0.5)*1.6, (v-0.45)*1.2)
			for c := range n {
				s := 60 + 120*v + 30*math.Sin(9*u+float64(c))
				if face < 0.4 {
					s = 215 - 160*face - 25*float64(c) + 8*math.Sin(60*u)*math.Sin(47*v)
				}
				if math.Hypot(u-0.38, v-0.4) < 0.04 || math.Hypot(u-0.62, v-0.4) < 0.04 {
					s = 20 + 10*float64(c)
				}
				seed = seed*1664525 + 1013904223
				if u > 0.7 && v > 0.7 {
					s += float64(seed>>24)/4 - 32
				}
				out = append(out, byte(min(255, max(0, s+float64(seed>>28)/4))))
			}
		}
	}
	return out
}

// pnm is a picture as the tools read it.
func pnm(w, h, n int, pix []byte) []byte {
	kind := 5
	if n == 3 {
		kind = 6
	}
	return append(fmt.Appendf(nil, "P%d\n%d %d\n255\n", kind, w, h), pix...)
}

// readPNM takes apart what a tool wrote.
func readPNM(t *testing.T, b []byte) (w, h, n int, pix []byte) {
	t.Helper()
	for i := 0; i < len(b); i++ { // comments
		if b[i] == '#' {
			b = append(b[:i:i], b[i+bytes.IndexByte(b[i:], '\n')+1:]...)
			i--
		}
		if bytes.Count(b[:i+1], []byte("\n")) == 3 {
			break
		}
	}
	var kind, top int
	if _, err := fmt.Sscanf(string(b[:min(len(b), 60)]), "P%d\n%d %d\n%d\n", &kind, &w, &h, &top); err != nil || top != 255 {
		t.Fatalf("PNM %q: %v", b[:20], err)
	}
	n = 1
	if kind == 6 {
		n = 3
	}
	return w, h, n, b[len(b)-w*h*n:]
}

// samples are a decoded picture's, components of a pixel beside each other.
func samples(img image.Image) (w, h, n int, pix []byte) {
	w, h = img.Bounds().Dx(), img.Bounds().Dy()
	switch img := img.(type) {
	case *image.Gray:
		return w, h, 1, img.Pix
	case *image.RGBA:
		for i := 0; i < len(img.Pix); i += 4 {
			pix = append(pix, img.Pix[i:i+3]...)
		}
	case *image.YCbCr:
		for y := range h {
			for x := range w {
				i, j := img.YOffset(x, y), img.COffset(x, y)
				pix = append(pix, rgb(img.Y[i], img.Cb[j], img.Cr[j])...)
			}
		}
	}
	return w, h, 3, pix
}

// rgb turns sYCC into sRGB as opj_decompress does, with products cut to whole numbers.
func rgb(y, cb, cr byte) []byte {
	b, r := float64(int(cb)-128), float64(int(cr)-128)
	at := func(d int) byte { return byte(min(255, max(0, int(y)+d))) }
	return []byte{at(int(1.402 * r)), at(-int(0.344*b + 0.714*r)), at(int(1.772 * b))}
}

// differ tells the largest difference of two pictures, and where it is.
func differ(a, b []byte) (most, where int) {
	for i := range a {
		if d := max(a[i], b[i]) - min(a[i], b[i]); int(d) > most {
			most, where = int(d), i
		}
	}
	return most, where
}

// run starts a tool that must succeed.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// A trial is one picture and how it is compressed.
type trial struct {
	w, h, n int
	args    string
	ending  string
}

// matrix are the trials: each mode against a few sizes, as opj_compress can make them.
func matrix() []trial {
	ways := []string{
		"", "-p RLCP", "-p RPCL -SOP -EPH", "-p PCRL -c [32,32]", "-p CPRL -c [64,32],[32,64],[16,16]",
		"-M 1", "-M 2", "-M 4", "-M 8", "-M 16", "-M 32", "-M 63", "-M 5", "-M 57", "-M 1 -r 6", "-M 13 -b 16,64",
		"-b 4,4", "-b 64,4 -M 8", "-b 4,256", "-b 1024,4", "-b 32,32 -n 1", "-n 2", "-n 6",
		"-t 64,48", "-t 33,57 -p RPCL", "-t 40,40 -TP R -p RLCP -PLT -TLM -n 3", "-t 100,100 -TP L -r 30,10,2 -n 3", "-TP C -p CPRL",
		"-r 40,20,10,5,1", "-r 25", "-q 25,30,40", "-r 8 -p RPCL -c [64,64] -SOP", "-r 20,10 -t 80,80 -p PCRL -EPH",
		"-d 13,7 -T 5,3 -t 50,50", "-d 1,1", "-d 7,200 -p PCRL -c [16,32] -n 2 -t 60,64 -T 7,150", "-d 77,50 -p CPRL -c [64,32] -n 3 -t 60,64 -T 33,31", "-mct 0",
		"-POC T1=0,0,1,3,3,RLCP/T1=3,0,1,6,3,CPRL", "-r 20,5,1 -POC T1=0,0,1,6,3,LRCP/T1=0,0,3,6,3,RPCL",
		"-ROI c=0,U=3", "-ROI c=0,U=12", "-GuardBits 4", "-C invented", "-s 2,2",
	}
	var out []trial
	for i, way := range ways {
		for _, irreversible := range []bool{false, true} {
			args := way
			if irreversible {
				if args += " -I"; !strings.Contains(args, "-r") && !strings.Contains(args, "-q") {
					args += " -r 12"
				}
			}
			ending := []string{"jp2", "j2k"}[i%2]
			out = append(out, trial{121, 93, 3, args, ending})
			if !strings.Contains(args, "POC") { // which names three components
				out = append(out, trial{61, 150, 1, args, ending})
			}
		}
	}
	out = append(out, // segmentation symbols that were cut to fit a size
		trial{86, 128, 1, "-n 5 -p PCRL -M 40 -b 4,64 -c [256,64] -t 27,67 -r 18 -SOP", "j2k"},
		trial{52, 84, 3, "-n 3 -I -M 33 -b 4,4 -r 2 -EPH", "j2k"},
		trial{128, 128, 3, "-n 6 -p PCRL -M 56 -b 4,128 -c [128,32],[256,16],[32,64] -d 49,35 -r 40,10,3 -EPH", "j2k"})
	for _, s := range [][2]int{{1, 1}, {1, 7}, {2, 2}, {3, 1}, {5, 4}} {
		out = append(out, trial{s[0], s[1], 3, "-n 1", "jp2"}, trial{s[0], s[1], 3, "-n 1 -I", "j2k"}, trial{s[0], s[1], 1, "-n 1 -d 1,1", "jp2"}, trial{s[0], s[1], 1, "-n 1 -I -d 1,1", "jp2"})
	}
	return out
}

// What opj_compress makes is decoded as opj_decompress decodes it: to the bit if
// the transform is reversible, else within 1.
func TestAgreesWithOpenJPEG(t *testing.T) {
	for _, tt := range matrix() {
		t.Run(fmt.Sprintf("%dx%dx%d %s %s", tt.w, tt.h, tt.n, tt.args, tt.ending), func(t *testing.T) {
			if !tt.try(t) {
				t.Fatal("opj_compress refuses it")
			}
		})
	}
}

// try compresses a picture with one tool, and decompresses it with another and
// with ours; ok is false if the first does not take its options.
func (tt trial) try(t *testing.T) (ok bool) {
	t.Helper()
	compress, decompress := need.Tool(t, "opj_compress"), need.Tool(t, "opj_decompress")
	dir := t.TempDir()
	in, coded, out := filepath.Join(dir, "in.ppm"), filepath.Join(dir, "a."+tt.ending), filepath.Join(dir, "out.ppm")
	if tt.n == 1 {
		in, out = filepath.Join(dir, "in.pgm"), filepath.Join(dir, "out.pgm")
	}
	if err := os.WriteFile(in, pnm(tt.w, tt.h, tt.n, portrait(tt.w, tt.h, tt.n)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-i", in, "-o", coded}, strings.Fields(tt.args)...)
	said, err := exec.CommandContext(t.Context(), compress, args...).CombinedOutput()
	if err != nil || bytes.Contains(said, []byte("ERROR")) {
		return false
	}
	run(t, decompress, "-i", coded, "-o", out)
	most := 0
	if strings.Contains(tt.args, "-I") {
		most = 1
	}
	agree(t, coded, out, most)
	return true
}

// options are some that may be combined at will.
func options(r *rand.Rand) string {
	args := fmt.Sprintf("-n %d -p %s", 1+r.IntN(6), []string{"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"}[r.IntN(5)])
	side := func(least, n int) int { return 1 << (least + r.IntN(n)) }
	for _, some := range []string{
		" -I", fmt.Sprintf(" -M %d", r.IntN(64)), fmt.Sprintf(" -b %d,%d", side(2, 5), side(2, 5)),
		fmt.Sprintf(" -c [%d,%d]", side(4, 5), side(4, 5)), fmt.Sprintf(" -t %d,%d", 20+r.IntN(150), 20+r.IntN(150)),
		fmt.Sprintf(" -d %d,%d", r.IntN(60), r.IntN(60)), fmt.Sprintf(" -r %d,%d", 20+r.IntN(30), 2+r.IntN(18)), " -SOP", " -EPH", " -PLT",
	} {
		if r.IntN(2) == 0 {
			args += some
		}
	}
	return args
}

// The same for options drawn by lot.
func TestAnyOptionsAgreeWithOpenJPEG(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	tried := 0
	for range 120 {
		tt := trial{1 + r.IntN(150), 1 + r.IntN(150), 1 + 2*r.IntN(2), options(r), "j2k"}
		t.Run(fmt.Sprintf("%dx%dx%d %s", tt.w, tt.h, tt.n, tt.args), func(t *testing.T) {
			if tt.try(t) {
				tried++
			}
		})
	}
	if tried < 80 {
		t.Errorf("only %d were tried", tried)
	}
}

// agree decodes a file and compares it with what a tool made of it.
func agree(t *testing.T, coded, out string, most int) {
	t.Helper()
	file, err := os.ReadFile(coded)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jp2.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	w, h, n, pix := samples(img)
	ww, wh, wn, wpix := readPNM(t, want)
	if w != ww || h != wh || n != wn {
		t.Fatalf("%dx%dx%d; want %dx%dx%d", w, h, n, ww, wh, wn)
	}
	if d, at := differ(pix, wpix); d > most {
		t.Errorf("differs by %d at (%d, %d)", d, at/n%w, at/n/w)
	}
}

// sYCC with fewer samples of colour, in whole and in odd sizes.
func TestSubsampledColoursAgreeWithOpenJPEG(t *testing.T) {
	compress, decompress := need.Tool(t, "opj_compress"), need.Tool(t, "opj_decompress")
	for _, s := range []string{"1x1", "2x1", "2x2"} {
		for _, size := range [][2]int{{64, 48}, {45, 37}, {2, 3}, {33, 64}} {
			for _, args := range []string{"", "-I", "-p CPRL -r 4", "-p RPCL -c [16,16] -t 24,40", "-p PCRL -r 6,2"} {
				t.Run(fmt.Sprint(s, size, args), func(t *testing.T) {
					var dx, dy int
					if _, err := fmt.Sscanf(s, "%dx%d", &dx, &dy); err != nil {
						t.Fatal(err)
					}
					w, h := size[0], size[1]
					cw, ch := (w+dx-1)/dx, (h+dy-1)/dy
					raw := append(append(portrait(w, h, 1), portrait(cw, ch, 1)...), portrait(ch, cw, 1)...)
					dir := t.TempDir()
					in, coded, out := filepath.Join(dir, "in.yuv"), filepath.Join(dir, "a.jp2"), filepath.Join(dir, "out.ppm")
					if err := os.WriteFile(in, raw, 0o600); err != nil {
						t.Fatal(err)
					}
					form := fmt.Sprintf("%d,%d,3,8,u@1x1:%s:%s", w, h, s, s)
					run(t, compress, append([]string{"-i", in, "-o", coded, "-F", form, "-mct", "0", "-n", "2"}, strings.Fields(args)...)...)
					run(t, decompress, "-i", coded, "-o", out)
					most := 0
					if args == "-I" {
						most = 4 // a step of 1 of colour is up to 3 in red, green and blue, and halves are cut
					}
					agree(t, coded, out, most)
				})
			}
		}
	}
}
