package phone

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/app/steps"
)

func TestFilmOfFiles(t *testing.T) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 480, 360)), nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{
		"a.jpg": picture.Bytes(), "film.mjpeg": picture.Bytes(), "film.avi": picture.Bytes(),
		"film.y4m": append([]byte("YUV4MPEG2 W480 H360 Cmono\nFRAME\n"), make([]byte, 480*360)...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, ok := range map[string]bool{"": true, "film.mjpeg": true, "film.y4m": true, "film.avi": false, "nothing": false} {
		b := withFilm(&readerBody{}, filepath.Join(dir, name))
		cam, err := b.(steps.Filmer).Camera(t.Context())
		if (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
		if err != nil {
			continue
		}
		if w, h := cam.Size(); w != 480 || h != 360 {
			t.Errorf("%q: %d×%d", name, w, h)
		}
	}
	if _, err := (&readerBody{}).Camera(t.Context()); err == nil {
		t.Error("a camera where there is none")
	}
	if b := withFilm(&readerBody{}, dir); !b.(steps.Typist).Typed() {
		t.Error("a film has seen the code line")
	}
}
