package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/second"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// F21: a backup is made; then people register, tries are used up, documents are
// locked and voided, certificates are revoked, accounts end. The backup is put
// back. The server refuses to open; after a restore all of it is there, and
// nobody is taken for a copy.
func TestRestoreDrill(t *testing.T) { everywhere(t, restoreDrill) }

func restoreDrill(t *testing.T, w *world) {
	victim, thief, held := w.locks.DocumentKey("XX", "P", "A1", "300101"), w.locks.DocumentKey("XX", "P", "B2", "300101"), w.locks.DocumentKey("XX", "P", "C3", "300101")
	ada, bo := w.phone(), w.phone()
	adas, bos := ada.person("199002140017", "a1"), bo.person("198501010002", "b1")
	w.must(ada.try())
	w.fail(victim, "before")
	backup := w.backup()

	cy := w.phone() // registers after the backup
	cys := cy.person("197505050005", "c1")
	for range 2 {
		w.must(ada.try()) // the third wrong PIN locks
	}
	w.must(bo.try())
	w.lockForEver(thief)
	_, err := w.locks.Charge(t.Context(), victim, "ours", false)
	w.must(err)
	w.must(w.locks.Void(t.Context(), victim, "ours", tunnus.CodeInternal, lock.InputOf([]byte("a picture"))))
	w.fail(held, "after")
	w.must(w.store.Certificates().Revoke(t.Context(), "b1", w.Now(), issue.KeyCompromise, nil))
	_, err = w.people.Apply(t.Context(), bos.ID, account.Close, "")
	w.must(err)
	left := bo.left()

	w.putBack(backup)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrBehind) {
		t.Fatalf("the start was not refused: %v", err)
	}
	report, err := w.recovery().Apply(t.Context())
	w.must(err)
	if report.Locks < 10 || report.Keys != 3 || report.Certificates != 1 || report.Lost != 1 || report.Accounts != 1 || report.Gone != 1 {
		t.Errorf("%+v", report)
	}
	w.ended(t, adas.ID, bos.ID, cys.ID)
	if s := w.lockState(thief); s.Condition != lock.Pending && s.Condition != lock.Forever {
		t.Errorf("a permanent lock was lifted by a backup: %+v", s)
	}
	if s := w.lockState(victim); s.Left != 2 || s.Condition != lock.Free || s.Attempt != "" {
		t.Errorf("a void was forgotten, or a failure: %+v", s)
	}
	if s := w.lockState(held); s.Left != 2 {
		t.Errorf("an attempt was refunded: %+v", s)
	}
	w.refundedOnce(t, victim)
	w.restored(t, ada, bo, cy, left)
	if again, err := w.recovery().Apply(t.Context()); err != nil || !again.Nothing() {
		t.Errorf("a second restore: %+v, %v", again, err)
	}
	w.must(w.recovery().Check(t.Context()))
	w.must(bo.resumes()) // writes go on, and are copied
}

// refundedOnce checks that what was refunded before the restore is not after it (L5).
func (w *world) refundedOnce(t *testing.T, victim lock.Key) {
	t.Helper()
	w.pass(25 * time.Hour) // not that it is the day's
	defer w.pass(-25 * time.Hour)
	_, err := w.locks.Charge(t.Context(), victim, "again", false)
	w.must(err)
	err = w.locks.Void(t.Context(), victim, "again", tunnus.CodeInternal, lock.InputOf([]byte("a picture")))
	if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the input of the void was forgotten: %v", err)
	}
}

// lockForEver fails a document as often as its ladder takes.
func (w *world) lockForEver(key lock.Key) {
	w.Helper()
	for i := range 7 {
		if i == 3 || i == 5 {
			w.pass(80 * time.Hour)
		}
		w.fail(key, fmt.Sprint("attempt ", i))
	}
	w.pass(15 * 24 * time.Hour)
	w.must(w.locks.Settle(context.Background(), key))
}

