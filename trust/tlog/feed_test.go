package tlog_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/tiles"
	"github.com/tunnus-id/tunnus/trust/tlog"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// whole checks that each line is in the log once, at the place that its row
// says, and that the folder is sound.
func whole(t *testing.T, w *world, lines int) {
	t.Helper()
	r, err := tiles.Check(os.DirFS(w.dir), tiles.Options{Key: w.key})
	if err != nil || !r.Sound() || r.Entries != uint64(lines) {
		t.Fatalf("Check = %d entries, %v, %v; want %d, sound", r.Entries, r.Faults, err, lines)
	}
	for i := range lines {
		if _, err := w.log().Proof(t.Context(), uint64(i)); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
	}
	if n, err := w.Waiting(t.Context(), 10); len(n) != 0 || err != nil {
		t.Errorf("%d lines wait, %v", len(n), err)
	}
}

func TestLinesAreFedInOrder(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 700)
	f := w.node(t)
	feed(t, f, 700)
	feed(t, f, 0)
	w.writeN(t, 3)
	feed(t, f, 3)
	closeNow(t, f)
	for i, l := range w.lines {
		if l.Index != uint64(i) {
			t.Fatalf("line %d has the place %d", i, l.Index)
		}
	}
	whole(t, w, 703)
}

// A node that died between adding and storing the places: the next one finds the
// tail, and adds nothing twice.
func TestCrashBetweenAppendAndIndex(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 10)
	first := w.node(t)
	feed(t, first, 10)
	w.writeN(t, 400)
	w.fail = errors.New("killed")
	if _, err := first.Feed(t.Context()); err == nil {
		t.Fatal("the crash was not told")
	}
	w.fail = nil
	w.writeN(t, 5)
	w.pass(time.Minute)
	second := w.node(t)
	feed(t, second, 400-300+5) // 300 went in before the crash
	closeNow(t, second)
	whole(t, w, 415)
}

// halfway appends a part of a batch and fails.
type halfway struct{ tlog.Tree }

func (h halfway) Append(ctx context.Context, leaves [][]byte) (uint64, error) {
	if _, err := h.Tree.Append(ctx, leaves[:len(leaves)/2]); err != nil {
		return 0, err
	}
	return 0, errors.New("killed")
}

func TestCrashInTheMiddleOfABatch(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 101)
	w.tree = func(t tlog.Tree) tlog.Tree { return halfway{t} }
	f := w.node(t)
	if _, err := f.Feed(t.Context()); err == nil {
		t.Fatal("the crash was not told")
	}
	w.tree = nil
	feed(t, f, 51)
	closeNow(t, f)
	whole(t, w, 101)
}

// Only one of two nodes feeds, and the other one goes on when the first is gone.
func TestOneNodeFeeds(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(t), w.node(t)
	w.writeN(t, 2)
	feed(t, a, 2)
	w.writeN(t, 2)
	feed(t, b, 0)
	w.pass(20 * time.Second)
	feed(t, a, 2) // renews at half the time
	w.writeN(t, 1)
	w.pass(20 * time.Second)
	feed(t, b, 0)
	closeNow(t, a)
	w.pass(20 * time.Second)
	feed(t, b, 1)
	closeNow(t, b)
	whole(t, w, 5)
}

// paused runs do before it appends.
type paused struct {
	tlog.Tree
	do func()
}

func (p paused) Append(ctx context.Context, leaves [][]byte) (uint64, error) {
	p.do()
	return p.Tree.Append(ctx, leaves)
}

// A node that stood still past its lease, right before appending, does not go on
// beside the one that took the lease: that one cannot open the log before.
func TestNodeWithoutLeaseDoesNotGoOn(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 4)
	b := w.node(t)
	var stolen error
	w.tree = func(tree tlog.Tree) tlog.Tree {
		return paused{tree, func() {
			w.pass(time.Minute)
			_, stolen = b.Feed(t.Context())
		}}
	}
	a := w.node(t)
	if n, err := a.Feed(t.Context()); n != 0 || tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("Feed of the node that lost its lease = %d, %v; want nothing stored", n, err)
	}
	if !errors.Is(stolen, folder.ErrOpen) {
		t.Errorf("the other node got %v; want that the log is open elsewhere", stolen)
	}
	w.tree = nil
	feed(t, b, 0) // finds what a appended
	feed(t, a, 0) // has no lease
	closeNow(t, b)
	whole(t, w, 4)
}

