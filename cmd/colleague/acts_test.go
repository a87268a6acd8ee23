package colleague

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// A reviewer's own program gets a portrait of any kind as PNG, and nothing that
// came with it.
func TestReviewersSeeThePixels(t *testing.T) {
	files, err := filepath.Glob("../../document/portrait/testdata/*.j*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no portraits: %v", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comment := []byte("\xFF\xFE\x00\x0A<script>")
		if file[1] == 0xD8 {
			file = append(append(bytes.Clone(file[:2]), comment...), file[2:]...)
		}
		b, err := drawn(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil || img.Bounds().Dx() != 120 || bytes.Contains(b, []byte("script")) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := drawn(file[:len(file)/2]); err == nil {
			t.Errorf("half of %s is drawn", name)
		}
	}
}
