package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// A jam is a database of SQLite on which one transaction has begun and does not
// go on until it is let go: others gather behind it.
type jam struct {
	*Database
	*testing.T
	free  chan struct{}
	first chan error
	errs  map[string]chan error
}

func newJam(t *testing.T, options ...Option) *jam {
	t.Helper()
	return jammed(t, openAt(t, filepath.Join(t.TempDir(), "tunnus.db"), options...))
}

func jammed(t *testing.T, d *Database) *jam {
	t.Helper()
	j := &jam{d, t, make(chan struct{}), make(chan error, 1), map[string]chan error{}}
	begun := make(chan struct{})
	go func() {
		j.first <- j.Write(context.Background(), func(*Tx) error { close(begun); <-j.free; return nil })
	}()
	<-begun
	return j
}

// queue lines a transaction up, and returns once it waits.
func (j *jam) queue(ctx context.Context, name string, fn func(t *Tx) error) {
	j.Helper()
	before := j.length()
	err := make(chan error, 1)
	j.errs[name] = err
	go func() {
		defer func() {
			if v := recover(); v != nil {
				err <- fmt.Errorf("panic: %v", v)
			}
		}()
		err <- j.Write(ctx, fn)
	}()
	for j.length() == before {
		runtime.Gosched()
	}
}

func (j *jam) length() int {
	j.group.mu.Lock()
	defer j.group.mu.Unlock()
	return len(j.group.waiting)
}

// release lets the first one go, and returns what became of the others.
func (j *jam) release() map[string]error {
	j.Helper()
	close(j.free)
	if err := <-j.first; err != nil {
		j.Errorf("the first: %v", err)
	}
	out := map[string]error{}
	for name, err := range j.errs {
		out[name] = <-err
	}
	return out
}

// insert adds a row.
func insert(id string) func(t *Tx) error {
	return func(t *Tx) error { return add(context.Background(), t, id) }
}

// What gathers behind a slow COMMIT shares the next one: the second place is
// called once for it, in order.
func TestWaitingTransactionsShareACommit(t *testing.T) {
	var mu sync.Mutex
	var calls [][]string
	j := newJam(t, CopyTo(func(_ context.Context, copies []Copy) error {
		mu.Lock()
		defer mu.Unlock()
		var ids []string
		for _, c := range copies {
			ids = append(ids, c.ID)
		}
		calls = append(calls, ids)
		return nil
	}))
	var want []string
	for i := range 10 {
		id := fmt.Sprint(i)
		want = append(want, id)
		j.queue(t.Context(), id, func(tx *Tx) error { tx.Copy("row", id, nil); return insert(id)(tx) })
	}
	for name, err := range j.release() {
		if err != nil || !has(t, j.Database, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(calls) != 1 || !slices.Equal(calls[0], want) {
		t.Errorf("the second place was called with %v; want once with %v", calls, want)
	}
}

// Who fails in a batch takes back what is its own, and nothing else.
func TestMembersOfABatchFailAlone(t *testing.T) {
	j := newJam(t)
	sorry := errors.New("sorry")
	j.queue(t.Context(), "a", insert("a"))
	j.queue(t.Context(), "sorry", func(tx *Tx) error { return errors.Join(insert("sorry")(tx), sorry) })
	j.queue(t.Context(), "taken", func(tx *Tx) error { return errors.Join(insert("left")(tx), insert("a")(tx)) })
	j.queue(t.Context(), "panic", func(tx *Tx) error { _ = insert("panic")(tx); panic("oh") })
	j.queue(t.Context(), "b", insert("b"))
	errs := j.release()
	if errs["a"] != nil || errs["b"] != nil {
		t.Errorf("a: %v, b: %v", errs["a"], errs["b"])
	}
	if !errors.Is(errs["sorry"], sorry) || errs["taken"] == nil || errs["panic"] == nil {
		t.Errorf("failures: %v", errs)
	}
	for id, want := range map[string]bool{"a": true, "b": true, "sorry": false, "left": false, "panic": false} {
		if has(t, j.Database, id) != want {
			t.Errorf("%s is there: %v", id, !want)
		}
	}
}

// A COMMIT that fails fails the whole batch, also who had been refused, and
// nothing of it is kept. The next one is not harmed.
func TestABatchThatCannotBeCommitted(t *testing.T) {
	for what, trigger := range map[string]string{
		"commit":   `CREATE TRIGGER bad AFTER INSERT ON app_session WHEN NEW.id = 'bad' BEGIN INSERT INTO child VALUES ('none'); END`,
		"rollback": `CREATE TRIGGER bad AFTER INSERT ON app_session WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END`,
	} {
		t.Run(what, func(t *testing.T) {
			d := openAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
			for _, s := range []string{`CREATE TABLE child (id text REFERENCES app_session (id) DEFERRABLE INITIALLY DEFERRED)`, trigger} {
				if _, err := d.writer.ExecContext(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			j := jammed(t, d)
			j.queue(t.Context(), "a", insert("a"))
			j.queue(t.Context(), "bad", insert("bad"))
			j.queue(t.Context(), "taken", insert("a"))
			j.queue(t.Context(), "b", insert("b"))
			for name, err := range j.release() {
				if err == nil {
					t.Errorf("%s was told of success", name)
				}
			}
			if err := d.Write(t.Context(), insert("next")); err != nil {
				t.Error(err)
			}
			for id, want := range map[string]bool{"a": false, "b": false, "bad": false, "next": true} {
				if has(t, d, id) != want {
					t.Errorf("%s is there: %v", id, !want)
				}
			}
		})
	}
}

// Who leaves before its turn has written nothing; who leaves in it is waited
// for. Neither touches the others.
func TestLeavingABatch(t *testing.T) {
	j := newJam(t)
	ctx, leave := context.WithCancel(t.Context())
	j.queue(t.Context(), "a", insert("a"))
	j.queue(ctx, "early", insert("early"))
	leave()
	if err := <-j.errs["early"]; !errors.Is(err, context.Canceled) {
		t.Errorf("who left early: %v", err)
	}
	delete(j.errs, "early")
	ctx, leave = context.WithCancel(t.Context())
	j.queue(ctx, "late", func(tx *Tx) error { leave(); return add(ctx, tx, "late") })
	j.queue(t.Context(), "b", insert("b"))
	for name, err := range j.release() {
		if err != nil || !has(t, j.Database, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if has(t, j.Database, "early") {
		t.Error("who left early has written")
	}
}

// Many writers at once, half of which fail: each finds what it was told.
func TestManyWriters(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		d := openAt(t, where)
		sorry := errors.New("sorry")
		var wrong atomic.Int64
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := d.Write(t.Context(), func(tx *Tx) error {
					if err := add(t.Context(), tx, fmt.Sprint(i)); err != nil {
						return err
					}
					if i%2 == 1 {
						return sorry
					}
					return nil
				})
				if (err == nil) != (i%2 == 0) {
					wrong.Add(1)
				}
			})
		}
		wg.Wait()
		for i := range 200 {
			if has(t, d, fmt.Sprint(i)) != (i%2 == 0) {
				wrong.Add(1)
			}
		}
		if wrong.Load() != 0 {
			t.Errorf("%d wrong", wrong.Load())
		}
	})
}
