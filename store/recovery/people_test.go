package recovery

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/store/copies"
	rows "github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/life"
	"github.com/tunnus-id/tunnus/store/retention"
	"github.com/tunnus-id/tunnus/store/second"
)

func (w *world) roster() *roster.Roster {
	return roster.New(rows.NewStaff(w.store.Database()), "demo", w)
}

// officer adds a member of staff.
func (w *world) officer(id string) *ecdsa.PrivateKey {
	w.Helper()
	key, err := device.GenerateKey()
	w.must(err)
	public, err := device.Public(key)
	w.must(err)
	w.must(w.roster().Add(context.Background(), staff.Member{ID: id, Roles: []staff.Role{staff.Supervisor}, Key: public, Mark: "mark of " + id}))
	return key
}

// letIn sends a request of a member.
func (w *world) letIn(id string, key *ecdsa.PrivateKey) error {
	w.Helper()
	signed, err := device.Sign(key, device.Request{Method: "POST", Path: "/staff/v1/reviews", Session: staff.Session, Counter: uint64(w.Now().UnixMilli()), Nonce: "demo"})
	w.must(err)
	_, err = w.roster().Identify(context.Background(), id, signed)
	return err
}

// Who was dismissed after the backup is dismissed after the restore, also if the
// backup is from before he came; and the dismissal alone keeps the server shut.
func TestDismissedStayDismissed(t *testing.T) { everywhere(t, dismissedStayDismissed) }

func dismissedStayDismissed(t *testing.T, w *world) {
	old, stays := w.officer("reg-1"), w.officer("reg-2")
	back := w.backup()
	later := w.officer("reg-3")
	w.must(w.roster().End(t.Context(), "reg-1"))
	w.must(w.roster().End(t.Context(), "reg-3"))
	w.putBack(back)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrBehind) {
		t.Errorf("the server opens on a database in which the officer still works: %v", err)
	}
	report, err := w.recovery().Apply(t.Context())
	w.must(err)
	if report.Members != 2 || !strings.Contains(strings.Join(report.Lines(), "\n"), "2  members of staff") {
		t.Errorf("%+v: %q", report, report.Lines())
	}
	for id, key := range map[string]*ecdsa.PrivateKey{"reg-1": old, "reg-3": later} {
		if err := w.letIn(id, key); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
			t.Errorf("%s was dismissed, and is let in: %v", id, err)
		}
		if err := w.roster().Add(t.Context(), staff.Member{ID: id, Roles: []staff.Role{staff.Reviewer}, Key: []byte("k"), Mark: "another"}); err == nil {
			t.Errorf("%s was given to somebody else", id)
		}
	}
	w.must(w.letIn("reg-2", stays))
	if again, err := w.recovery().Apply(t.Context()); err != nil || !again.Nothing() {
		t.Errorf("a second restore: %+v, %v", again, err)
	}
	w.must(w.recovery().Check(t.Context()))
}

// keep writes a contact as package account/contact would.
func (w *world) keep(id string, state contact.State, rev int64) {
	w.Helper()
	r := contact.Row{Person: "p-" + id, ID: id, Kind: address.Email, State: state, Since: w.Now(), HeldUntil: w.Now().Add(contact.HoldFor), Rev: rev}
	if state != contact.Stopped && state != contact.Removed {
		r.Sealed = []byte("sealed " + id)
	}
	events := []tunnus.Event{{At: w.Now(), Kind: "contact." + string(state), Subject: id}}
	w.must(life.NewContacts(w.store.Database()).Save(context.Background(), r, events))
}

// contactState is where a contact stands, and whether its address is there.
func (w *world) contactState(id string) (state contact.State, sealed bool) {
	w.Helper()
	list, err := life.NewContacts(w.store.Database()).OfPerson(context.Background(), "p-"+id)
	w.must(err)
	if len(list) != 1 {
		return "", false
	}
	return list[0].State, len(list[0].Sealed) > 0
}

// Contacts that the holder stopped or took off after the backup get no codes after
// the restore; one that the holder has taken back does.
func TestStoppedContactsStayStopped(t *testing.T) { everywhere(t, stoppedContactsStayStopped) }

