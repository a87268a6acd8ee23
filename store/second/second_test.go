package second

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// everywhere runs a test on a new place of both engines.
func everywhere(t *testing.T, test func(t *testing.T, p *Place)) {
	run := func(t *testing.T, where string) {
		p, err := Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		test(t, p)
	}
	t.Run("sqlite", func(t *testing.T) { run(t, filepath.Join(t.TempDir(), "second.db")) })
	t.Run("postgres", func(t *testing.T) { run(t, cluster.Database(t)) })
}

func all(t *testing.T, p *Place) map[string]int64 {
	t.Helper()
	copies, _, err := p.Newest(t.Context(), []string{"key", "lock"}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, c := range copies {
		if string(c.Body) != fmt.Sprint("body ", c.Rev) {
			t.Errorf("%s/%s: revision %d has the body %q", c.Kind, c.ID, c.Rev, c.Body)
		}
		out[c.Kind+"/"+c.ID] = c.Rev
	}
	return out
}

func of(kind, id string, rev int64) Copy { return Copy{kind, id, rev, fmt.Append(nil, "body ", rev)} }

func TestCopiesNeverGoBack(t *testing.T) {
	everywhere(t, func(t *testing.T, p *Place) {
		m := NewMirror(p)
		for _, copies := range [][]Copy{
			{of("key", "a", 3), of("key", "b", 1), of("lock", "a", 1)},
			{of("key", "a", 2), of("key", "b", 5)},
			{of("key", "b", 4), of("key", "b", 4)},
		} {
			if err := m.Write(copies); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]int64{"key/a": 3, "key/b": 5, "lock/a": 1}
		if diff := cmp.Diff(want, all(t, p)); diff != "" {
			t.Error(diff)
		}
	})
}

// A place that should be there, and is not, is not made: its disk may not be mounted.
func TestExistingPlaceIsNotMade(t *testing.T) {
	for _, where := range []string{filepath.Join(t.TempDir(), "second.db"), cluster.Database(t)} {
		for range 2 {
			if _, err := Existing(t.Context(), where); !errors.Is(err, ErrNone) {
				t.Errorf("Existing = %v; want ErrNone", err)
			}
		}
		p, err := Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Begin(t.Context())
		if err = errors.Join(err, p.Close()); err != nil {
			t.Fatal(err)
		}
		if p, err = Existing(t.Context(), where); err != nil {
			t.Fatal(err)
		}
		_ = p.Close()
	}
}

// A place has one name for ever, whoever asks first, and another place another.
func TestPlaceHasOneName(t *testing.T) {
	seen := map[string]bool{}
	everywhere(t, func(t *testing.T, p *Place) {
		none, err := p.Name(t.Context())
		first, err2 := p.Begin(t.Context())
		again, err3 := p.Begin(t.Context())
		name, err4 := p.Name(t.Context())
		if err := errors.Join(err, err2, err3, err4); err != nil || none != "" || first == "" || first != again || first != name || seen[first] {
			t.Errorf("Name = %q, Begin = %q, then %q and %q, %v", none, first, again, name, err)
		}
		seen[first] = true
	})
}

// Fifty at once write the same things in every order.
func TestManyWriteAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, p *Place) {
		mirrors := []*Mirror{NewMirror(p), NewMirror(p)} // two nodes
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for j := range 5 {
					err := mirrors[i%2].Write([]Copy{of("key", "a", int64(5*i+j+1)), of("key", "b", int64(300-5*i-j)), of("lock", fmt.Sprint(i, j), 1)})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := all(t, p); got["key/a"] != 250 || got["key/b"] != 300 || len(got) != 252 {
			t.Errorf("a %d, b %d, %d copies; want 250, 300, 252", got["key/a"], got["key/b"], len(got))
		}
	})
}

func TestAfterWalksThroughAKind(t *testing.T) {
	everywhere(t, func(t *testing.T, p *Place) {
		m := NewMirror(p)
		var copies []Copy
		for i := range 120 {
			copies = append(copies, of("lock", fmt.Sprintf("%03d", i), 1), of("key", fmt.Sprintf("%03d", i), 1))
		}
		if err := m.Write(copies); err != nil {
			t.Fatal(err)
		}
		id, n := "", 0
		for {
			page, err := p.After(t.Context(), "lock", id, 50)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				if c.Kind != "lock" || c.ID <= id {
					t.Fatalf("%s/%s behind %s", c.Kind, c.ID, id)
				}
				id = c.ID
				n++
			}
		}
		if n != 120 {
			t.Errorf("%d of 120", n)
		}
	})
}

