package enrol

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/trust/asic"
)

func (w *world) onlyAccount() account.Account {
	w.t.Helper()
	if len(w.mem.accounts) != 1 {
		w.t.Fatalf("%d accounts; want 1", len(w.mem.accounts))
	}
	for _, a := range w.mem.accounts {
		return a
	}
	return account.Account{}
}

func TestIssuedUntilSigned(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	if a := w.onlyAccount(); a.State != account.Issued || a.Usable(w.now) || a.Signature != nil {
		t.Errorf("the account is %s before the application is signed", a.State)
	}
	_, err := w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeStateConflict, -1)
	made, err := w.flow.MakeKeys(t.Context(), r, "phone-login", "phone-signature")
	if err != nil || made.Transaction != "tx1" || len(w.keys.offers) != 1 || len(w.issued) != 2 {
		t.Errorf("a repeat made more: %+v, %v", made, err)
	}
	for _, ids := range [][2]string{{"phone-login", "other"}, {"other", "phone-signature"}} {
		_, err = w.flow.MakeKeys(t.Context(), r, ids[0], ids[1])
		refused(t, err, tunnus.CodeStateConflict, -1)
	}
	if err := w.step(r, way.ApplicationSigned, p); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the answer may get lost
		if a, err := w.flow.Finish(t.Context(), r); err != nil || a.State != account.Active {
			t.Errorf("Finish = %s, %v", a.State, err)
		}
	}
	if n := len(w.mem.outbox); n != 2 { // code, notice
		t.Errorf("%d letters; want 2", n)
	}
}

func TestKeysOfOthersAreNotTouched(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
	w.upTo(r, way.KeysMade, p)
	for _, ids := range [][2]string{{"phone-login", "phone-signature"}, {"thief-login", "phone-signature"}, {"thief-signature", "thief-login"}} {
		_, err := w.flow.MakeKeys(t.Context(), r, ids[0], ids[1])
		refused(t, err, tunnus.CodeStateConflict, -1)
	}
	_, err := w.flow.MakeKeys(t.Context(), r, "thief-login", "thief-login")
	refused(t, err, tunnus.CodeBadRequest, -1)
	w.now = w.now.Add(time.Hour)
	if _, err := w.flow.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.keys.revoked) != 0 || len(w.issued) != 0 {
		t.Errorf("keys %v were revoked, %d certificates issued", w.keys.revoked, len(w.issued))
	}
}

// K11: nobody empties the pool of server halves, however often and with whatever
// keys a session asks.
func TestASessionGetsTwoHalves(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.KeysMade, p)
	for _, good := range []string{"phone-login1", "phone-login2"} {
		_, err := w.flow.MakeKeys(t.Context(), r, good, "somebody else's")
		refused(t, err, tunnus.CodeStateConflict, -1)
	}
	w.mem.failCommit = true // while it is written down which keys
	if _, err := w.flow.MakeKeys(t.Context(), r, "phone-login3", "phone-signature3"); err == nil {
		t.Error("the killed call succeeded")
	}
	if len(w.keys.assigned) != 0 {
		t.Fatalf("moduli went to %v", w.keys.assigned)
	}
	w.cfg.Issuer = &cutShort{world: w, n: 1}
	w.restart()
	if _, err := w.flow.MakeKeys(t.Context(), r, "phone-login4", "phone-signature4"); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Fatalf("MakeKeys = %v; want internal", err)
	}
	for _, ids := range [][2]string{{"phone-login5", "phone-signature5"}, {"phone-login4", "phone-signature5"}} {
		_, err := w.flow.MakeKeys(t.Context(), r, ids[0], ids[1])
		refused(t, err, tunnus.CodeStateConflict, -1)
	}
	if got := w.keys.assigned; !slices.Equal(got, []string{"phone-login4", "phone-signature4"}) {
		t.Errorf("moduli went to %v", got)
	}
}

// R10: not signed in ten minutes, so the certificates go and the account is closed.
func TestUnsignedApplicationIsUndone(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	w.now = w.now.Add(10*time.Minute - time.Second)
	if n, err := w.flow.Sweep(t.Context()); err != nil || n != 0 {
		t.Fatalf("Sweep before the time = %d, %v", n, err)
	}
	w.now = w.now.Add(time.Second)
	_, err := w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeSesTimeout, -1)
	a := w.onlyAccount()
	if a.State != account.Closed || !w.revoked[a.ID] || !w.keys.revoked["phone-login"] || !w.keys.revoked["phone-signature"] || !w.keys.cancelled["tx1"] {
		t.Errorf("account %s, certificates withdrawn %v, keys %v", a.State, w.revoked, w.keys.revoked)
	}
	if s := w.mem.sessions[r.Session]; s.State != way.Expired || s.Payload != nil {
		t.Errorf("the session is %s", s.State)
	}
	w.keys.sign("tx1", a.Application) // too late, whatever keyshare did
	_, err = w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeSesTimeout, -1)
}

