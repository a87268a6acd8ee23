package need

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Models returns the folder of the face engine's model files, or ends the test.
// It is the one that TUNNUS_MODELS names, or where the build or npm puts them.
func Models(t testing.TB) fs.FS {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	npm := filepath.Join(root, "models", "node_modules", "@vladmandic")
	for _, dirs := range []folders{
		{os.Getenv("TUNNUS_MODELS")},
		{filepath.Join(root, "bin", "models")},
		{filepath.Join(npm, "face-api", "model"), filepath.Join(npm, "human", "models")},
	} {
		f, err := dirs.Open("faceres.bin")
		if err == nil {
			_ = f.Close()
			return dirs
		}
	}
	Missing(t, "no model files: run make build, or name their folder in TUNNUS_MODELS")
	return nil
}

// moduleRoot climbs from the test's folder to the one with go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("need: no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// folders opens a file in the first of its folders that has it.
type folders []string

func (s folders) Open(name string) (fs.File, error) {
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
