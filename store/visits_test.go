package store

import (
	"testing"

	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/store/storetest/visittest"
	"github.com/tunnus-id/tunnus/store/visits"
)

func TestVisits(t *testing.T) {
	both(t, visittest.Visits, func(s *Store) visittest.Ports {
		v := visits.New(s.d)
		return visittest.Ports{Store: v, Rest: v}
	})
}

// A browser's session is found under its token until its time is over.
func TestBrowsers(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		b := visits.NewBrowsers(openAt(t, where(t)).d)
		check.Must(t, "Put", b.Put(t.Context(), "a", []byte("one"), check.At(5)))
		check.Must(t, "Put", b.Put(t.Context(), "a", []byte("two"), check.At(6)))
		got, found, err := b.Find(t.Context(), "a", check.At(5))
		check.Same(t, "Find", string(got), err, "two")
		_, late, err := b.Find(t.Context(), "a", check.At(6))
		check.Same(t, "Find when it is over", found && !late, err, true)
		check.Must(t, "Put", b.Put(t.Context(), "b", []byte("x"), check.At(9)))
		check.Must(t, "Drop", b.Drop(t.Context(), "b"))
	})
}