// Between two batches the lease is looked at again.
func TestLeaseThatRanOutIsNoticedBetweenBatches(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 650)
	other := w.node(t)
	n := 0
	w.tree = func(tree tlog.Tree) tlog.Tree {
		return paused{tree, func() {
			if n++; n == 2 {
				w.pass(20 * time.Second) // past half of the lease
			}
		}}
	}
	f := w.node(t)
	feed(t, f, 650)
	w.pass(20 * time.Second) // would be past the first lease
	feed(t, other, 0)
	closeNow(t, f)
	whole(t, w, 650)
}

// F26: the log stands still for ten minutes; decisions go on, and it catches up.
func TestStoppedLogCatchesUp(t *testing.T) {
	w := newWorld(t)
	f := w.node(t)
	w.writeN(t, 5)
	feed(t, f, 5)
	closeNow(t, f)
	for range 10 {
		w.pass(time.Minute)
		w.writeN(t, 100)
	}
	feed(t, f, 1000)
	closeNow(t, f)
	whole(t, w, 1005)
}

func TestOlderFolderIsRefused(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 5)
	f := w.node(t)
	feed(t, f, 5)
	closeNow(t, f)
	w.dir = t.TempDir()
	w.pass(time.Minute)
	if _, err := w.node(t).Feed(t.Context()); !errors.Is(err, tlog.ErrBehind) {
		t.Errorf("an empty folder beside a database with places: %v", err)
	}
}

func TestOlderDatabaseIsRefused(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 3)
	f := w.node(t)
	feed(t, f, 3)
	old := append([]row(nil), w.lines...)
	w.writeN(t, 2)
	feed(t, f, 2)
	closeNow(t, f)
	w.lines = old
	w.pass(time.Minute)
	if _, err := w.node(t).Feed(t.Context()); !errors.Is(err, tlog.ErrAhead) {
		t.Errorf("a log with lines that the database lost: %v", err)
	}
}

// An operator takes an older database back beside its log: lines that it has lost
// are erased ones, those that it has get their places, and new ones follow.
func TestAdoptAfterARestore(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 3)
	f := w.node(t)
	feed(t, f, 3)
	w.writeN(t, 2) // these wait when the copy is made
	old := append([]row(nil), w.lines...)
	feed(t, f, 2)
	w.writeN(t, 4)
	feed(t, f, 4)
	closeNow(t, f)
	w.lines = old
	w.pass(time.Minute)
	f = w.node(t)
	if n, err := f.Adopt(t.Context()); n != 4 || err != nil {
		t.Fatalf("Adopt = %d, %v; want 4", n, err)
	}
	if n, err := f.Adopt(t.Context()); n != 0 || err != nil {
		t.Errorf("Adopt again = %d, %v", n, err)
	}
	w.writeN(t, 1)
	feed(t, f, 1)
	closeNow(t, f)
	whole(t, w, 10)
	if p, err := w.log().Proof(t.Context(), 7); err != nil || !p.Erased() {
		t.Errorf("a lost line: %+v, %v", p, err)
	}
}

// A process was killed, or a backup of its time was put back: it has the lease
// still. The next process of this node goes on at once; another node waits, and
// says so to an operator.
func TestNextProcessOfANodeNeedNotWait(t *testing.T) {
	w := newWorld(t)
	w.lease = tlog.Lease{Holder: "a", Token: 4, Until: w.Now().Add(30 * time.Second)}
	w.writeN(t, 3)
	other := w.named(t, "b")
	feed(t, other, 0)
	if _, err := other.Adopt(t.Context()); err == nil || !strings.Contains(err.Error(), "run this again") {
		t.Errorf("Adopt beside another node: %v", err)
	}
	f := w.named(t, "a")
	if _, err := f.Adopt(t.Context()); err != nil {
		t.Error(err)
	}
	feed(t, f, 3)
}

// Who closes in order leaves the lease to whoever comes next.
func TestCloseGivesUpTheLease(t *testing.T) {
	w := newWorld(t)
	w.writeN(t, 3)
	f := w.named(t, "a")
	feed(t, f, 3)
	closeNow(t, f)
	w.writeN(t, 2)
	b := w.named(t, "b")
	feed(t, b, 2)
	closeNow(t, f) // it has nothing to give up any more
	w.writeN(t, 1)
	feed(t, b, 1)
}

func TestLogOfAnotherDatabaseIsRefused(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	for _, v := range []*world{w, other} {
		v.writeN(t, 3)
		f := v.node(t)
		feed(t, f, 3)
		closeNow(t, f)
	}
	w.dir = other.dir
	w.pass(time.Minute)
	if _, err := w.node(t).Feed(t.Context()); !errors.Is(err, tlog.ErrForked) {
		t.Errorf("the log of another database: %v", err)
	}
}
