package storetest

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func schemeFile(version, meant string) scheme.Kept {
	return scheme.Kept{Name: "nordic", Version: version, Meant: meant, Spelt: "as written", File: []byte(`{"name": "nordic"}`), At: check.At(1)}
}

// Shelf tests an implementation of [scheme.Shelf].
func Shelf(t *testing.T, fresh func(t *testing.T) check.Fixture[scheme.Shelf]) {
	t.Run("keeps files in order, by version", func(t *testing.T) {
		f := fresh(t)
		want := []scheme.Kept{schemeFile("1", "b"), schemeFile("1", "a")}
		for i, k := range want {
			check.Must(t, "Keep", f.Port().Keep(t.Context(), i, k, check.Event("scheme.used", "scheme")))
		}
		check.Must(t, "Keep", f.Port().Keep(t.Context(), 0, schemeFile("2", "c"), nil))
		f.Reopen()
		got, err := f.Port().Kept(t.Context(), "nordic", "1")
		check.Same(t, "Kept", got, err, want)
		check.Whole(t, "the first", got[0], nil, want[0])
		none, err := f.Port().Kept(t.Context(), "baltic", "1")
		if len(none) != 0 || err != nil {
			t.Errorf("Kept of none = %v, %v", none, err)
		}
		check.Events(t, f, "scheme", "scheme.used", "scheme.used")
	})
	t.Run("one of many takes a place", func(t *testing.T) {
		f := fresh(t)
		check.One(t, "Keep", func(i int) error {
			return f.Port().Keep(t.Context(), 0, schemeFile("1", string(rune('a'+i))), check.Event("scheme.used", "scheme"))
		})
		check.Events(t, f, "scheme", "scheme.used")
		check.Code(t, "Keep in a place that is taken", f.Port().Keep(t.Context(), 0, schemeFile("1", "z"), nil), tunnus.CodeStateConflict)
	})
	t.Run("the database refuses changes", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Keep", f.Port().Keep(t.Context(), 0, schemeFile("1", "a"), nil))
		check.Refused(t, f, "UPDATE scheme_file SET meant = 'b'", "DELETE FROM scheme_file")
	})
}
