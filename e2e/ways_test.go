package e2e

import (
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
)

// Every way beside the passport's, with what has to be refused in it, at one server:
// ada and ben have had accounts for some days.
func TestWays(t *testing.T) {
	s := sooner(t)
	ada, ben := s.walker("ada", "ada.phone"), s.walker("ben", "ben.phone")
	ada.begin(t.Context(), "passport", "new")
	ben.begin(t.Context(), "passport", "new")
	ada.arrives(t)
	ben.arrives(t)
	s.later()
	var vouched, child, desk string
	t.Run("account", func(t *testing.T) { vouched = s.byAccount(t, ada) })
	t.Run("account/evidence", func(t *testing.T) { s.evident(t, vouched, "account", "vouched") })
	t.Run("account/two phones follow one link", func(t *testing.T) { s.twoFollow(t, ada, ben) })
	t.Run("account/too young", func(t *testing.T) { s.tooYoung(t) })
	t.Run("child", func(t *testing.T) { child = s.child(t, ada, ben) })
	t.Run("child/evidence", func(t *testing.T) { s.evident(t, child, "passport/child", "guardian") })
	t.Run("child/refused", func(t *testing.T) { s.childRefused(t, ada) })
	t.Run("desk", func(t *testing.T) { desk = s.byDesk(t) })
	t.Run("desk/evidence", func(t *testing.T) { s.evident(t, desk, "desk") })
	t.Run("renew/old phone refuses", func(t *testing.T) { s.oldPhoneRefuses(t, ben) })
	t.Run("renew", func(t *testing.T) { ben = s.renewed(t, ben) })
	t.Run("renew/evidence", func(t *testing.T) { s.evident(t, ben.made.Document, "passport/renew", "old-device") })
	t.Run("renew/without the old phone", func(t *testing.T) { s.withoutOldPhone(t, ben) })
}

// used has a new account answer a service.
func (s *server) used(t *testing.T, w *walker) {
	t.Helper()
	done := answer(t.Context(), w.types(map[string]string{"answer": "confirm"}).App)
	got, err := s.ask(t.Context(), client.Subject{Number: w.made.Document})
	if err != nil || got.Number != w.made.Document {
		t.Fatalf("log-in: %v, %v", got.Number, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// byAccount: another account of the same person vouches with both PINs (R3).
func (s *server) byAccount(t *testing.T, old *walker) (document string) {
	w := s.walker("ada", "ada-2.phone").begin(t.Context(), "account", "new")
	old.confirms(t, w.link(t), app.Confirmed)
	if made := w.arrives(t); made.State != "active" || made.Name != "ADA MARIA SAMPLE" {
		t.Errorf("%+v", made)
	}
	if old.state(t) != "active" {
		t.Error("the account that vouched is gone")
	}
	s.used(t, w)
	return w.made.Document
}

// twoFollow: a link that two accounts follow ends at both ends.
func (s *server) twoFollow(t *testing.T, one, other *walker) {
	w := s.walker("ada", "ada-3.phone").begin(t.Context(), "account", "new")
	link := w.link(t)
	delete(one.typed, "answer")
	if _, err := one.Confirm(t.Context(), link); !errors.Is(err, errNoAnswer) { // it has followed, and does not answer
		t.Errorf("the first one: %v", err)
	}
	if _, err := other.Confirm(t.Context(), link); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the second one: %v; want state-conflict", err)
	}
	w.fails(t, tunnus.CodeConfirmNo)
	if _, err := one.Confirm(t.Context(), link); err == nil {
		t.Error("the first one may still answer")
	}
}

// tooYoung: an account of today vouches for nobody (R3).
func (s *server) tooYoung(t *testing.T) {
	young := s.walker("cleo", "cleo.phone").begin(t.Context(), "passport", "new")
	young.arrives(t)
	w := s.walker("cleo", "cleo-2.phone").begin(t.Context(), "account", "new")
	if _, err := young.Confirm(t.Context(), w.link(t)); tunnus.CodeOf(err) != tunnus.CodeSrcAccountNo {
		t.Errorf("%v; want src-account-no", err)
	}
	select {
	case err := <-w.ended:
		t.Errorf("a stranger's link was ended: %v", err)
	default:
	}
}