// resumes checks that the key of an account that ended does not sign any more,
// but is no copy.
func (p *phone) resumes() error {
	err := p.try()
	if tunnus.CodeOf(err) == tunnus.CodeAccCloned {
		return errors.New("taken for a copy")
	}
	return nil
}

// restored checks the keys.
func (w *world) restored(t *testing.T, ada, bo, cy *phone, left int) {
	t.Helper()
	w.pass(-15*24*time.Hour - 160*time.Hour) // lockForEver let time pass; the PIN lock was at the beginning
	if got := ada.left(); got != -1 {
		t.Errorf("three wrong PINs, and after the restore %d tries are left", got)
	}
	if got := bo.left(); got != left {
		t.Errorf("%d tries are left, before the loss it were %d", got, left)
	}
	w.pass(4 * time.Hour)
	if err := ada.try(); err != nil {
		t.Errorf("after the lock: %v; want a try like any other", err)
	}
	if v, err := w.keys.Key(t.Context(), cy.id.Key); err != nil || v.State != keyshare.Ended || v.Reason != keyshare.ReasonLost {
		t.Errorf("a key that no backup has: %+v, %v", v, err)
	}
	if err := cy.try(); err == nil || tunnus.CodeOf(err) == tunnus.CodeAccCloned {
		t.Errorf("the phone whose key is lost gets %v", err)
	}
}

// ended checks accounts and certificates.
func (w *world) ended(t *testing.T, adas, bos, cys string) {
	t.Helper()
	for id, want := range map[string]account.State{adas: account.Active, bos: account.Closed} {
		if a, err := w.people.Get(t.Context(), id); err != nil || a.State != want {
			t.Errorf("account: %s, %v; want %s", a.State, err, want)
		}
	}
	for id, want := range map[string]bool{adas: false, bos: true, cys: true} {
		list, err := w.store.Certificates().ByAccount(t.Context(), id)
		if err != nil || len(list) != 1 || list[0].Revoked.IsZero() == want {
			t.Errorf("certificates: %+v, %v; want revoked: %v", list, err, want)
		}
	}
}

// A PIN was changed after the backup: the secrets of the old PIN, which are in the
// backup, do not come back; those of the new one do, from the second place.
func TestOldPINDoesNotComeBack(t *testing.T) { everywhere(t, oldPINDoesNotComeBack) }

func oldPINDoesNotComeBack(t *testing.T, w *world) {
	p := w.phone()
	backup := w.backup()
	port := w.store.Keyshare().Keys
	k, err := port.Key(t.Context(), p.id.Key)
	w.must(err)
	k.Generation, k.Public, k.SealedVOPRF = 2, []byte("new public"), []byte("new secret")
	w.must(port.Save(t.Context(), k, nil))
	w.putBack(backup)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrBehind) {
		t.Fatalf("the start was not refused: %v", err)
	}
	_, err = w.recovery().Apply(t.Context())
	w.must(err)
	k, err = w.store.Keyshare().Keys.Key(t.Context(), p.id.Key)
	if err != nil || k.Generation != 2 || string(k.SealedVOPRF) != "new secret" || len(k.SealedHalf) == 0 {
		t.Errorf("generation %d, %q, %v", k.Generation, k.SealedVOPRF, err)
	}
}

// L6, I4: while the second place is away nobody is told anything, and nothing is lost.
func TestSecondPlaceIsAway(t *testing.T) { everywhere(t, secondPlaceIsAway) }

func secondPlaceIsAway(t *testing.T, w *world) {
	key := w.locks.DocumentKey("XX", "P", "A1", "300101")
	p := w.phone()
	w.must(w.place.Close()) // the machine is gone
	if _, err := w.locks.Charge(t.Context(), key, "a", false); err == nil {
		t.Fatal("an attempt was charged in one place only, and judged")
	}
	if err := p.try(); err == nil {
		t.Fatal("a PIN was evaluated, and charged in one place only")
	}
	w.reachable()
	w.fail(key, "b") // the charge of a stands: it has lapsed
	if s := w.lockState(key); s.Left != 1 {
		t.Errorf("%+v; want two failures", s)
	}
	w.sameAsDatabase(t)
}

