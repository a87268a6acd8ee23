package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) {
	if where := os.Getenv(crashing); where != "" {
		fmt.Fprintln(os.Stderr, hangForEver(where))
		os.Exit(1)
	}
	os.Exit(cluster.Run(m))
}

// everywhere runs a test on an empty database of each engine.
func everywhere(t *testing.T, test func(t *testing.T, d *engine.Database)) {
	for name, where := range map[string]func(t testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "tunnus.db") },
		"postgres": func(t testing.TB) string { return cluster.Database(t) },
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, where(t))) })
	}
}

func open(t testing.TB, where string) *engine.Database {
	t.Helper()
	s, err := store.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Database()
}

// logged keeps what is logged by several goroutines.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A diary is a handler that remembers.
type diary struct {
	mu    sync.Mutex
	tries map[string]int
	dead  map[string]string
	what  func(j Job) error
}

func newDiary(what func(j Job) error) *diary {
	return &diary{tries: map[string]int{}, dead: map[string]string{}, what: what}
}

func (y *diary) kind(name string) Kind {
	return Kind{
		Name: name, Tries: 3, First: time.Millisecond, Longest: 2 * time.Millisecond, Timeout: 5 * time.Second,
		Do: func(_ context.Context, j Job) error {
			y.mu.Lock()
			y.tries[j.ID]++
			y.mu.Unlock()
			return y.what(j)
		},
		GivenUp: func(_ context.Context, id, reason string) error {
			y.mu.Lock()
			defer y.mu.Unlock()
			y.dead[id] = reason
			return nil
		},
	}
}

func (y *diary) seen(id string) (tries int, dead string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.tries[id], y.dead[id]
}

// work runs a crew until the end of the test.
func work(t *testing.T, c Config) {
	t.Helper()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	crew, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- crew.Run(ctx, 5*time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// until waits for something that comes soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not within 20 s", what)
}

func put(t *testing.T, d *engine.Database, jobs ...engine.Job) {
	t.Helper()
	if err := Put(t.Context(), d, jobs...); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, d *engine.Database) []Corpse {
	t.Helper()
	dead, err := Dead(t.Context(), d, 100)
	if err != nil {
		t.Fatal(err)
	}
	return dead
}

// A job is there exactly if its transaction is.
func TestJobsOfATransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		sorry := errors.New("sorry")
		err := d.Write(t.Context(), func(tx *engine.Tx) error {
			return errors.Join(tx.Enqueue(t.Context(), engine.Job{Kind: "note", ID: "lost"}), sorry)
		})
		if !errors.Is(err, sorry) {
			t.Fatal(err)
		}
		put(t, d, engine.Job{Kind: "note", ID: "kept"})
		y := newDiary(func(Job) error { return nil })
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "the job", func() bool { n, _ := y.seen("kept"); return n == 1 })
		if n, _ := y.seen("lost"); n != 0 {
			t.Error("a job of no transaction was done")
		}
	})
}

// One job of a kind and ID waits at a time, however many put it there at once.
func TestOneOfAKindAndID(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := Put(context.Background(), d, engine.Job{Kind: "note", ID: "a"}, engine.Job{Kind: "note", ID: "b"}); err != nil {
					t.Errorf("Put: %v", err)
				}
			})
		}
		all.Wait()
		y := newDiary(func(Job) error { return nil })
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "the jobs", func() bool { a, _ := y.seen("a"); b, _ := y.seen("b"); return a > 0 && b > 0 })
		time.Sleep(3 * poll)
		if a, _ := y.seen("a"); a != 1 {
			t.Errorf("done %d times", a)
		}
		put(t, d, engine.Job{Kind: "note", ID: "a"})
		until(t, "another one once that is done", func() bool { a, _ := y.seen("a"); return a == 2 })
	})
}

// Two crews do each job once.
func TestTwoCrews(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		var jobs []engine.Job
		for i := range 60 {
			jobs = append(jobs, engine.Job{Kind: "note", ID: fmt.Sprint(i)})
		}
		put(t, d, jobs...)
		y := newDiary(func(Job) error { return nil })
		for range 2 {
			work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		}
		until(t, "all of them", func() bool { y.mu.Lock(); defer y.mu.Unlock(); return len(y.tries) == 60 })
		time.Sleep(3 * poll)
		for id, n := range y.tries {
			if n != 1 {
				t.Errorf("job %s was done %d times", id, n)
			}
		}
	})
}

