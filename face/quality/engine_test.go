package quality_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/quality"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
)

var built struct {
	sync.Mutex
	engine *face.BuiltIn
	models map[string]*virtual.Model
}

// engine returns one engine for all tests, or ends the test with the reason.
func engine(t testing.TB) *face.BuiltIn {
	t.Helper()
	files := need.Models(t)
	built.Lock()
	defer built.Unlock()
	if built.engine == nil {
		e, err := face.Open(files)
		if err != nil {
			t.Fatal(err)
		}
		built.engine = e
	}
	return built.engine
}

// model returns a member of the cast, made ready once.
func model(t testing.TB, name string) *virtual.Model {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.models == nil {
		built.models = map[string]*virtual.Model{}
	}
	if built.models[name] == nil {
		p, ok := virtual.Find(name)
		if !ok {
			t.Fatalf("%s is not in the cast", name)
		}
		built.models[name] = virtual.NewModel(p)
	}
	return built.models[name]
}

// still looks for faces in a picture as it is done once a picture: by landmarks.
func still(t testing.TB, img image.Image) quality.Seen {
	t.Helper()
	all, err := engine(t).Detect(img)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		return quality.Seen{Faces: len(all)}
	}
	return all[0].Seen()
}

// film looks for the face of a frame as it is done in films: by the mesh.
func film(t testing.TB, tr *face.Tracker, img image.Image) quality.Seen {
	t.Helper()
	mesh, sure, err := tr.Follow(img)
	if err != nil {
		t.Fatal(err)
	}
	if !sure || tr.Faces() > 1 {
		return quality.Seen{Faces: max(tr.Faces()-1, 0) * 2}
	}
	return mesh.Seen()
}

func decode(t testing.TB, file []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