// reachable brings the second place back.
func (w *world) reachable() {
	w.Helper()
	p, err := openPlace(w)
	w.must(err)
	w.place = p
	w.must(w.store.Close())
	w.open()
	_, err = w.recovery().Catch(context.Background())
	w.must(err)
}

// A crash between COMMIT and the second copy: the next start writes it there.
func TestCrashBeforeTheSecondCopy(t *testing.T) { everywhere(t, crashBeforeTheSecondCopy) }

func crashBeforeTheSecondCopy(t *testing.T, w *world) {
	key := w.locks.DocumentKey("XX", "P", "A1", "300101")
	p := w.phone()
	a := p.person("199002140017", "a1")
	w.cut = errors.New("killed")
	_, _ = w.locks.Charge(t.Context(), key, "a", false)
	_ = p.try()
	_ = w.store.Certificates().Revoke(t.Context(), "a1", w.Now(), issue.KeyCompromise, []tunnus.Event{{At: w.Now(), Kind: "cert.revoked", Subject: a.ID}})
	_, _ = w.people.Apply(t.Context(), a.ID, account.Revoke, tunnus.CodeAccCloned)
	w.cut = nil
	w.must(w.store.Close())
	w.open()
	w.must(w.recovery().Check(t.Context()))
	n, err := w.recovery().Catch(t.Context())
	if n == 0 || err != nil {
		t.Fatalf("Catch = %d, %v", n, err)
	}
	w.sameAsDatabase(t)
}

// The second place is set up when the database has been in use for long.
func TestNewSecondPlaceGetsEverything(t *testing.T) { everywhere(t, newSecondPlaceGetsEverything) }

func newSecondPlaceGetsEverything(t *testing.T, w *world) {
	w.cut = errors.New("not there yet")
	key := w.locks.DocumentKey("XX", "P", "A1", "300101")
	_, _ = w.locks.Charge(t.Context(), key, "a", false)
	_, _ = w.locks.Charge(t.Context(), key, "b", false)
	w.cut = nil
	if n, err := w.recovery().Catch(t.Context()); n < 1 || err != nil {
		t.Fatalf("Catch = %d, %v", n, err)
	}
	w.sameAsDatabase(t)
}

// A database that went on after a backup was put back, without a restore, holds
// entries that exclude those of the second place: no machine joins the two.
func TestForkedLedgerIsTold(t *testing.T) { everywhere(t, forkedLedgerIsTold) }

func forkedLedgerIsTold(t *testing.T, w *world) {
	key := w.locks.DocumentKey("XX", "P", "A1", "300101")
	backup := w.backup()
	w.fail(key, "a")
	w.putBack(backup)
	w.cut = errors.New("not configured")
	_, _ = w.locks.Charge(t.Context(), key, "another", false)
	if err := w.recovery().Check(t.Context()); !errors.Is(err, errForked) {
		t.Errorf("Check = %v", err)
	}
	if _, err := w.recovery().Apply(t.Context()); !errors.Is(err, errForked) {
		t.Errorf("Apply = %v", err)
	}
}

// A second place that was written before inputs of voids were kept is read as ever.
func TestCopiesOfOlderReleases(t *testing.T) {
	w := newWorld(t)
	key := w.locks.DocumentKey("XX", "P", "A1", "300101")
	backup := w.backup()
	w.fail(key, "a")
	list, _, err := w.place.Newest(t.Context(), []string{copies.KindLock}, 10)
	w.must(err)
	for i, c := range list {
		before, after, ok := bytes.Cut(c.Body, []byte(`,"Input":""`))
		if !ok {
			t.Fatalf("the copy is %s", c.Body)
		}
		list[i].Body = slices.Concat(before, after)
	}
	w.place, err = second.Open(t.Context(), filepath.Join(w.dir, "older.db"))
	w.must(err)
	t.Cleanup(func() { _ = w.place.Close() })
	w.must(second.NewMirror(w.place).Write(list))
	w.putBack(backup)
	report, err := w.recovery().Apply(t.Context())
	if err != nil || report.Locks != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	if s := w.lockState(key); s.Left != 2 {
		t.Errorf("%+v; want one failure", s)
	}
}

