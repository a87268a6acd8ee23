package secretfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func file(t testing.TB, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(path, []byte(content), 0o600))
	must(t, os.Chmod(path, mode))
	return path
}

func TestReadRefuses(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(pipe, 0o600))
	for name, path := range map[string]string{
		"readable by the group":  file(t, "x", 0o640),
		"writable by others":     file(t, "x", 0o602),
		"too long":               file(t, "12345", 0o600),
		"a folder":               t.TempDir(),
		"a pipe that never ends": pipe,
		"missing":                pipe + "x",
	} {
		if _, err := Read(path, 4); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if b, err := Read(file(t, "1234", 0o400), 4); err != nil || string(b) != "1234" {
		t.Errorf("Read = %q, %v", b, err)
	}
}

func TestPassphrase(t *testing.T) {
	for content, ok := range map[string]bool{
		"correct horse battery staple":             true,
		"correct horse battery staple\n":           true,
		"correct horse battery staple\r\n":         true,
		"fifteen letters":                          false,
		"sixteen letters a\nand a second line":     false,
		"":                                         false,
		"sixteen letters\x00 and":                  false,
		strings.Repeat("x", maxPassphrase):         true,
		strings.Repeat("x", maxPassphrase+1):       false,
		strings.Repeat("x", 2*maxPassphrase) + "y": false,
	} {
		p, err := Passphrase(file(t, content, 0o600))
		if (err == nil) != ok || ok && strings.TrimRight(content, "\r\n") != string(p) {
			t.Errorf("%.20q: %q, %v", content, p, err)
		}
	}
	if _, err := Passphrase(file(t, "correct horse battery staple", 0o644)); err == nil {
		t.Error("a passphrase that others may read was taken")
	}
}

func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	must(t, WriteNew(path, []byte("first")))
	if err := WriteNew(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if err := Absent(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Absent = %v", err)
	}
	b, err := os.ReadFile(path)
	info, serr := os.Stat(path)
	if err := errors.Join(err, serr); err != nil || string(b) != "first" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", b, info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestReplace(t *testing.T) {
	path := file(t, "first", 0o600)
	must(t, Replace(path, []byte("second")))
	if b, err := Read(path, 100); err != nil || string(b) != "second" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAlone(t *testing.T) {
	dir, inside := t.TempDir(), 0
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := Alone(dir, func() error {
				inside++
				if inside != 1 {
					t.Error("two at the same time")
				}
				inside--
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
