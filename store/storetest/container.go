package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/trust/asic"
)

func signedContainer(account string, due int) container.Container {
	return container.Container{Account: account, Level: asic.B, File: []byte{1, 0}, Due: check.At(due)}
}

// Containers tests an implementation of [container.Store].
func Containers(t *testing.T, fresh func(t *testing.T) check.Fixture[container.Store]) {
	t.Run("keeps a container whole", func(t *testing.T) {
		f := fresh(t)
		v := signedContainer("a", 1)
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("container.level", "a")))
		v.Rev, v.Level, v.Stamp, v.File, v.Tries, v.Due = 1, asic.T, []byte{2}, []byte{3, 0, 4}, 7, check.At(5)
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("container.level", "a")))
		f.Reopen()
		v.Rev = 2
		got, err := f.Port().Container(t.Context(), "a")
		check.Same(t, "Container", got, err, v)
		check.Events(t, f, "a", "container.level", "container.level")
		_, err = f.Port().Container(t.Context(), "b")
		check.Code(t, "Container of none", err, tunnus.CodeNotFound)
	})
	t.Run("one of many wins", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Save", f.Port().Save(t.Context(), signedContainer("a", 1), nil))
		v := signedContainer("a", 2)
		v.Rev = 1
		if won := check.Race(t, func(i int) error {
			mine := v
			mine.Tries = i
			return f.Port().Save(t.Context(), mine, check.Event("container.level", "a"))
		}); won != 1 {
			t.Errorf("%d of 50 saved the same revision", won)
		}
		check.Events(t, f, "a", "container.level")
		check.Code(t, "Save of one that is there", f.Port().Save(t.Context(), signedContainer("a", 1), nil), tunnus.CodeStateConflict)
	})
	t.Run("what was reached is not lost", func(t *testing.T) { neverLower(t, fresh(t)) })
	t.Run("lists what is due", func(t *testing.T) {
		f := fresh(t)
		for _, v := range []container.Container{signedContainer("c", 3), signedContainer("a", 2), signedContainer("b", 1), signedContainer("d", 9), signedContainer("e", 20)} {
			check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
		}
		for limit, want := range map[int][]string{9: {"b", "a", "c", "e"}, 2: {"b", "a"}} {
			if got, err := f.Port().Unfinished(t.Context(), check.At(3), check.At(19), limit); err != nil || !slices.Equal(got, want) {
				t.Errorf("Unfinished = %v, %v; want %v", got, err, want)
			}
		}
	})
}

func neverLower(t *testing.T, f check.Fixture[container.Store]) {
	v := signedContainer("a", 1)
	v.Level, v.Stamp = asic.T, []byte{2}
	check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
	back := signedContainer("a", 1)
	back.Rev = 1
	check.Code(t, "back to B", f.Port().Save(t.Context(), back, check.Event("container.level", "a")), tunnus.CodeStateConflict)
	v.Rev, v.Level, v.Due = 1, asic.LT, time.Time{}
	check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
	v.Rev = 2
	check.Code(t, "a complete one", f.Port().Save(t.Context(), v, check.Event("container.level", "a")), tunnus.CodeStateConflict)
	check.Events(t, f, "a")
	if got, err := f.Port().Unfinished(t.Context(), check.At(100), check.At(200), 9); err != nil || len(got) != 0 {
		t.Errorf("a complete one is unfinished: %v, %v", got, err)
	}
	check.Refused(t, f, "UPDATE container SET file = file", "UPDATE container SET level = 'B', due = 1")
}
