package quality_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/quality"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
)

var opened = sync.OnceValues(func() (*face.Engine, error) {
	for _, dir := range []string{os.Getenv("TUNNUS_MODELS"), filepath.Join("..", "..", "bin", "models")} {
		if dir == "" {
			continue
		}
		e, err := face.Open(os.DirFS(dir))
		if !errors.Is(err, fs.ErrNotExist) {
			return e, err
		}
	}
	return nil, fs.ErrNotExist
})

// engine returns one engine for all tests, or ends the test with the reason.
func engine(t testing.TB) *face.Engine {
	t.Helper()
	e, err := opened()
	if errors.Is(err, fs.ErrNotExist) {
		need.Missing(t, "no model files: run make build, or name their folder in TUNNUS_MODELS")
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// find looks for faces in a picture.
func find(t testing.TB, img image.Image) quality.Seen {
	t.Helper()
	all, err := engine(t).Detect(img)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		return quality.Seen{Faces: len(all)}
	}
	var p [68]quality.Point
	for i, q := range all[0].Landmarks {
		p[i] = quality.Point(q)
	}
	return quality.OfLandmarks(p, all[0].Doubt)
}

func decode(t testing.TB, file []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// model returns a member of the cast, made ready once.
func model(t testing.TB, name string) *virtual.Model {
	t.Helper()
	models.Lock()
	defer models.Unlock()
	if models.made[name] == nil {
		p, ok := virtual.Find(name)
		if !ok {
			t.Fatalf("%s is not in the cast", name)
		}
		if models.made == nil {
			models.made = map[string]*virtual.Model{}
		}
		models.made[name] = virtual.NewModel(p)
	}
	return models.made[name]
}

var models struct {
	sync.Mutex
	made map[string]*virtual.Model
}