// Signed in time, but nobody asked any more: the account becomes active.
func TestSignedApplicationIsNotLost(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	w.keys.sign("tx1", w.keys.offers["tx1"].Record)
	w.now = w.now.Add(20 * time.Minute)
	if n, err := w.flow.Sweep(t.Context()); err != nil || n != 1 {
		t.Fatalf("Sweep = %d, %v", n, err)
	}
	if a := w.onlyAccount(); a.State != account.Active || w.revoked[a.ID] {
		t.Errorf("the account is %s", a.State)
	}
}

func TestSomethingElseWasSigned(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	w.keys.sign("tx1", []byte(`{"format":"tunnus/application/v1","document":"of somebody else"}`))
	if _, err := w.flow.Finish(t.Context(), r); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Errorf("another payload: %v", err)
	}
	w.keys.sign("tx1", w.keys.offers["tx1"].Record)
	bad := w.keys.signed["tx1"]
	bad.Signature[9] ^= 1
	if _, err := w.flow.Finish(t.Context(), r); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Errorf("a damaged signature: %v", err)
	}
	if a := w.onlyAccount(); a.State != account.Issued {
		t.Errorf("the account is %s", a.State)
	}
}

// cutShort is an issuer that is killed after its first certificate.
type cutShort struct {
	*world
	n int
}

func (c *cutShort) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	if c.n++; c.n == 2 {
		return account.Certificate{}, errors.New("killed")
	}
	return c.world.Issue(ctx, r)
}

func TestIssuingCutShort(t *testing.T) {
	for _, comesBack := range []bool{true, false} {
		w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
		w.upTo(r, way.KeysMade, p)
		w.cfg.Issuer = &cutShort{world: w}
		w.restart()
		if err := w.step(r, way.KeysMade, p); tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Fatalf("MakeKeys = %v; want internal", err)
		}
		planned := w.mem.sessions[r.Session].Account
		if comesBack {
			if err := w.step(r, way.KeysMade, p); err != nil {
				t.Fatal(err)
			}
			if a := w.onlyAccount(); a.ID != planned || len(w.issued) != 2 {
				t.Errorf("a repeat made account %s and %d certificates; want %s and 2", a.ID, len(w.issued), planned)
			}
			continue
		}
		w.now = w.now.Add(time.Hour)
		if _, err := w.flow.Sweep(t.Context()); err != nil || !w.revoked[planned] || len(w.mem.accounts) != 0 {
			t.Errorf("Sweep = %v; certificates of %s are not withdrawn", err, planned)
		}
	}
}

// stubborn fails to withdraw at first.
type stubborn struct {
	*world
	failures int
}

func (s *stubborn) Withdraw(ctx context.Context, id string) error {
	if s.failures > 0 {
		s.failures--
		return errors.New("no answer")
	}
	return s.world.Withdraw(ctx, id)
}

func TestUndoingIsRepeatedUntilDone(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	w.cfg.Issuer = &stubborn{w, 2}
	w.restart()
	w.now = w.now.Add(time.Hour)
	for range 2 {
		if _, err := w.flow.Sweep(t.Context()); err == nil {
			t.Error("the failure was not told")
		}
		if s := w.mem.sessions[r.Session]; s.State != way.Undoing || s.Payload != nil || w.onlyAccount().State != account.Closed {
			t.Errorf("the session is %s", s.State)
		}
	}
	if n, err := w.flow.Sweep(t.Context()); err != nil || n != 1 || w.mem.sessions[r.Session].State != way.Expired {
		t.Errorf("Sweep = %d, %v; the session is %s", n, err, w.mem.sessions[r.Session].State)
	}
	if n := w.entries(lock.Noted, w.documentKey()); n != 1 {
		t.Errorf("the timeout was noted %d times", n)
	}
}

// The account does not wait for the time-stamp: its container does.
func TestSignedApplicationWaitsForItsTimeStamp(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	if len(w.mem.containers) != 0 {
		t.Fatal("a container before anything is signed")
	}
	if err := w.step(r, way.ApplicationSigned, p); err != nil {
		t.Fatal(err)
	}
	a := w.onlyAccount()
	if a.State != account.Active || len(w.mem.containers) != 1 {
		t.Fatalf("account %s, %d containers", a.State, len(w.mem.containers))
	}
	if c := w.mem.containers[0]; c.Account != a.ID || c.Level != asic.B || !c.Due.Equal(w.now) || c.Rev != 0 || len(c.File) == 0 {
		t.Errorf("container of %s, level %s, due %s", c.Account, c.Level, c.Due)
	}
}

func TestApplicationIsOfferedToTheSignatureKey(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ApplicationSigned, p)
	o := w.keys.offers["tx1"]
	if o.KeyID != "phone-signature" || o.Kind != application.Kind || !o.Expires.Equal(w.now.Add(10*time.Minute)) || !o.Hash.Valid() {
		t.Errorf("offer = %+v", o)
	}
	if string(o.Record) != string(w.onlyAccount().Application) || o.Padding != application.Padding {
		t.Errorf("record = %s, padding %s", o.Record, o.Padding)
	}
	if _, err := (application.Format{}).Payload(o.Record, nil); err != nil {
		t.Error(err)
	}
}