// A handler that fails, panics, takes too long or has no hope never loses its job.
func TestFailuresEndInTheListOfTheDead(t *testing.T) {
	const canary = "49002010976"
	everywhere(t, func(t *testing.T, d *engine.Database) {
		var log logged
		y := newDiary(func(j Job) error {
			switch {
			case j.ID == "fails":
				return tunnus.Fail(tunnus.CodeRegiDown, errors.New("x"))
			case j.ID == "panics":
				panic("of " + canary)
			case j.ID == "hopeless":
				return Hopeless(errors.New("no such thing"))
			case j.ID == "slow":
				return fmt.Errorf("register: %w", context.DeadlineExceeded)
			case j.ID == "recovers" && j.Try < 3:
				return errors.New("not yet")
			}
			return nil
		})
		for _, id := range []string{"fails", "panics", "hopeless", "slow", "recovers"} {
			put(t, d, engine.Job{Kind: "note", ID: id})
		}
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		until(t, "four dead", func() bool { return len(list(t, d)) == 4 })
		want := map[string]Corpse{
			"fails": {Reason: "regi-down", Tries: 3}, "panics": {Reason: "panic", Tries: 3},
			"hopeless": {Reason: "internal", Tries: 1}, "slow": {Reason: "timeout", Tries: 3},
		}
		for _, c := range list(t, d) {
			if w := want[c.ID]; c.Kind != "note" || c.Reason != w.Reason || c.Tries != w.Tries || c.At.IsZero() {
				t.Errorf("%+v; want %+v", c, w)
			}
			if n, dead := y.seen(c.ID); dead != want[c.ID].Reason || n != want[c.ID].Tries {
				t.Errorf("%s: %d tries, given up for %q", c.ID, n, dead)
			}
		}
		if strings.Contains(log.String(), canary) {
			t.Error("what a handler panicked with is in the log")
		}
		until(t, "the one that recovers", func() bool { n, _ := y.seen("recovers"); return n == 3 })
	})
}

// A dead job can be put back, once.
func TestAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		y := newDiary(func(j Job) error { return Hopeless(errors.New("no")) })
		put(t, d, engine.Job{Kind: "note", ID: "a"})
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "its death", func() bool { return len(list(t, d)) == 1 })
		number := list(t, d)[0].Number
		if err := Again(t.Context(), d, number); err != nil {
			t.Fatal(err)
		}
		until(t, "its second death", func() bool { l := list(t, d); return len(l) == 1 && l[0].Number != number })
		if n, _ := y.seen("a"); n != 2 {
			t.Errorf("%d tries", n)
		}
		if err := Again(t.Context(), d, number); tunnus.CodeOf(err) != tunnus.CodeNotFound {
			t.Errorf("once more: %v", err)
		}
	})
}

// Later costs no try, however often.
func TestLater(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		var y *diary
		y = newDiary(func(j Job) error {
			if n, _ := y.seen(j.ID); n < 6 {
				return Later(0)
			}
			return nil
		})
		put(t, d, engine.Job{Kind: "note", ID: "a"})
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "the sixth", func() bool { n, _ := y.seen("a"); return n == 6 })
		if l := list(t, d); len(l) != 0 {
			t.Errorf("dead: %v", l)
		}
	})
}

// What a crash left half done is begun again, and given up if that was the last try.
func TestRescueAfterACrash(t *testing.T) {
	everywhere(t, func(t *testing.T, d *engine.Database) {
		put(t, d, engine.Job{Kind: "note", ID: "first"}, engine.Job{Kind: "note", ID: "last"})
		w, _ := d.Raw()
		for _, q := range []string{
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = '2020-01-01 00:00:00'`,
			`UPDATE river_job SET attempt = 3 WHERE CAST(args AS text) LIKE '%last%'`,
		} {
			if _, err := w.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		y := newDiary(func(Job) error { return nil })
		work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
		until(t, "the first", func() bool { n, _ := y.seen("first"); return n == 1 })
		until(t, "the last", func() bool { _, dead := y.seen("last"); return dead == "internal" })
		if n, _ := y.seen("last"); n != 0 {
			t.Errorf("tried %d times after its last try", n)
		}
	})
}

// The pause doubles, is spread, and has a bound.
func TestPause(t *testing.T) {
	k := Kind{}.filled()
	for try, full := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 4: 40 * time.Second, 12: time.Hour, 100: time.Hour} {
		seen := map[time.Duration]bool{}
		for range 50 {
			p := k.pause(try)
			if seen[p] = true; p < full/2 || p > full {
				t.Errorf("try %d: %v", try, p)
			}
		}
		if len(seen) < 10 {
			t.Errorf("try %d: %d different pauses of 50", try, len(seen))
		}
	}
}

// No two kinds share a name, and periodic jobs are of a kind that is there.
func TestNewRefuses(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "tunnus.db"))
	k := newDiary(nil).kind("note")
	for name, c := range map[string]Config{
		"twice":     {Kinds: []Kind{k, k}},
		"nameless":  {Kinds: []Kind{{Do: k.Do}}},
		"idle":      {Kinds: []Kind{{Name: "note"}}},
		"unknown":   {Kinds: []Kind{k}, Periodic: []Periodic{{Kind: "other", Every: time.Hour}}},
		"too often": {Kinds: []Kind{k}, Periodic: []Periodic{{Kind: "note", Every: time.Second}}},
		"too rare":  {Kinds: []Kind{k}, Periodic: []Periodic{{Kind: "note", Every: 48 * time.Hour}}},
	} {
		c.Database, c.Log = d, slog.New(slog.DiscardHandler)
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "jobs: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