// place is a second place that can be away.
type place struct {
	mu      sync.Mutex
	away    error
	stuck   chan struct{} // closed when it may go on
	entered chan struct{}
	got     map[name]int64
	calls   int
}

func (p *place) put(_ context.Context, copies []Copy) error {
	if p.entered != nil {
		p.entered <- struct{}{}
		<-p.stuck
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.away != nil {
		return p.away
	}
	for _, c := range copies {
		p.got[name{c.Kind, c.ID}] = max(p.got[name{c.Kind, c.ID}], c.Rev)
	}
	return nil
}

func broken() (*Mirror, *place) {
	p := &place{got: map[name]int64{}}
	return &Mirror{to: p, owed: map[name]Copy{}}, p
}

// What could not be written is refused, kept, and written before anything else
// is called written.
func TestPlaceThatIsAway(t *testing.T) {
	m, p := broken()
	p.away = errors.New("away")
	if err := m.Write([]Copy{of("lock", "a", 1)}); !errors.Is(err, p.away) {
		t.Errorf("Write while it is away = %v", err)
	}
	if err := m.Write([]Copy{of("key", "k", 7)}); err == nil || m.Owed() != 2 {
		t.Errorf("Write while it is away = %v, %d owed", err, m.Owed())
	}
	p.away = nil
	if err := m.Write([]Copy{of("key", "k", 6)}); err != nil || m.Owed() != 0 {
		t.Errorf("Write = %v, %d owed", err, m.Owed())
	}
	if p.got[name{"lock", "a"}] != 1 || p.got[name{"key", "k"}] != 7 {
		t.Errorf("the place has %v", p.got)
	}
}

func TestFlushWritesWhatIsOwed(t *testing.T) {
	m, p := broken()
	p.away = errors.New("away")
	_ = m.Write([]Copy{of("lock", "a", 1)})
	if err := m.Flush(); !errors.Is(err, p.away) {
		t.Errorf("Flush while it is away = %v", err)
	}
	p.away = nil
	if err := m.Flush(); err != nil || p.got[name{"lock", "a"}] != 1 {
		t.Errorf("Flush = %v, the place has %v", err, p.got)
	}
	calls := p.calls
	if err := m.Flush(); err != nil || p.calls != calls {
		t.Errorf("Flush of nothing = %v, %d calls", err, p.calls-calls)
	}
}

// Those who come while one is written share the next transaction.
func TestWritersShareATransaction(t *testing.T) {
	m, p := broken()
	p.entered, p.stuck = make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	write := func(i int) {
		wg.Go(func() {
			if err := m.Write([]Copy{of("lock", fmt.Sprint(i), 1)}); err != nil {
				t.Error(err)
			}
		})
	}
	write(0)
	<-p.entered
	for i := range 40 {
		write(i + 1)
	}
	for m.Owed() < 41 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		for range p.entered {
		}
	}()
	close(p.stuck)
	wg.Wait()
	close(p.entered)
	if p.calls > 3 || len(p.got) != 41 {
		t.Errorf("%d calls for 41 writers, %d copies", p.calls, len(p.got))
	}
}

func TestCopyWithoutRevisionIsRefused(t *testing.T) {
	m, _ := broken()
	for _, c := range []Copy{{"", "a", 1, nil}, {"lock", "", 1, nil}, {"lock", "a", 0, nil}} {
		if err := m.Write([]Copy{c}); err == nil || m.Owed() != 0 {
			t.Errorf("%+v was taken", c)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	p, err := Open(b.Context(), filepath.Join(b.TempDir(), "second.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close() })
	m := NewMirror(p)
	body := make([]byte, 3000)
	var n struct {
		sync.Mutex
		i int
	}
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.Lock()
			n.i++
			i := n.i
			n.Unlock()
			if err := m.Write([]Copy{{"key", fmt.Sprint(i % 1000), int64(i), body}, {"try", fmt.Sprint(i), 1, body[:800]}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
