package face

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/need"
)

// folders are where the model files may lie: where the tests are told, where
// the build puts them, where npm puts them.
var folders = [][]string{
	{os.Getenv("TUNNUS_MODELS")},
	{filepath.Join("..", "bin", "models")},
	{
		filepath.Join("..", "models", "node_modules", "@vladmandic", "face-api", "model"),
		filepath.Join("..", "models", "node_modules", "@vladmandic", "human", "models"),
	},
}

// several opens a file in the first of its folders that has it.
type several []string

func (s several) Open(name string) (fs.File, error) {
	for _, dir := range s {
		if dir == "" {
			continue
		}
		if f, err := os.DirFS(dir).Open(name); err == nil {
			return f, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// models returns the folder of the model files, or skips the test with the reason.
func models(t testing.TB) fs.FS {
	t.Helper()
	for _, dirs := range folders {
		f, err := several(dirs).Open(model.Files()[0])
		if err == nil {
			_ = f.Close()
			return several(dirs)
		}
	}
	need.Missing(t, "no model files: run make build, or name their folder in TUNNUS_MODELS")
	return nil
}

var opened = sync.OnceValues(func() (*Engine, error) {
	for _, dirs := range folders {
		e, err := Open(several(dirs))
		if !errors.Is(err, fs.ErrNotExist) {
			return e, err
		}
	}
	return nil, fs.ErrNotExist
})

// engine returns one engine for all tests.
func engine(t testing.TB) *Engine {
	t.Helper()
	models(t)
	e, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ForTest is the engine for tests of the package from outside.
func ForTest(t testing.TB) *Engine { return engine(t) }

// A model file that differs in one bit is not opened.
func TestOpenRefusesAChangedBit(t *testing.T) {
	from := models(t)
	for _, name := range model.Files() {
		t.Run(name, func(t *testing.T) {
			changed := fstest.MapFS{}
			for _, n := range model.Files() {
				b, err := fs.ReadFile(from, n)
				if err != nil {
					t.Fatal(err)
				}
				if n == name {
					b[len(b)/2] ^= 1
				}
				changed[n] = &fstest.MapFile{Data: b}
			}
			if _, err := Open(changed); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Open = %v; want it to name %s", err, name)
			}
			if v, err := Check(changed); err == nil || v != "" {
				t.Errorf("Check = %q, %v; want an error", v, err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	if v, err := Check(models(t)); err != nil || v != engine(t).Version() {
		t.Errorf("Check = %q, %v; want the engine's version", v, err)
	}
}

func TestOpenWithoutFiles(t *testing.T) {
	if _, err := Open(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v; want that a file is missing", err)
	}
}
