package folder

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tiles"
)

func signerOf(t testing.TB, seed byte) (note.Signer, proof.Key) {
	t.Helper()
	s, text, err := NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	k, err := proof.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

func open(t testing.TB, dir string, by note.Signer) *Tree {
	t.Helper()
	tree, err := Open(t.Context(), dir, by)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func leavesFrom(first, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = binary.BigEndian.AppendUint64(make([]byte, 24), uint64(first+i))
	}
	return out
}

// Proofs of each line and of each growth are good for whoever has the key.
func TestProofsFromTheFolder(t *testing.T) {
	dir := t.TempDir()
	by, key := signerOf(t, 1)
	r := Read(dir)
	var old []proof.Checkpoint
	for _, n := range []int{1, 6, 250, 300} {
		tree := open(t, dir, by)
		size, err := tree.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first, err := tree.Append(t.Context(), leavesFrom(int(size), n)); err != nil || first != size {
			t.Fatalf("Append = %d, %v; want %d", first, err, size)
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
		signed, err := r.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := key.Open(signed)
		if err != nil || c.Size != size+uint64(n) {
			t.Fatalf("checkpoint %+v, %v", c, err)
		}
		for i := range c.Size {
			p := proof.Inclusion{Leaf: leavesFrom(int(i), 1)[0], Index: i, Size: c.Size, Checkpoint: signed}
			if p.Hashes, err = r.Inclusion(t.Context(), i, c.Size); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Verify(key); err != nil {
				t.Fatalf("line %d of %d: %v", i, c.Size, err)
			}
		}
		for _, o := range old {
			hashes, err := r.Consistency(t.Context(), o.Size, c.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.Consistent(o, c, hashes); err != nil {
				t.Errorf("from %d to %d: %v", o.Size, c.Size, err)
			}
		}
		old = append(old, c)
	}
}

func TestLeavesComeBack(t *testing.T) {
	by, _ := signerOf(t, 1)
	tree := open(t, t.TempDir(), by)
	defer func() { _ = tree.Close() }()
	want := leavesFrom(0, 600)
	if _, err := tree.Append(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ from, n, got int }{{0, 600, 600}, {0, 1, 1}, {255, 2, 2}, {256, 256, 256}, {300, 1000, 300}, {599, 5, 1}, {600, 5, 0}} {
		got, err := tree.Leaves(t.Context(), uint64(tt.from), tt.n)
		if err != nil || len(got) != tt.got {
			t.Fatalf("Leaves(%d, %d) = %d, %v; want %d", tt.from, tt.n, len(got), err, tt.got)
		}
		for i := range got {
			if !bytes.Equal(got[i], want[tt.from+i]) {
				t.Errorf("leaf %d differs", tt.from+i)
			}
		}
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	by, _ := signerOf(t, 1)
	first := open(t, dir, by)
	if _, err := Open(t.Context(), dir, by); !errors.Is(err, ErrOpen) {
		t.Errorf("a second writer: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, by)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewSigner("a/log", key); err == nil {
		t.Error("a P-256 key signs checkpoints")
	}
	for _, origin := range []string{"", "a log", "a+log"} {
		if _, _, err := NewSigner(origin, ed25519.NewKeyFromSeed(make([]byte, 32))); err == nil {
			t.Errorf("an origin of %q", origin)
		}
	}
}

// What is the writer's own is not served.
func TestPublic(t *testing.T) {
	dir := t.TempDir()
	by, key := signerOf(t, 1)
	tree := open(t, dir, by)
	if _, err := tree.Append(t.Context(), leavesFrom(0, 300)); err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	files := Public(dir)
	for _, name := range []string{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/000"} {
		if b, err := fs.ReadFile(files, name); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{".state/treeState", "writer.lock", ".", "tile", "tile/0", "tile/../.state/treeState", "/etc/passwd", "tile/../writer.lock"} {
		if _, err := files.Open(name); err == nil {
			t.Errorf("%s is served", name)
		}
	}
	if r, err := tiles.Check(os.DirFS(dir), tiles.Options{Key: key}); err != nil || !r.Sound() {
		t.Errorf("%v, %v", r.Faults, err)
	}
}

// How many lines go in each second, by one feeder: batches as it brings them.
func BenchmarkAppend(b *testing.B) {
	by, _ := signerOf(b, 1)
	tree := open(b, b.TempDir(), by)
	defer func() { _ = tree.Close() }()
	n := 0
	for b.Loop() {
		if _, err := tree.Append(b.Context(), leavesFrom(n, batchSize)); err != nil {
			b.Fatal(err)
		}
		n += batchSize
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}

// A writer that died before it wrote down how far it had come leaves bundles and tiles
// behind that are part of no tree. The next one may have other lines to append; nothing
// contradicts them.
func TestUnfinishedBatchesAreDropped(t *testing.T) {
	by, key := signerOf(t, 1)
	own := []string{CheckpointFile, stateFile}
	for _, tt := range []struct{ had, died, next int }{{90, 2, 3}, {90, 3, 1}, {250, 10, 3}, {250, 1000, 3}, {256, 5, 2}, {0, 300, 1}} {
		dir := t.TempDir()
		grow := func(first, n int) {
			tree := open(t, dir, by)
			defer func() {
				if err := tree.Close(); err != nil {
					t.Fatal(err)
				}
			}()
			if n == 0 {
				return
			}
			if _, err := tree.Append(t.Context(), leavesFrom(first, n)); err != nil {
				t.Fatal(err)
			}
		}
		grow(0, tt.had)
		before := map[string][]byte{}
		for _, name := range own {
			b, err := os.ReadFile(dir + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = b
		}
		grow(5000, tt.died)
		for name, b := range before {
			if err := os.WriteFile(dir+"/"+name, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		grow(9000, tt.next)
		report, err := tiles.Check(os.DirFS(dir), tiles.Options{Key: key, Since: [][]byte{before[CheckpointFile]}})
		if err != nil || !report.Sound() || report.Entries != uint64(tt.had+tt.next) {
			t.Errorf("%+v: %d entries, %v, %v", tt, report.Entries, report.Faults, err)
		}
	}
}

// A state that is older than the checkpoint would make another log of this one.
func TestStateOlderThanTheCheckpointIsNotWritten(t *testing.T) {
	by, _ := signerOf(t, 1)
	dir := t.TempDir()
	var state []byte
	for i := range 2 {
		tree := open(t, dir, by)
		if _, err := tree.Append(t.Context(), leavesFrom(i*10, 10)); err != nil {
			t.Fatal(err)
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			state, _ = os.ReadFile(dir + "/" + stateFile)
		}
	}
	if err := os.WriteFile(dir+"/"+stateFile, state, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, by); !errors.Is(err, ErrNotWhole) {
		t.Errorf("Open = %v; want ErrNotWhole", err)
	}
}
