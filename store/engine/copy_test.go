package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// place is a second place for tests.
type place struct {
	mu     sync.Mutex
	copies []Copy
	fail   error
	look   func(Copy)
}

func (p *place) take(_ context.Context, copies []Copy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range copies {
		if p.look != nil {
			p.look(c)
		}
	}
	p.copies = append(p.copies, copies...)
	return p.fail
}

func (p *place) ids() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.copies {
		ids = append(ids, c.Kind+" "+c.ID+" "+string(c.Body))
	}
	return ids
}

// copied inserts a row and leaves a copy of it.
func copied(id string) func(t *Tx) error {
	return func(t *Tx) error {
		t.Copy("row", id, []byte("body"))
		return insert(id)(t)
	}
}

// The copies of a transaction are handed over once it is committed, those of one
// that failed or was run again are not.
func TestCopiesOfWhatWasCommitted(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		var p place
		d := openAt(t, where, CopyTo(p.take))
		p.look = func(c Copy) {
			if !has(t, d, c.ID) {
				t.Errorf("%s was handed over before it was committed", c.ID)
			}
		}
		runs := 0
		err := d.Write(t.Context(), func(tx *Tx) error {
			if err := copied("a")(tx); err != nil {
				return err
			}
			if runs++; runs == 1 {
				return serialization{"40001"}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := d.Write(t.Context(), copied("a")); err == nil {
			t.Error("a was written twice")
		}
		if err := d.Write(t.Context(), insert("b")); err != nil {
			t.Error(err)
		}
		if want := []string{"row a body"}; !slices.Equal(p.ids(), want) {
			t.Errorf("the second place has %v; want %v", p.ids(), want)
		}
	})
}

// A second place that refuses fails the write. What is committed stays so and is
// not written again, whatever the refusal looks like.
func TestSecondPlaceThatRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, where string) {
		p := place{fail: serialization{"40001"}}
		d := openAt(t, where, CopyTo(p.take))
		runs := 0
		err := d.Write(t.Context(), func(tx *Tx) error { runs++; return copied("a")(tx) })
		if s := (serialization{}); !errors.As(err, &s) {
			t.Errorf("Write = %v", err)
		}
		if runs != 1 || len(p.ids()) != 1 || !has(t, d, "a") {
			t.Errorf("%d runs, %v handed over, committed: %v", runs, p.ids(), has(t, d, "a"))
		}
		if err := d.Write(t.Context(), insert("b")); err != nil {
			t.Errorf("a write without copies: %v", err)
		}
	})
}

// In a batch, the refusal of the second place is told to whom it concerns.
func TestSecondPlaceRefusesABatch(t *testing.T) {
	p := place{fail: errors.New("no")}
	j := newJam(t, CopyTo(p.take))
	j.queue(t.Context(), "a", copied("a"))
	j.queue(t.Context(), "plain", insert("plain"))
	j.queue(t.Context(), "failed", func(tx *Tx) error { return errors.Join(copied("c")(tx), errors.New("sorry")) })
	errs := j.release()
	if !errors.Is(errs["a"], p.fail) || errs["plain"] != nil || errs["failed"] == nil || errors.Is(errs["failed"], p.fail) {
		t.Errorf("told: %v", errs)
	}
	if want := []string{"row a body"}; !slices.Equal(p.ids(), want) {
		t.Errorf("the second place has %v; want %v", p.ids(), want)
	}
}

// Who leaves between the COMMIT and the copy has not kept it from the second place.
func TestLeavingDoesNotStopCopies(t *testing.T) {
	d := &Database{sink: func(ctx context.Context, _ []Copy) error { return ctx.Err() }}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if err := d.copies(ctx, []Copy{{Kind: "row"}}); err != nil {
		t.Error(err)
	}
}
