package phone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/app/steps"
)

// filmRate is how many pictures a second are taken of what names no rate of its own.
const filmRate = 15

// A filmBody has a camera that plays what was filmed before. It implements steps.Filmer.
type filmBody struct {
	app.Body
	steps.Typist

	file string
}

// withFilm gives a body the camera of a file; without a file it stays as it is.
func withFilm(b app.Body, file string) app.Body {
	if file == "" || b == nil {
		return b
	}
	typist, ok := b.(steps.Typist)
	if !ok {
		typist = camerasEyes{}
	}
	return filmBody{b, typist, file}
}

// camerasEyes has seen the code line of a document.
type camerasEyes struct{}

// Typed implements steps.Typist.
func (camerasEyes) Typed() bool { return false }

// Camera implements steps.Filmer.
func (b filmBody) Camera(context.Context) (camera.Camera, error) {
	s, err := strip(b.file)
	if err != nil {
		return nil, err
	}
	return camera.New(s)
}

// strip reads a folder of JPEG files, a Y4M or an MJPEG file.
func strip(name string) (camera.Strip, error) {
	info, err := os.Stat(name)
	if err != nil {
		return camera.Strip{}, err
	}
	if info.IsDir() {
		return camera.Folder(os.DirFS(name), filmRate)
	}
	f, err := os.Open(name)
	if err != nil {
		return camera.Strip{}, err
	}
	defer func() { _ = f.Close() }() // it was read only
	switch strings.ToLower(filepath.Ext(name)) {
	case ".y4m":
		return camera.Y4M(f)
	case ".mjpeg", ".mjpg":
		return camera.MJPEG(f, filmRate)
	}
	return camera.Strip{}, fmt.Errorf("%s: neither a folder, nor .y4m, nor .mjpeg", name)
}

// Camera is that of whoever is in front of the reader.
func (b *readerBody) Camera(ctx context.Context) (camera.Camera, error) {
	if f, ok := b.person.(steps.Filmer); ok {
		return f.Camera(ctx)
	}
	return nil, errors.New("this computer has no camera that is known here: name a film with --film")
}