func TestNothingToRestore(t *testing.T) {
	w := newWorld(t)
	w.fail(w.locks.DocumentKey("XX", "P", "A1", "300101"), "a")
	w.must(w.recovery().Check(t.Context()))
	report, err := w.recovery().Apply(t.Context())
	if err != nil || !report.Nothing() {
		t.Errorf("%+v, %v", report, err)
	}
	if lines := report.Lines(); len(lines) != 1 || !report.Until.IsZero() {
		t.Errorf("%q", lines)
	}
}

// A restore that is cut short, anywhere: the server does not open, though what was
// written last is there; the next run does the rest, and the epoch is declared
// whichever of them merged the keys.
func TestRestoreIsCutShort(t *testing.T) {
	for at := range 3 {
		w := newWorld(t)
		ada, bo := w.phone(), w.phone()
		backup := w.backup()
		w.must(ada.try())
		w.must(bo.try())
		left := ada.left()
		w.putBack(backup)
		r := w.recovery()
		r.cfg.Keys = &cutShort{Keys: r.cfg.Keys, after: at}
		if _, err := r.Apply(t.Context()); !errors.Is(err, errKilled) {
			t.Fatalf("after %d steps: %v", at, err)
		}
		if err := w.recovery().Check(t.Context()); !errors.Is(err, ErrCutShort) {
			t.Errorf("after %d steps the start is told: %v", at, err)
		}
		w.pass(time.Minute)
		_, err := w.recovery().Apply(t.Context())
		w.must(err)
		w.must(w.recovery().Check(t.Context()))
		if got := ada.left(); got != left {
			t.Errorf("%d tries are left; want %d", got, left)
		}
		if e, err := w.store.Keyshare().Restores.Epoch(t.Context()); err != nil || !e.Open(w.Now()) {
			t.Errorf("after %d steps no epoch was declared: %+v, %v", at, e, err)
		}
	}
}

// cutShort fails after so many steps that were done.
type cutShort struct {
	Keys
	after int
}

var errKilled = errors.New("killed")

func (c *cutShort) step(err error) error {
	if c.after--; err == nil && c.after < 0 {
		err = errKilled
	}
	return err
}

func (c *cutShort) Reapply(ctx context.Context, v restore.Copy) error {
	return c.step(c.Keys.Reapply(ctx, v))
}

func (c *cutShort) Declare(ctx context.Context, until time.Time) error {
	return c.step(c.Keys.Declare(ctx, until))
}

// Roles with databases of their own share a second place.
func TestOtherRolesAreNotLookedAt(t *testing.T) {
	w := newWorld(t)
	backup := w.backup()
	w.fail(w.locks.DocumentKey("XX", "P", "A1", "300101"), "a")
	w.putBack(backup)
	r := w.recovery()
	r.cfg.Kinds = []string{copies.KindKey, copies.KindTry}
	w.must(r.Check(t.Context()))
	if report, err := r.Apply(t.Context()); err != nil || !report.Nothing() {
		t.Errorf("%+v, %v", report, err)
	}
}

// No personal data in the second place.
func TestCopiesNameNobody(t *testing.T) {
	w := newWorld(t)
	p := w.phone()
	p.person("199002140017", "a1")
	w.must(p.try())
	w.fail(w.locks.DocumentKey("XX", "P", "AB1234567", "300101"), "a")
	list, _, err := w.place.Newest(t.Context(), copies.Kinds(), 1000)
	if err != nil || len(list) < 5 {
		t.Fatalf("%d copies, %v", len(list), err)
	}
	for _, c := range list {
		for _, canary := range []string{"199002140017", "Utopian", "Ada", "AB1234567"} {
			if contains(c, canary) {
				t.Errorf("a copy of kind %s names %q", c.Kind, canary)
			}
		}
	}
}
