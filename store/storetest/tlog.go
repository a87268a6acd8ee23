package storetest

import (
	"bytes"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/trust/tlog"
)

// LogPorts are the two ports of package tlog over one database, and what writes
// lines and erases them.
type LogPorts struct {
	tlog.Store
	tlog.Lines
	Write func(events []tunnus.Event) error
	Erase func(subject string) error
}

// written makes a fixture with n lines, one a case; their leaves in order.
func written(t *testing.T, f check.Fixture[LogPorts], subjects ...string) [][]byte {
	t.Helper()
	for _, s := range subjects {
		check.Must(t, "Write", f.Port().Write(check.Event("kind", s)))
	}
	leaves, err := f.Port().Waiting(t.Context(), 100)
	if err != nil || len(leaves) != len(subjects) {
		t.Fatalf("Waiting = %d leaves, %v; want %d", len(leaves), err, len(subjects))
	}
	return leaves
}

func leased(t *testing.T, f check.Fixture[LogPorts]) tlog.Lease {
	t.Helper()
	l, err := f.Port().Lease(t.Context(), "node", check.At(0), check.At(30))
	check.Must(t, "Lease", err)
	return l
}

// Log tests an implementation of [tlog.Store] and [tlog.Lines].
func Log(t *testing.T, fresh func(t *testing.T) check.Fixture[LogPorts]) {
	t.Run("one node has the lease", func(t *testing.T) { leases(t, fresh(t)) })
	t.Run("one of many takes the lease", func(t *testing.T) {
		f := fresh(t)
		check.One(t, "Lease", func(i int) error {
			_, err := f.Port().Lease(t.Context(), string(rune('a'+i)), check.At(0), check.At(30))
			return err
		})
	})
	t.Run("lines get their places", func(t *testing.T) { places(t, fresh(t)) })
	t.Run("places are stored under the lease, behind the last one, all or none", func(t *testing.T) { misplaced(t, fresh(t)) })
	t.Run("lines that an older database lost", func(t *testing.T) { adopted(t, fresh(t)) })
	t.Run("the database refuses changes", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Indexed", f.Port().Indexed(t.Context(), leased(t, f), 0, written(t, f, "a")))
		check.Refused(t, f,
			"UPDATE audit_line SET log_index = 7",
			"UPDATE audit_line SET log_index = NULL",
			"UPDATE audit_line SET leaf = salt",
			"INSERT INTO audit_line (id, at, subject, leaf) SELECT 'other', at, subject, leaf FROM audit_line",
			"DELETE FROM audit_line",
		)
	})
}

func leases(t *testing.T, f check.Fixture[LogPorts]) {
	take := func(who string, now, until int) (tlog.Lease, error) {
		return f.Port().Lease(t.Context(), who, check.At(now), check.At(until))
	}
	a, err := take("a", 0, 30)
	check.Same(t, "the first", a, err, tlog.Lease{Holder: "a", Token: 1, Until: check.At(30)})
	_, err = take("b", 29, 60)
	check.Code(t, "while another has it", err, tunnus.CodeStateConflict)
	a, err = take("a", 20, 50)
	check.Same(t, "renewed", a, err, tlog.Lease{Holder: "a", Token: 1, Until: check.At(50)})
	f.Reopen()
	b, err := take("b", 50, 80)
	check.Same(t, "taken over", b, err, tlog.Lease{Holder: "b", Token: 2, Until: check.At(80)})
	_, err = take("a", 60, 90)
	check.Code(t, "for the one who lost it", err, tunnus.CodeStateConflict)
	a, err = take("a", 80, 110)
	check.Same(t, "taken back", a, err, tlog.Lease{Holder: "a", Token: 3, Until: check.At(110)})
	err = f.Port().Indexed(t.Context(), b, 0, written(t, f, "case"))
	check.Code(t, "places under a lease that is over", err, tunnus.CodeStateConflict)
}

