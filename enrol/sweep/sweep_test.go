package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// desk lists what was not ended yet.
type desk struct {
	open  map[bool][]Place // by what holds something
	seen  []string
	fails map[string]error
}

func newDesk(holding, rest int) *desk {
	d := &desk{open: map[bool][]Place{}, fails: map[string]error{}}
	for i := range holding {
		d.add(true, fmt.Sprint("h", i), 1000+i)
	}
	for i := range rest {
		d.add(false, fmt.Sprint("r", i), i)
	}
	return d
}

func (d *desk) add(holds bool, id string, second int) {
	d.open[holds] = append(d.open[holds], Place{time.Unix(int64(second), 0), id})
}

func order(a, b Place) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) }

func (d *desk) list(_ context.Context, holds bool, after Place, limit int) ([]Place, error) {
	var out []Place
	for _, p := range d.open[holds] {
		if order(p, after) > 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, order)
	return out[:min(limit, len(out))], nil
}

func (d *desk) end(_ context.Context, id string) (bool, error) {
	d.seen = append(d.seen, id)
	if err := d.fails[id]; err != nil {
		return false, err
	}
	for holds := range d.open {
		d.open[holds] = slices.DeleteFunc(d.open[holds], func(p Place) bool { return p.ID == id })
	}
	return true, nil
}

func TestWhatHoldsSomethingComesFirst(t *testing.T) {
	d := newDesk(150, 250)
	late := func(ctx context.Context, id string) (bool, error) {
		if id == "r0" { // becomes overdue while the flood is being swept
			d.add(true, "late", 5000)
		}
		return d.end(ctx, id)
	}
	n, err := Run(t.Context(), d.list, late)
	if err != nil || n != 401 || len(d.seen) != 401 {
		t.Fatalf("Run = %d, %v; %d seen", n, err, len(d.seen))
	}
	for i, id := range d.seen[:150] {
		if id[0] != 'h' {
			t.Fatalf("place %d: %s before all were ended that hold something", i, id)
		}
	}
	if at := slices.Index(d.seen, "late"); at != 250 {
		t.Errorf("the late one came at %d; want right after the batch it came in", at)
	}
}

func TestFailuresHoldUpNobody(t *testing.T) {
	d := newDesk(150, 150)
	for i := range 120 {
		d.fails[fmt.Sprint("h", i)] = errors.New("no answer")
		d.fails[fmt.Sprint("r", i)] = tunnus.Conflict(errors.New("moved"))
	}
	n, err := Run(t.Context(), d.list, d.end)
	if n != 60 || len(d.seen) != 300 || err == nil {
		t.Errorf("Run = %d, %v; %d seen, want each once", n, err, len(d.seen))
	}
	if told := err.(interface{ Unwrap() []error }).Unwrap(); len(told) != maxTold || tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		t.Errorf("%d failures told: %v", len(told), err)
	}
}

func TestContextBoundsASweep(t *testing.T) {
	d := newDesk(0, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	n, err := Run(ctx, d.list, func(ctx context.Context, id string) (bool, error) {
		cancel()
		return d.end(ctx, id)
	})
	if n != batch || !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %d, %v; want one batch", n, err)
	}
	_, err = Run(t.Context(), func(context.Context, bool, Place, int) ([]Place, error) { return nil, errors.New("gone") }, d.end)
	if err == nil {
		t.Error("the store's failure is lost")
	}
}
