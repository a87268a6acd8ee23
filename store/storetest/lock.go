package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func lockEntry(kind lock.Kind, second int) lock.Entry {
	return lock.Entry{
		Kind: kind, Attempt: fmt.Sprint("attempt", second), At: check.At(second), Code: tunnus.CodeFaceNoMatch,
		Copyable: true, Release: "1.2", From: check.At(1), Until: check.At(2), Input: "ab12", MAC: []byte{0, 0xff, byte(second)},
	}
}

// Ledger tests an implementation of [lock.Store].
func Ledger(t *testing.T, fresh func(t *testing.T) check.Fixture[lock.Store]) {
	t.Run("keeps entries whole and in order", func(t *testing.T) {
		f := fresh(t)
		none, err := f.Port().Entries(t.Context(), "a")
		if len(none) != 0 || err != nil {
			t.Errorf("Entries of none = %v, %v", none, err)
		}
		want := []lock.Entry{lockEntry(lock.Charged, 9), lockEntry(lock.Failed, 3), {Kind: lock.Noted, At: check.At(4)}}
		for i, e := range want {
			check.Must(t, "Append", f.Port().Append(t.Context(), "a", i, e, check.Event("lock."+string(e.Kind), "a")))
		}
		check.Must(t, "Append", f.Port().Append(t.Context(), "b", 0, want[0], nil))
		f.Reopen()
		got, err := f.Port().Entries(t.Context(), "a")
		check.Same(t, "Entries", got, err, want)
		check.Whole(t, "the first", got[0], nil, want[0])
		check.Events(t, f, "a", "lock.charged", "lock.failed", "lock.noted")
	})
	t.Run("one of many takes a place", func(t *testing.T) {
		f := fresh(t)
		for place := range 3 {
			check.One(t, "Append", func(i int) error {
				return f.Port().Append(t.Context(), "a", place, lockEntry(lock.Charged, i), check.Event("lock.charge", "a"))
			})
		}
		check.Events(t, f, "a", "lock.charge", "lock.charge", "lock.charge")
		got, err := f.Port().Entries(t.Context(), "a")
		if len(got) != 3 || err != nil {
			t.Errorf("%d entries, %v; want 3", len(got), err)
		}
	})
	t.Run("leaves no gap", func(t *testing.T) {
		f := fresh(t)
		err := f.Port().Append(t.Context(), "a", 1, lockEntry(lock.Charged, 0), check.Event("lock.charge", "a"))
		check.Code(t, "Append behind nothing", err, tunnus.CodeStateConflict)
		check.Events(t, f, "a")
	})
	t.Run("the database refuses changes", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Append", f.Port().Append(t.Context(), "a", 0, lockEntry(lock.Failed, 0), nil))
		check.Must(t, "Append", f.Port().Append(t.Context(), "a", 1, lock.Entry{Kind: lock.Permanent, At: check.At(1)}, nil))
		const row = "(key, place, kind, attempt, at, code, copyable, mac) VALUES ('a', %d, '%s', '', 1, '', false, '')"
		check.Refused(t, f,
			"UPDATE lock_entry SET kind = 'voided' WHERE key = 'a' AND place = 0",
			"UPDATE lock_entry SET input = '' WHERE key = 'a' AND place = 0",
			"DELETE FROM lock_entry WHERE kind = 'permanent'",
			"INSERT INTO lock_entry "+fmt.Sprintf(row, 1, "noted")+" ON CONFLICT (key, place) DO UPDATE SET kind = 'noted'",
			"INSERT INTO lock_entry "+fmt.Sprintf(row, 3, "noted"),
			"INSERT INTO lock_entry "+fmt.Sprintf(row, 2, "succeeded"),
		)
		if err := f.Port().Append(t.Context(), "a", 2, lockEntry(lock.Voided, 2), nil); err == nil {
			t.Error("a permanent lock was voided")
		}
		got, err := f.Port().Entries(t.Context(), "a")
		check.Same(t, "Entries", got, err, []lock.Entry{lockEntry(lock.Failed, 0), {Kind: lock.Permanent, At: check.At(1)}})
	})
}
