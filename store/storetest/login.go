package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
)

func loginSession(id string, created int) login.Session {
	return login.Session{
		ID: id, Rev: 1, Party: "party", Person: "person", Created: at(created), Expires: at(created + 60),
		State: login.Running, Detail: []byte(`{"a":1}`),
	}
}

// Logins tests an implementation of [login.Store].
func Logins(t *testing.T, fresh func(t *testing.T) Fixture[login.Store]) {
	t.Run("keeps a session whole", func(t *testing.T) {
		f := fresh(t)
		v := loginSession("s", 0)
		must(t, "Create", f.Port().Create(t.Context(), v, at(-60), 0, event("login.asked", "s")))
		got, err := f.Port().Session(t.Context(), "s")
		same(t, "Session", got, err, v)
		v.Ended, v.State, v.End, v.NotMe, v.Detail = at(5), login.Complete, login.UserRefused, true, []byte(`{}`)
		must(t, "Save", f.Port().Save(t.Context(), v, event("login.ended", "s")))
		v.Rev = 2
		f.Reopen()
		got, err = f.Port().Session(t.Context(), "s")
		whole(t, "Session after opening again", got, err, v)
		wantEvents(t, f, "s", "login.asked", "login.ended")
		_, err = f.Port().Session(t.Context(), "other")
		wantCode(t, "another session", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		v := loginSession("s", 0)
		must(t, "Create", f.Port().Create(t.Context(), v, at(-60), 0, nil))
		wantOne(t, "Save", func(i int) error {
			w := v
			w.Detail = fmt.Append(nil, i)
			return f.Port().Save(t.Context(), w, event("login.saved", "s"))
		})
		wantEvents(t, f, "s", "login.saved")
		v.ID = "other"
		wantCode(t, "Save of none", f.Port().Save(t.Context(), v, nil), tunnus.CodeStateConflict)
	})
	t.Run("create needs the count", func(t *testing.T) {
		f := fresh(t)
		must(t, "old", f.Port().Create(t.Context(), loginSession("old", -3601), at(-7200), 0, nil))
		wantOne(t, "Create", func(i int) error {
			id := fmt.Sprint("s", i)
			return f.Port().Create(t.Context(), loginSession(id, i), at(-3600), 0, event("login.asked", "one"))
		})
		wantEvents(t, f, "one", "login.asked")
		v := loginSession("other", 0)
		v.Person = "somebody else"
		must(t, "another person", f.Port().Create(t.Context(), v, at(-3600), 0, nil))
		wantCode(t, "the same id", f.Port().Create(t.Context(), v, at(-3600), 1, nil), tunnus.CodeStateConflict)
	})
	t.Run("recent ones of one person", func(t *testing.T) {
		f := fresh(t)
		for i := range 3 {
			must(t, "Create", f.Port().Create(t.Context(), loginSession(fmt.Sprint(i), i), at(0), i, nil))
		}
		got, err := f.Port().Recent(t.Context(), "person", at(1))
		same(t, "Recent", got, err, []login.Session{loginSession("2", 2), loginSession("1", 1)})
		none, err := f.Port().Recent(t.Context(), "nobody", at(0))
		if len(none) != 0 || err != nil {
			t.Errorf("Recent of nobody = %v, %v", none, err)
		}
	})
}
