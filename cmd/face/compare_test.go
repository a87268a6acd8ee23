package face

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
)

var (
	models fs.FS
	opened = sync.OnceValues(func() (face.Engine, error) { return face.Open(models) })
)

func engine(t *testing.T) face.Engine {
	t.Helper()
	models = need.Models(t)
	e, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Portrait and live frame of one person match; the words and the JSON say so.
func TestCompare(t *testing.T) {
	e := engine(t)
	p, ok := virtual.Find("ben")
	if !ok {
		t.Fatal("no ben")
	}
	m := virtual.NewModel(p)
	var c comparison
	var emb [2]face.Embedding
	for i, picture := range [][]byte{m.Portrait(), m.Frames(1, 1)[0]} {
		var err error
		if c.Pictures[i], emb[i], err = look(e, file(t, picture)); err != nil {
			t.Fatal(err)
		}
	}
	c.judge(e.Meta(), emb)
	if c.Verdict != face.Match || c.Distance <= 0 || c.Distance > c.Match.Distance || c.Fused <= c.Distance {
		t.Fatalf("%+v; want a match", c)
	}
	var text bytes.Buffer
	if err := c.write(&text); err != nil || !strings.HasPrefix(text.String(), "match: ") || !strings.Contains(text.String(), "413×531") {
		t.Errorf("%v\n%s", err, text.String())
	}
	b, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(b), `"verdict":"match"`) || !strings.Contains(string(b), `"quality":{"faces":1,`) {
		t.Errorf("%v: %s", err, b)
	}
}

// A face whose landmarks are in doubt is not matched, however near.
func TestDoubtIsNoMatch(t *testing.T) {
	m := face.Default()
	emb := face.Embedding{make([]float32, 128), make([]float32, 1024)}
	emb[0][0], emb[1][0] = 1, 1
	for doubt, want := range map[float64]face.Verdict{0.1: face.Match, 0.2: face.Review, math.NaN(): face.Review} {
		var c comparison
		c.Pictures[1].Quality.Doubt = doubt
		if c.judge(m, [2]face.Embedding{emb, emb}); c.Verdict != want {
			t.Errorf("doubt %v: %s; want %s", doubt, c.Verdict, want)
		}
	}
}

// What cannot be compared is told in words, without a folder's name.
func TestCompareRefuses(t *testing.T) {
	e := engine(t)
	p, ok := virtual.Find("ben")
	if !ok {
		t.Fatal("no ben")
	}
	portrait := p.Portrait()
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"text":   {[]byte("no picture"), "neither JPEG nor JPEG 2000"},
		"empty":  {nil, "neither JPEG nor JPEG 2000"},
		"cut":    {portrait[:len(portrait)/2], ""},
		"long":   {append(bytes.Clone(portrait), make([]byte, face.MaxJPEG)...), "longer than 4 MB"},
		"nobody": {grey(t), "no face"},
		"huge":   {huge(t), "5000"},
	} {
		if _, _, err := look(e, file(t, tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), os.TempDir()) {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
	if _, _, err := look(e, filepath.Join(t.TempDir(), "none.jpg")); err == nil || strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("no file: %v", err)
	}
}

// huge says of itself that it has 20 megapixels.
func huge(t *testing.T) []byte {
	t.Helper()
	b := grey(t)
	at := bytes.Index(b, []byte{0xFF, 0xC0})
	if at < 0 {
		t.Fatal("no frame header")
	}
	copy(b[at+5:], []byte{4000 >> 8, 4000 & 255, 5000 >> 8, 5000 & 255})
	return b
}

func grey(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
