package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/trust/tiles"
)

func write(t *testing.T, dir string, parts []Part) {
	t.Helper()
	for _, p := range parts {
		path := filepath.Join(dir, filepath.FromSlash(p.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, p.Bytes, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// The edge is read, then the log grows past it and its partial tiles go, then the
// rest is copied: the copy is sound, and goes on where it was cut.
func TestCopyOfALogThatGrows(t *testing.T) {
	for _, size := range []int{1, 255, 256, 600} {
		dir, to := t.TempDir(), t.TempDir()
		by, key := signerOf(t, 1)
		tree := open(t, dir, by)
		if _, err := tree.Append(t.Context(), leavesFrom(0, size)); err != nil {
			t.Fatal(err)
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
		parts, rest, err := Edge(dir)
		if err != nil {
			t.Fatal(err)
		}
		tree = open(t, dir, by)
		if _, err := tree.Append(t.Context(), leavesFrom(size, 700)); err != nil {
			t.Fatal(err)
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range partial(uint64(size)) {
			_ = os.Remove(filepath.Join(dir, name))
		}
		for _, name := range rest {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, Part{name, b})
		}
		write(t, to, parts)
		if n, err := Lines(to); err != nil || n != uint64(size) {
			t.Errorf("%d lines, %v; want %d", n, err, size)
		}
		copied := open(t, to, by)
		if first, err := copied.Append(t.Context(), leavesFrom(5000, 300)); err != nil || first != uint64(size) {
			t.Fatalf("it goes on at %d, %v; want %d", first, err, size)
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := tiles.Check(os.DirFS(to), tiles.Options{Key: key})
		if err != nil || !r.Sound() || r.Entries != uint64(size+300) {
			t.Errorf("Check = %d entries, %v, %v", r.Entries, r.Faults, err)
		}
	}
}

func TestNoLogHasNoEdge(t *testing.T) {
	if _, _, err := Edge(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, text := range []string{"", "a\n", "a\nb\nc\n"} {
		if _, err := LinesOf([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// A copy of what is served lacks what the writer keeps: it is not begun anew over it.
func TestCopyThatIsNotWholeIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	by, _ := signerOf(t, 1)
	tree := open(t, dir, by)
	if _, err := tree.Append(t.Context(), leavesFrom(0, 3)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tree.Close(), os.RemoveAll(filepath.Join(dir, ".state"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, by); !errors.Is(err, ErrNotWhole) {
		t.Errorf("Open = %v; want ErrNotWhole", err)
	}
	if _, _, err := Edge(dir); !errors.Is(err, ErrNotWhole) {
		t.Errorf("Edge = %v; want ErrNotWhole: no log has begun is something else", err)
	}
	if n, err := Lines(dir); err != nil || n != 3 {
		t.Errorf("%d lines are left, %v", n, err)
	}
}
