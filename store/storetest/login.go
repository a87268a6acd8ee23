package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func loginSession(id string, created int) login.Session {
	return login.Session{
		ID: id, Rev: 1, Party: "party", Person: "person", Created: check.At(created), Expires: check.At(created + 60),
		State: login.Running, Detail: []byte(`{"a":1}`),
	}
}

// Logins tests an implementation of [login.Store].
func Logins(t *testing.T, fresh func(t *testing.T) check.Fixture[login.Store]) {
	t.Run("keeps a session whole", func(t *testing.T) {
		f := fresh(t)
		v := loginSession("s", 0)
		check.Must(t, "Create", f.Port().Create(t.Context(), v, check.At(-60), 0, check.Event("login.asked", "s")))
		got, err := f.Port().Session(t.Context(), "s")
		check.Same(t, "Session", got, err, v)
		v.Ended, v.State, v.End, v.NotMe, v.Detail = check.At(5), login.Complete, login.UserRefused, true, []byte(`{}`)
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("login.ended", "s")))
		v.Rev = 2
		f.Reopen()
		got, err = f.Port().Session(t.Context(), "s")
		check.Whole(t, "Session after opening again", got, err, v)
		check.Events(t, f, "s", "login.asked", "login.ended")
		_, err = f.Port().Session(t.Context(), "other")
		check.Code(t, "another session", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		v := loginSession("s", 0)
		check.Must(t, "Create", f.Port().Create(t.Context(), v, check.At(-60), 0, nil))
		check.One(t, "Save", func(i int) error {
			w := v
			w.Detail = fmt.Append(nil, i)
			return f.Port().Save(t.Context(), w, check.Event("login.saved", "s"))
		})
		check.Events(t, f, "s", "login.saved")
		v.ID = "other"
		check.Code(t, "Save of none", f.Port().Save(t.Context(), v, nil), tunnus.CodeStateConflict)
	})
	t.Run("create needs the count", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "old", f.Port().Create(t.Context(), loginSession("old", -3601), check.At(-7200), 0, nil))
		check.One(t, "Create", func(i int) error {
			id := fmt.Sprint("s", i)
			return f.Port().Create(t.Context(), loginSession(id, i), check.At(-3600), 0, check.Event("login.asked", "one"))
		})
		check.Events(t, f, "one", "login.asked")
		v := loginSession("other", 0)
		v.Person = "somebody else"
		check.Must(t, "another person", f.Port().Create(t.Context(), v, check.At(-3600), 0, nil))
		check.Code(t, "the same id", f.Port().Create(t.Context(), v, check.At(-3600), 1, nil), tunnus.CodeStateConflict)
	})
	t.Run("recent ones of one person", func(t *testing.T) {
		f := fresh(t)
		for i := range 3 {
			check.Must(t, "Create", f.Port().Create(t.Context(), loginSession(fmt.Sprint(i), i), check.At(0), i, nil))
		}
		got, err := f.Port().Recent(t.Context(), "person", check.At(1))
		check.Same(t, "Recent", got, err, []login.Session{loginSession("2", 2), loginSession("1", 1)})
		none, err := f.Port().Recent(t.Context(), "nobody", check.At(0))
		if len(none) != 0 || err != nil {
			t.Errorf("Recent of nobody = %v, %v", none, err)
		}
	})
}
