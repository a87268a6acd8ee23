package model

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const manifest = `[{"paths":["x.bin"],"weights":[
	{"name":"q","shape":[2,2],"dtype":"float32","quantization":{"dtype":"uint8","scale":0.5,"min":-1}},
	{"name":"h","shape":[3],"dtype":"float32","quantization":{"dtype":"float16"}},
	{"name":"f","shape":[],"dtype":"float32"}]}]`

func values() []byte {
	b := []byte{0, 1, 2, 255}
	for _, h := range []uint16{0x3C00, 0xC000, 0x0001} { // 1, -2, 2^-24
		b = binary.LittleEndian.AppendUint16(b, h)
	}
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(1.25))
}

func TestParse(t *testing.T) {
	for name, in := range map[string]string{"bare": manifest, "model": `{"modelTopology":{},"weightsManifest":` + manifest + `}`} {
		w, err := Parse([]byte(in), values())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := [][]float32{w.Floats("q", 2, 2), w.Floats("h", 3), w.Floats("f")}
		want := [][]float32{{-1, -0.5, 0, 126.5}, {1, -2, 1.0 / (1 << 24)}, {1.25}}
		if !cmp.Equal(got, want) || w.Err() != nil {
			t.Errorf("%s: %v, %v; want %v", name, got, w.Err(), want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	one := func(fields string) string { return `[{"weights":[{"name":"a",` + fields + `}]}]` }
	tests := map[string]struct {
		manifest string
		data     []byte
	}{
		"no JSON":         {"[", nil},
		"no tensors":      {"[]", nil},
		"too few bytes":   {one(`"shape":[2],"dtype":"float32"`), make([]byte, 7)},
		"too many bytes":  {one(`"shape":[2],"dtype":"float32"`), make([]byte, 9)},
		"unknown kind":    {one(`"shape":[2],"dtype":"float64"`), make([]byte, 16)},
		"negative":        {one(`"shape":[-2],"dtype":"float32"`), make([]byte, 8)},
		"zero":            {one(`"shape":[0],"dtype":"float32"`), nil},
		"product too big": {one(`"shape":[65536,65536,65536,65536],"dtype":"uint8"`), nil},
	}
	for name, tt := range tests {
		if _, err := Parse([]byte(tt.manifest), tt.data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A tensor that is not there, or of another shape, is told once the network is built.
func TestWeightsRememberWhatIsMissing(t *testing.T) {
	for _, ask := range []func(*Weights){
		func(w *Weights) { w.Floats("none", 2, 2) },
		func(w *Weights) { w.Floats("q", 4) },
		func(w *Weights) { w.Matrix("q", 1, 4) },
	} {
		w, err := Parse([]byte(manifest), values())
		if err != nil {
			t.Fatal(err)
		}
		ask(w)
		w.Floats("h", 3)
		if w.Err() == nil {
			t.Error("no error")
		}
	}
}

func TestHalf(t *testing.T) {
	for h, want := range map[uint16]float32{
		0x0000: 0, 0x3555: 0.33325195, 0x7BFF: 65504, 0x0400: 6.1035156e-05, 0x03FF: 6.097555e-05, 0xFC00: float32(math.Inf(-1)),
	} {
		if got := half(h); got != want {
			t.Errorf("half(%#04x) = %v; want %v", h, got, want)
		}
	}
	if got := half(0x7E00); got == got {
		t.Errorf("half(0x7e00) = %v; want not a number", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"missing":      {},
		"another file": {"faceres.json": {Data: []byte("{}")}, "faceres.bin": {Data: []byte{1}}},
	} {
		if _, err := Open(fsys, Features); err == nil || !strings.Contains(err.Error(), "faceres.json") {
			t.Errorf("%s: %v; want the name of the file", name, err)
		}
	}
	if _, err := Open(fstest.MapFS{}, "other"); err == nil {
		t.Error("an unknown network was opened")
	}
}

// Every file that is asked for has its pin, and there are no others.
func TestPins(t *testing.T) {
	want := map[string]bool{}
	for _, names := range parts {
		want[names[0]], want[names[1]] = true, true
	}
	for _, name := range Files() {
		if sum, err := hex.DecodeString(pins[name]); !want[name] || err != nil || len(sum) != 32 {
			t.Errorf("%s: not asked for, or no SHA-256", name)
		}
		delete(want, name)
	}
	if len(want) != 0 {
		t.Errorf("not pinned: %v", want)
	}
}

// Whatever a manifest says, what is handed out has the size of its shape.
func FuzzParse(f *testing.F) {
	f.Add([]byte(manifest), values())
	f.Add([]byte(`[{"weights":[{"name":"a","shape":[2,3],"dtype":"int32"}]}]`), make([]byte, 24))
	f.Fuzz(func(t *testing.T, m, data []byte) {
		w, err := Parse(m, data)
		if err != nil {
			return
		}
		for name, p := range w.params {
			if n := len(w.Floats(name, p.shape...)); n != product(p.shape) || n > len(data) {
				t.Errorf("%d values of shape %v out of %d bytes", n, p.shape, len(data))
			}
		}
		if w.Err() != nil {
			t.Error(w.Err())
		}
	})
}
