package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func sheet(session string) otp.Sheet {
	return otp.Sheet{Session: session, Owner: "owner", Contact: "contact", Codes: []otp.Code{
		{ID: "1", MAC: []byte{1}, Contact: "other", SentAt: check.At(0), ExpiresAt: check.At(600), Tries: 2, Used: true},
		{ID: "2", MAC: []byte{0, 0xff}, Contact: "contact", SentAt: check.At(60), ExpiresAt: check.At(660)},
	}}
}

// Codes tests an implementation of [otp.Store].
func Codes(t *testing.T, fresh func(t *testing.T) check.Fixture[otp.Store]) {
	t.Run("keeps a sheet whole", func(t *testing.T) {
		f := fresh(t)
		v := sheet("s")
		letters := []otp.Letter{{ID: "letter", Kind: "otp", Sealed: []byte{1}}}
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil, letters, check.Event("otp.sent", "s")))
		v.Rev, v.Over, v.Codes[1].Tries = 1, true, 3
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil, nil, check.Event("otp.dead", "s")))
		v.Rev = 2
		f.Reopen()
		got, err := f.Port().Sheet(t.Context(), "s")
		check.Whole(t, "Sheet", got, err, v)
		check.Events(t, f, "s", "otp.sent", "otp.dead")
		if n := f.Letters(); n != 1 {
			t.Errorf("%d letters wait; want 1", n)
		}
		_, err = f.Port().Sheet(t.Context(), "other")
		check.Code(t, "another sheet", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		for rev := range int64(2) {
			check.One(t, "Save", func(int) error {
				v := sheet("s")
				v.Rev = rev
				return f.Port().Save(t.Context(), v, nil, nil, check.Event("otp.try", "s"))
			})
		}
		check.Events(t, f, "s", "otp.try", "otp.try")
	})
	t.Run("a failure writes nothing", func(t *testing.T) { nothingOnFailure(t, fresh(t)) })
	t.Run("others of the same owner and contact", func(t *testing.T) {
		f := fresh(t)
		var want []otp.Sheet
		for i := range 12 {
			v := sheet(fmt.Sprint(i))
			v.Codes[1].SentAt = check.At(i)
			check.Must(t, "Save", f.Port().Save(t.Context(), v, nil, nil, nil))
			if v.Rev = 1; i != 11 && i > 0 {
				want = append([]otp.Sheet{v}, want...)
			}
		}
		stranger := sheet("stranger")
		stranger.Owner = "somebody else"
		check.Must(t, "Save", f.Port().Save(t.Context(), stranger, nil, nil, nil))
		got, err := f.Port().Others(t.Context(), "11", "owner", "contact")
		check.Same(t, "Others", got, err, want)
	})
	t.Run("no budget is overdrawn", func(t *testing.T) { budget(t, fresh(t)) })
}

// budget spends from two sessions' sheets at once.
func budget(t *testing.T, f check.Fixture[otp.Store]) {
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		wg.Go(func() {
			errs[i] = f.Port().Save(t.Context(), sheet(fmt.Sprint(i)), []otp.Spend{{Key: "k", Day: "2027-01-15", Max: 5}}, nil, nil)
		})
	}
	wg.Wait()
	spent := 0
	for _, err := range errs {
		if err == nil {
			spent++
		} else if !errors.Is(err, otp.ErrBudget) {
			t.Errorf("Save: %v", err)
		}
	}
	if spent != 5 {
		t.Errorf("%d spent of a budget of 5", spent)
	}
	check.Must(t, "the next day", f.Port().Save(t.Context(), sheet("next"), []otp.Spend{{Key: "k", Day: "2027-01-16", Max: 5}}, nil, nil))
	for _, c := range []struct {
		key, from, before string
		want              int
	}{{"k", "2027-01-15", "2027-01-17", 6}, {"k", "2027-01-15", "2027-01-16", 5}, {"k", "2027-01-16", "2028", 1}, {"k", "2027-01-17", "2028", 0}, {"l", "", "2028", 0}} {
		if n, err := f.Port().Spent(t.Context(), c.key, c.from, c.before); err != nil || n != c.want {
			t.Errorf("spent of %q from %s before %s: %d, %v; want %d", c.key, c.from, c.before, n, err, c.want)
		}
	}
}

func nothingOnFailure(t *testing.T, f check.Fixture[otp.Store]) {
	letters := []otp.Letter{{ID: "a"}, {ID: "a"}} // the second cannot be written
	check.Code(t, "Save", f.Port().Save(t.Context(), sheet("s"), nil, letters, nil), tunnus.CodeStateConflict)
	spends := []otp.Spend{{Key: "k", Day: "2027-01-15", Max: 1}, {Key: "l", Day: "2027-01-15"}}
	err := f.Port().Save(t.Context(), sheet("s"), spends, letters[:1], check.Event("otp.sent", "s"))
	if !errors.Is(err, otp.ErrBudget) {
		t.Errorf("Save on no budget: %v", err)
	}
	_, err = f.Port().Sheet(t.Context(), "s")
	check.Code(t, "the sheet", err, tunnus.CodeNotFound)
	check.Events(t, f, "s")
	if n := f.Letters(); n != 0 {
		t.Errorf("%d letters wait; want none", n)
	}
	check.Must(t, "the budget is whole", f.Port().Save(t.Context(), sheet("s"), spends[:1], letters[:1], nil))
}
