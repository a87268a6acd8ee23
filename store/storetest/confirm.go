package storetest

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func question(id string) confirm.Question {
	return confirm.Question{
		ID: id, About: statement.Guardian, Session: "session", Device: "device", State: confirm.Claimed, Account: "account",
		Login: "login", Sign: "sign", Sealed: []byte{0, 0xff}, Due: check.At(60), Child: "child", Record: []byte{0xfe, 0},
	}
}

// Questions tests an implementation of [confirm.Store].
func Questions(t *testing.T, fresh func(t *testing.T) check.Fixture[confirm.Store]) {
	t.Run("keeps a question whole", func(t *testing.T) {
		f := fresh(t)
		v := question("q")
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("confirm.claim", "session")))
		v.Rev = 1
		f.Reopen()
		got, err := f.Port().Question(t.Context(), "q")
		check.Whole(t, "Question", got, err, v)
		over := confirm.Question{ID: "q", Rev: 1, About: statement.Vouch, State: confirm.Lapsed} // the evidence may stay, and need not
		check.Must(t, "Save", f.Port().Save(t.Context(), over, check.Event("confirm.lapse", "session")))
		over.Rev = 2
		got, err = f.Port().Question(t.Context(), "q")
		check.Same(t, "Question, over", got, err, over)
		check.Events(t, f, "session", "confirm.claim", "confirm.lapse")
		_, err = f.Port().Question(t.Context(), "other")
		check.Code(t, "another question", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		for rev := range int64(2) {
			check.One(t, "Save", func(int) error {
				v := question("q")
				v.Rev = rev
				return f.Port().Save(t.Context(), v, check.Event("confirm.ask", "session"))
			})
		}
		check.Events(t, f, "session", "confirm.ask", "confirm.ask")
	})
	t.Run("lists those whose time is over, oldest first", func(t *testing.T) {
		f := fresh(t)
		for id, at := range map[string]int{"a": 30, "b": 10, "late": 31, "c": 20} {
			v := question(id)
			v.Due = check.At(at)
			check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
		}
		over := question("over")
		over.State, over.Sealed, over.Due = confirm.Answered, nil, check.At(1)
		check.Must(t, "Save", f.Port().Save(t.Context(), over, nil))
		got, err := f.Port().Unheard(t.Context(), check.At(30), 9)
		check.Same(t, "Unheard", got, err, []string{"b", "c", "a"})
		got, err = f.Port().Unheard(t.Context(), check.At(30), 2)
		check.Same(t, "Unheard, two", got, err, []string{"b", "c"})
	})
	t.Run("lists those about a child that are open, the first to end first", func(t *testing.T) { ofChild(t, fresh(t)) })
	t.Run("nothing sealed is left in one that is over", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Save", f.Port().Save(t.Context(), question("q"), nil))
		check.Refused(t, f, "UPDATE enrol_question SET state = 'lapsed'", "UPDATE enrol_question SET about = 'recall'")
	})
}

func ofChild(t *testing.T, f check.Fixture[confirm.Store]) {
	t.Helper()
	for id, at := range map[string]int{"a": 30, "b": 10, "c": 20} {
		v := question(id)
		v.Due = check.At(at)
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
	}
	other, over, nobody := question("other"), question("over"), question("nobody")
	other.Child, nobody.Child = "another", ""
	over.State, over.Sealed = confirm.Answered, nil
	for _, v := range []confirm.Question{other, over, nobody} {
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
	}
	for child, want := range map[string][]string{"child": {"b", "c", "a"}, "another": {"other"}, "": nil, "none": nil} {
		got, err := f.Port().OfChild(t.Context(), child, 9)
		var ids []string
		for _, q := range got {
			ids = append(ids, q.ID)
		}
		check.Same(t, "OfChild "+child, ids, err, want)
	}
	got, err := f.Port().OfChild(t.Context(), "child", 2)
	if len(got) != 2 || err != nil || got[0].Rev != 1 || string(got[0].Record) != "\xfe\x00" {
		t.Errorf("OfChild, two: %+v, %v", got, err)
	}
}
