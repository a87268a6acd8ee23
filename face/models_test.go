package face

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/need"
)

var opened = sync.OnceValues(func() (*BuiltIn, error) { return Open(modelFiles) })

var modelFiles fs.FS

// engine returns one engine for all tests.
func engine(t testing.TB) *BuiltIn {
	t.Helper()
	modelFiles = need.Models(t)
	e, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ForTest is the engine for tests of the package from outside.
func ForTest(t testing.TB) *BuiltIn { return engine(t) }

// A model file that differs in one bit is not opened.
func TestOpenRefusesAChangedBit(t *testing.T) {
	from := need.Models(t)
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
			if m, err := Check(changed); err == nil || m.Name != "" {
				t.Errorf("Check = %+v, %v; want an error", m, err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	if m, err := Check(need.Models(t)); err != nil || !cmp.Equal(m, engine(t).Meta()) {
		t.Errorf("Check = %+v, %v; want what the engine says of itself", m, err)
	}
}

func TestOpenWithoutFiles(t *testing.T) {
	if _, err := Open(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v; want that a file is missing", err)
	}
}