func places(t *testing.T, f check.Fixture[LogPorts]) {
	leaves := written(t, f, "a", "b", "a")
	first, err := f.Port().Waiting(t.Context(), 1)
	check.Same(t, "Waiting, one", first, err, leaves[:1])
	l := leased(t, f)
	check.Must(t, "Indexed", f.Port().Indexed(t.Context(), l, 0, leaves[:2]))
	check.Must(t, "Indexed", f.Port().Indexed(t.Context(), l, 2, leaves[2:]))
	f.Reopen()
	n, err := f.Port().Count(t.Context())
	check.Same(t, "Count", n, err, 3)
	none, err := f.Port().Waiting(t.Context(), 10)
	if len(none) != 0 || err != nil {
		t.Errorf("Waiting = %d leaves, %v", len(none), err)
	}
	for i, leaf := range leaves {
		v, err := f.Port().At(t.Context(), uint64(i))
		if err != nil || v.Index != uint64(i) || v.Waiting || !bytes.Equal(v.Leaf, leaf) || v.Record == nil || v.Salt == nil {
			t.Errorf("At(%d) = %+v, %v", i, v, err)
		}
	}
	_, err = f.Port().At(t.Context(), 3)
	check.Code(t, "At behind the end", err, tunnus.CodeNotFound)
	check.Must(t, "Erase", f.Port().Erase("a"))
	of, err := f.Port().Of(t.Context(), "a")
	if err != nil || len(of) != 2 || of[1].Index != 2 || of[0].Record != nil || of[0].Salt != nil || !bytes.Equal(of[0].Leaf, leaves[0]) {
		t.Errorf("Of a case that was erased = %+v, %v", of, err)
	}
	page, err := f.Port().Page(t.Context(), 1, 10)
	if err != nil || len(page) != 2 || page[0].Index != 1 || page[1].Index != 2 {
		t.Errorf("Page = %+v, %v", page, err)
	}
}

func misplaced(t *testing.T, f check.Fixture[LogPorts]) {
	leaves := written(t, f, "a", "b", "c")
	l := leased(t, f)
	stranger := l
	stranger.Token++
	check.Code(t, "another token", f.Port().Indexed(t.Context(), stranger, 0, leaves), tunnus.CodeStateConflict)
	check.Code(t, "a gap", f.Port().Indexed(t.Context(), l, 1, leaves), tunnus.CodeStateConflict)
	check.Code(t, "a leaf of no line", f.Port().Indexed(t.Context(), l, 0, [][]byte{leaves[0], make([]byte, 32)}), tunnus.CodeNotFound)
	check.Code(t, "a leaf twice", f.Port().Indexed(t.Context(), l, 0, [][]byte{leaves[0], leaves[0]}), tunnus.CodeNotFound)
	n, err := f.Port().Count(t.Context())
	check.Same(t, "Count", n, err, 0)
	check.Must(t, "Indexed", f.Port().Indexed(t.Context(), l, 0, leaves[:1]))
	check.Code(t, "the same place again", f.Port().Indexed(t.Context(), l, 0, leaves[1:]), tunnus.CodeStateConflict)
	check.Code(t, "the same line again", f.Port().Indexed(t.Context(), l, 1, leaves[:1]), tunnus.CodeNotFound)
}

func adopted(t *testing.T, f check.Fixture[LogPorts]) {
	leaves := written(t, f, "a", "b")
	strange := bytes.Repeat([]byte{7}, 32)
	lost, err := f.Port().Adopt(t.Context(), leased(t, f), 0, [][]byte{leaves[0], strange, leaves[1]})
	check.Same(t, "Adopt", lost, err, 1)
	for i, want := range []string{"a line", "nothing", "a line"} {
		v, err := f.Port().At(t.Context(), uint64(i))
		if err != nil || (v.Record != nil) != (want == "a line") || (v.Salt != nil) != (want == "a line") {
			t.Errorf("At(%d) = %+v, %v; want %s", i, v, err, want)
		}
	}
	stale := leased(t, f)
	_, err = f.Port().Lease(t.Context(), "other", check.At(100), check.At(130))
	check.Must(t, "Lease", err)
	_, err = f.Port().Adopt(t.Context(), stale, 3, [][]byte{bytes.Repeat([]byte{8}, 32)})
	check.Code(t, "Adopt without the lease", err, tunnus.CodeStateConflict)
}
