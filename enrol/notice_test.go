package enrol

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// other adds another account of Ada's, in a state and with a contact.
func (w *world) other(id string, state account.State, contact string) {
	w.t.Helper()
	a := account.Account{ID: id, Document: id, Person: person(w.t, "PNOXX-199002140017"), State: state, Device: "device-" + id, ExpiresAt: start.AddDate(1, 0, 0), Rev: 1}
	if contact != "" {
		var err error
		if a.Contact, err = (mask{}).Seal([]byte(contact), a.ContactPlace()); err != nil {
			w.t.Fatal(err)
		}
	}
	w.mem.accounts[id] = a
}

// told lists who got letters of a kind, sorted, in small letters.
func (w *world) told(kind tell.Kind) []string {
	w.t.Helper()
	var to []string
	for _, m := range w.letters(kind) {
		to = append(to, strings.ToLower(m.To))
	}
	slices.Sort(to)
	return to
}

// letters opens those of a kind.
func (w *world) letters(kind tell.Kind) (out []otp.Message) {
	w.t.Helper()
	for _, l := range w.mem.outbox {
		if l.Kind != string(kind) {
			continue
		}
		m, err := otp.OpenLetter(mask{}, l)
		if err != nil || m.Device == "" || m.Code != "" {
			w.t.Fatalf("letter: %+v, %v", m, err)
		}
		out = append(out, m)
	}
	return out
}

// R: every channel that is known of the person hears when a registration starts
// to bind, and when it ends.
func TestKnownContactsAreTold(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
	w.other("a", account.Active, "real@example.org")
	w.other("b", account.Suspended, "held@example.org")
	w.other("c", account.Active, "Real@example.org")
	w.other("d", account.Closed, "gone@example.org")
	w.other("e", account.Active, "")
	w.other("f", account.Active, "ADA@example.org") // the address of the new account too
	bens := account.Account{ID: "ben", Person: person(t, "PNOXX-"+utopian("19850101001")), State: account.Active, Contact: []byte("not Ada's")}
	w.mem.accounts["ben"] = bens
	w.upTo(r, way.KeysMade, p)
	if got := w.told(tell.Started); len(got) != 0 {
		t.Errorf("told before anything binds: %v", got)
	}
	want := []string{"ada@example.org", "held@example.org", "real@example.org"}
	if err := w.step(r, way.KeysMade, p); err != nil {
		t.Fatal(err)
	}
	if err := w.step(r, way.KeysMade, p); err != nil { // the answer got lost
		t.Fatal(err)
	}
	if got := w.told(tell.Started); !slices.Equal(got, want) {
		t.Errorf("told of the start: %v; want %v", got, want)
	}
	if len(w.activated) != 0 {
		t.Errorf("told of an account that is not active: %v", w.activated)
	}
	if err := w.step(r, way.ApplicationSigned, p); err != nil {
		t.Fatal(err)
	}
	if id := w.mem.sessions[r.Session].Account; !slices.Equal(w.activated, []string{id}) { // account/life tells them
		t.Errorf("told of the new accounts %v; want %v", w.activated, id)
	}
	if got := w.told(tell.Active); !slices.Equal(got, []string{"ada@example.org"}) {
		t.Errorf("told at the new account's own address: %v", got)
	}
}

// The letters go out with what they tell, or neither does.
func TestLettersAreInTheSameCommit(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
	w.other("a", account.Active, "real@example.org")
	w.upTo(r, way.KeysMade, p)
	w.mem.failCommit = true
	if err := w.step(r, way.KeysMade, p); !errors.Is(err, errKilled) || len(w.told(tell.Started)) != 0 || len(w.keys.assigned) != 0 {
		t.Errorf("MakeKeys = %v; told %v, assigned %v", err, w.told(tell.Started), w.keys.assigned)
	}
	w.other("a", account.Active, "")
	broken := w.mem.accounts["a"]
	broken.Contact = []byte("damaged")
	w.mem.accounts["a"] = broken
	if err := w.step(r, way.KeysMade, p); tunnus.CodeOf(err) != tunnus.CodeInternal || len(w.issued) != 0 {
		t.Errorf("somebody who cannot be told: %v, %d certificates", err, len(w.issued))
	}
}

// R6: a first account is announced through a channel of the register, when keys are
// made and when it is active; whoever had an account before is not.
func TestR6FirstAccountIsAnnouncedThroughTheRegister(t *testing.T) {
	for _, had := range []bool{false, true} {
		w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
		w.channels = match.Channels{Email: "register@example.org", Phone: "not a number"}
		want := []string{"register@example.org"}
		if had {
			w.other("a", account.Active, "real@example.org")
			a := w.mem.accounts["a"]
			a.ActiveAt = start
			w.mem.accounts["a"], want = a, nil
		}
		w.upTo(r, way.ApplicationSigned, p)
		if got := w.told(tell.Started); !had && !slices.Equal(got, want) || had && slices.Contains(got, "register@example.org") {
			t.Errorf("had %v: told of the start: %v", had, got)
		}
		if err := w.step(r, way.ApplicationSigned, p); err != nil {
			t.Fatal(err)
		}
		if got := w.told(tell.New); !slices.Equal(got, want) {
			t.Errorf("had %v: told of the account: %v; want %v", had, got, want)
		}
	}
}

// Whoever is warned is warned in the language of the account that is older: a thief
// chooses only the language of what is written to the thief.
func TestWarningsAreInTheLanguageOfTheHolder(t *testing.T) {
	for _, had := range []bool{false, true} {
		w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
		w.channels = match.Channels{Email: "register@example.org"}
		warned := "ru"
		if had {
			w.other("a", account.Active, "real@example.org")
			a := w.mem.accounts["a"]
			a.ActiveAt, a.Language = start, "et"
			w.mem.accounts["a"], warned = a, "et"
		}
		w.upTo(r, "", p)
		for kind, want := range map[tell.Kind]string{tell.Started: warned, tell.Active: "ru", tell.New: "ru"} {
			for _, m := range w.letters(kind) {
				if m.Language != want {
					t.Errorf("had %v: %s is in %q; want %q", had, kind, m.Language, want)
				}
			}
		}
		if len(w.letters(tell.Started)) != 1 || len(w.letters(tell.Active)) != 1 {
			t.Errorf("had %v: told %v and %v", had, w.told(tell.Started), w.told(tell.Active))
		}
		if a := w.mem.accounts[w.mem.sessions[r.Session].Account]; a.Language != "ru" {
			t.Errorf("had %v: the account speaks %q", had, a.Language)
		}
	}
}