func stoppedContactsStayStopped(t *testing.T, w *world) {
	all := []string{"stopped", "leaving", "back", "never", "over", "held"}
	for _, id := range all {
		w.keep(id, contact.Pending, 0)
		w.keep(id, contact.Confirmed, 1)
	}
	w.keep("over", contact.Removed, 2)
	back := w.backup()
	w.keep("leaving", contact.Leaving, 2)
	w.keep("back", contact.Leaving, 2)
	w.keep("back", contact.Confirmed, 3)
	w.keep("held", contact.Removed, 2)
	w.keep("new", contact.Pending, 0)
	w.keep("new", contact.Stopped, 1)
	w.keep("stopped", contact.Stopped, 2)
	w.putBack(back)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrBehind) {
		t.Errorf("the server opens on a database that gives codes to whom the holder stopped: %v", err)
	}
	report, err := w.recovery().Apply(t.Context())
	w.must(err)
	if report.Contacts != 4 || !strings.Contains(strings.Join(report.Lines(), "\n"), "4  contacts") {
		t.Errorf("%+v: %q", report, report.Lines())
	}
	for id, want := range map[string]contact.State{
		"stopped": contact.Stopped, "leaving": contact.Leaving, "new": contact.Stopped, "back": contact.Confirmed, "never": contact.Confirmed, "over": contact.Removed, "held": contact.Removed,
	} {
		if s, sealed := w.contactState(id); s != want || sealed != (s == contact.Leaving || s == contact.Confirmed) {
			t.Errorf("%s is %q, with its address: %v; want %q", id, s, sealed, want)
		}
	}
	if again, err := w.recovery().Apply(t.Context()); err != nil || !again.Nothing() {
		t.Errorf("a second restore: %+v, %v", again, err)
	}
	w.must(w.recovery().Check(t.Context()))
	w.keep("stopped", contact.Pending, 4) // it comes back as a new one
}

// The second place of an earlier release has no copies of these: the next start
// writes them, however long ago they were made.
func TestOlderSecondPlaceGetsNewKinds(t *testing.T) {
	w := newWorld(t)
	w.officer("reg-1")
	w.keep("stopped", contact.Stopped, 0)
	w.must(w.roster().End(t.Context(), "reg-1"))
	w.fail(w.locks.DocumentKey("XX", "P", "A1", "300101"), "a")
	list, _, err := w.place.Newest(t.Context(), []string{copies.KindLock}, 10)
	w.must(err)
	w.beside += ".older"
	w.place, err = openPlace(w)
	w.must(err)
	t.Cleanup(func() { _ = w.place.Close() })
	w.must(second.NewMirror(w.place).Write(list))
	p := &pushing{r: w.recovery(), ctx: t.Context()} // no line of the last hour tells of them
	p.r.cfg.Mirror = second.NewMirror(w.place)
	w.must(errors.Join(p.begun(), p.flush()))
	w.sameAsDatabase(t)
	if c, err := w.place.Get(t.Context(), copies.KindMember, "reg-1"); err != nil || c.Rev != 1 {
		t.Errorf("the dismissal: %+v, %v", c, err)
	}
}

// A contact that was taken off, forgotten after 13 months, and came again is as good as
// new, with revisions from 1 on: a restore does not take it off, nor does the server stay
// shut. Stopped in its new life it stays stopped, however young that is.
func TestForgottenContactComesAgain(t *testing.T) { everywhere(t, forgottenContactComesAgain) }

func forgottenContactComesAgain(t *testing.T, w *world) {
	for _, id := range []string{"good", "stopped"} {
		w.keep(id, contact.Pending, 0)
		for rev, state := range []contact.State{contact.Confirmed, contact.Leaving, contact.Confirmed, contact.Leaving, contact.Removed} {
			w.keep(id, state, int64(rev+1))
		}
	}
	w.pass(14 * 31 * 24 * time.Hour)
	_, err := retention.Job{Database: w.store.Database(), Keep: scheme.Nordic().Retention, Clock: w}.Run(t.Context())
	w.must(err)
	for _, id := range []string{"good", "stopped"} {
		if s, _ := w.contactState(id); s != "" {
			t.Fatalf("%s is %s still", id, s)
		}
		w.keep(id, contact.Confirmed, 0)
	}
	back := w.backup()
	w.must(w.recovery().Check(t.Context()))
	w.keep("stopped", contact.Stopped, 1)
	w.putBack(back)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrBehind) {
		t.Errorf("the server opens on a database that gives codes to whom the holder stopped: %v", err)
	}
	_, err = w.recovery().Apply(t.Context())
	w.must(err)
	for id, want := range map[string]contact.State{"good": contact.Confirmed, "stopped": contact.Stopped} {
		if s, _ := w.contactState(id); s != want {
			t.Errorf("%s is %q; want %q", id, s, want)
		}
	}
	w.must(w.recovery().Check(t.Context()))
}
