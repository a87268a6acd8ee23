package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/client"
)

// child: a minor waits for the guardian; whoever is none gets nothing (R9). The app
// may be closed meanwhile: it goes on where it was (R13).
func (s *server) child(t *testing.T, guardian, none *walker) (document string) {
	ctx, stop := context.WithCancel(t.Context())
	first := s.walker("ida", "ida.phone").begin(ctx, "passport", "new")
	link := first.link(t)
	stop()
	if err := errors.Join(first.end(t), first.vault.Close()); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w := s.walker("ida", "ida.phone").begin(t.Context(), "passport", "new")
	if again := w.link(t); again != link {
		t.Errorf("the link was %s and is %s", link, again)
	}
	if _, err := none.Confirm(t.Context(), link); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("who is no guardian: %v; want not-found", err)
	}
	guardian.confirms(t, link, app.Confirmed)
	if made := w.arrives(t); made.State != "active" || made.Name != "IDA SAMPLE" {
		t.Errorf("%+v", made)
	}
	s.used(t, w)
	return w.made.Document
}

// childRefused: a guardian's no ends it.
func (s *server) childRefused(t *testing.T, guardian *walker) {
	w := s.walker("ida", "ida-2.phone").begin(t.Context(), "passport", "new")
	guardian.confirms(t, w.link(t), app.Declined)
	w.fails(t, tunnus.CodeConfirmNo)
}

// oldPhoneRefuses: then nothing is renewed, and the old account stays.
func (s *server) oldPhoneRefuses(t *testing.T, old *walker) {
	w := s.walker("ben", "ben-no.phone").types(map[string]string{"old-device": "yes"}).begin(t.Context(), "passport", "renew")
	old.confirms(t, w.link(t), app.Declined)
	w.fails(t, tunnus.CodeConfirmNo)
	if old.state(t) != "active" {
		t.Errorf("the old account is %s", old.state(t))
	}
}

// renewed: the old phone confirms, the new account comes, and then the old one goes (R4).
func (s *server) renewed(t *testing.T, old *walker) (renewed *walker) {
	w := s.walker("ben", "ben-2.phone").types(map[string]string{"old-device": "yes", "replacement": "yes"}).begin(t.Context(), "passport", "renew")
	old.confirms(t, w.link(t), app.Confirmed)
	if made := w.arrives(t); made.State != "active" {
		t.Errorf("%+v", made)
	}
	until(t, "the old account is closed", func() bool { return old.state(t) == "closed" })
	s.used(t, w)
	return w
}

// withoutOldPhone: the old account stays for three days, and may stop the new one (R4).
func (s *server) withoutOldPhone(t *testing.T, old *walker) {
	w := s.walker("ben", "ben-3.phone").types(map[string]string{"old-device": "no", "replacement": "yes"}).begin(t.Context(), "passport", "renew")
	made := w.arrives(t)
	held, err := old.Phone()
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the old account has its three days", func() bool {
		list, err := held.Accounts(t.Context())
		return err == nil && slices.ContainsFunc(list, func(a wire.Held) bool {
			return a.Here && a.State == "active" && time.Until(a.Retires) > 71*time.Hour
		})
	})
	done, err := held.Freeze(t.Context(), made.Document)
	if err != nil || done.Account == nil || done.Account.State != "frozen" {
		t.Fatalf("%+v, %v", done, err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if _, err := s.ask(ctx, client.Subject{Number: made.Document}); err == nil {
		t.Error("a frozen account logs in")
	}
}

// byDesk: an officer reads the document, compares and signs; the code goes into the
// app (R8). Five wrong ones kill it, and the officer gives another.
func (s *server) byDesk(t *testing.T) (document string) {
	w := s.walker("gus", "gus.phone")
	ticket := w.begin(t.Context(), "desk", "new").hears(t, "tunnus:desk:1:")
	as := s.officer("reg-07", "finn")
	do := func(args ...string) []byte { return s.staff(append(args, as...)...) }
	desk := field(t, do("desk", "open", ticket), "id")
	do("desk", "read", desk, "--virtual", "gus", "--world", s.world.Path())
	tick := "face-compared,document-genuine,data-agree,acts-freely,own-phone,counter-code-same"
	dead := field(t, do("desk", "sign", desk, "--tick", tick), "code")
	for _, typed := range []string{"AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "EEEEEEEE", dead} {
		w.shown <- typed
	}
	w.hears(t, "That code is past its time or was wrong too often.")
	w.shown <- field(t, do("desk", "sign", desk, "--tick", tick), "code")
	if made := w.arrives(t); made.State != "active" || made.Level != "QUALIFIED" {
		t.Errorf("%+v", made)
	}
	s.used(t, w)
	return w.made.Document
}
