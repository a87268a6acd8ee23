package tlog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tlog"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// memory is a [tlog.Store] and [tlog.Lines].
type memory struct {
	mu    sync.Mutex
	lines []row
	lease tlog.Lease
	fail  error // of Indexed, before it stores anything
}

type row struct {
	tlog.Line
	subject string
}

func (m *memory) write(t testing.TB, events ...tunnus.Event) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		l, err := audit.Seal(e)
		if err != nil {
			t.Fatal(err)
		}
		m.lines = append(m.lines, row{tlog.Line{Waiting: true, Record: l.Record, Salt: l.Salt, Leaf: l.Leaf}, e.Subject})
	}
}

func (m *memory) writeN(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		m.write(t, tunnus.Event{At: start.Add(time.Duration(i)), Kind: "kind", Subject: fmt.Sprint("case-", i)})
	}
}

func (m *memory) Lease(_ context.Context, holder string, now, until time.Time) (tlog.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lease.Holder != holder {
		if m.lease.Holder != "" && now.Before(m.lease.Until) {
			return tlog.Lease{}, tunnus.Conflict(nil)
		}
		m.lease.Token++
	}
	m.lease.Holder, m.lease.Until = holder, until
	return m.lease, nil
}

func (m *memory) Waiting(_ context.Context, limit int) (out [][]byte, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lines {
		if l.Waiting && len(out) < limit {
			out = append(out, l.Leaf)
		}
	}
	return out, nil
}

func (m *memory) count() (n uint64) {
	for _, l := range m.lines {
		if !l.Waiting {
			n++
		}
	}
	return n
}

func (m *memory) Count(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count(), nil
}

func (m *memory) Indexed(_ context.Context, l tlog.Lease, first uint64, leaves [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if l.Token != m.lease.Token || first != m.count() {
		return tunnus.Conflict(nil)
	}
	var at []int
	for _, leaf := range leaves {
		i := slices.IndexFunc(m.lines, func(r row) bool { return bytes.Equal(r.Leaf, leaf) })
		if i < 0 || !m.lines[i].Waiting || slices.Contains(at, i) {
			return tunnus.NotFound(nil)
		}
		at = append(at, i)
	}
	for n, i := range at {
		m.lines[i].Waiting, m.lines[i].Index = false, first+uint64(n)
	}
	return nil
}

func (m *memory) Adopt(ctx context.Context, l tlog.Lease, first uint64, leaves [][]byte) (lost int, err error) {
	m.mu.Lock()
	for _, leaf := range leaves {
		if !slices.ContainsFunc(m.lines, func(r row) bool { return bytes.Equal(r.Leaf, leaf) }) {
			m.lines = append(m.lines, row{Line: tlog.Line{Waiting: true, Leaf: leaf}})
			lost++
		}
	}
	m.mu.Unlock()
	return lost, m.Indexed(ctx, l, first, leaves)
}

func (m *memory) At(_ context.Context, index uint64) (tlog.Line, error) {
	page, _ := m.Page(context.Background(), index, 1)
	if len(page) == 0 || page[0].Index != index {
		return tlog.Line{}, tunnus.NotFound(nil)
	}
	return page[0], nil
}

func (m *memory) Of(_ context.Context, subject string) (out []tlog.Line, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lines {
		if l.subject == subject {
			out = append(out, l.Line)
		}
	}
	return out, nil
}

func (m *memory) Page(_ context.Context, from uint64, limit int) (out []tlog.Line, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lines {
		if !l.Waiting && l.Index >= from {
			out = append(out, l.Line)
		}
	}
	slices.SortFunc(out, func(a, b tlog.Line) int { return int(a.Index) - int(b.Index) })
	return out[:min(len(out), limit)], nil
}

// A world is a database, a folder, and a time.
type world struct {
	*memory
	dir string
	key proof.Key
	now time.Time
	mu  sync.Mutex

	// break, if set, stands between feeder and tree.
	tree func(tlog.Tree) tlog.Tree
	sign ed25519.PrivateKey
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{memory: &memory{}, dir: t.TempDir() + "/log", now: start, sign: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))}
	_, text, err := folder.NewSigner("tunnus-demo/log", w.sign)
	if err != nil {
		t.Fatal(err)
	}
	if w.key, err = proof.ParseKey(text); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// node is a feeder that is closed at the end of the test.
func (w *world) node(t testing.TB) *tlog.Feeder { t.Helper(); return w.named(t, "") }

// named is a node with a name that stays.
func (w *world) named(t testing.TB, name string) *tlog.Feeder {
	t.Helper()
	f := tlog.NewFeeder(tlog.Config{
		Store: w.memory, Lines: w.memory, Clock: w, Batch: 300, Holder: name,
		Open: func(ctx context.Context) (tlog.Tree, error) {
			by, _, err := folder.NewSigner("tunnus-demo/log", w.sign)
			if err != nil {
				return nil, err
			}
			tree, err := folder.Open(ctx, w.dir, by)
			if err != nil || w.tree == nil {
				return tree, err
			}
			return w.tree(tree), nil
		},
	})
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (w *world) log() *tlog.Log { return tlog.NewLog(w.memory, folder.Read(w.dir), w.key) }

func feed(t testing.TB, f *tlog.Feeder, want int) {
	t.Helper()
	if n, err := f.Feed(t.Context()); n != want || err != nil {
		t.Fatalf("Feed = %d, %v; want %d", n, err, want)
	}
}

func closeNow(t testing.TB, f *tlog.Feeder) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
