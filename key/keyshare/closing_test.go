package keyshare

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/closing"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// notices demands what Settle tells of the phone's key now, and says that it was
// seen to. A second call in between tells nothing.
func (w *world) notices(want ...Notice) {
	w.Helper()
	got := w.settle()
	for i := range want {
		want[i].ID = w.id.Key
		k, err := w.store.Key(w.ctx, w.id.Key)
		w.must(err)
		want[i].Device = k.Device
	}
	if !slices.Equal(got, want) {
		w.Errorf("Settle = %v; want %v", got, want)
	}
	if more := w.settle(); len(more) != 0 {
		w.Errorf("told twice at once: %v", more)
	}
	for _, n := range got {
		w.must(w.Done(w.ctx, n))
		w.must(w.Done(w.ctx, n))
	}
}

func (w *world) settle() []Notice {
	w.Helper()
	got, err := w.Service.Settle(w.ctx)
	w.must(err)
	return got
}

// locked9 brings a key to its ninth wrong PIN, with a transaction still open.
func (w *world) locked9() Transaction {
	w.Helper()
	for range 2 {
		w.wrong(3)
		w.pass(25 * time.Hour)
	}
	open := w.offer()
	w.wrong(3)
	return open
}

// However a key ends, Settle tells so, so that its account is closed too; also
// if a tenth try, the sixtieth of its life or somebody else ends it.
func TestEndedKeysAreTold(t *testing.T) {
	tests := []struct {
		name   string
		end    func(w *world)
		reason string
	}{
		{"ten minutes after the ninth wrong PIN", func(w *world) { w.locked9(); w.pass(row.ConfirmTime) }, ReasonPIN},
		{"a tenth try", func(w *world) {
			_, err := w.try(w.locked9())
			w.want(err, tunnus.CodePINLockPerm)
		}, ReasonPIN},
		{"sixty tries in its life", func(w *world) {
			k, err := w.store.Key(w.ctx, w.id.Key)
			w.must(err)
			k.LifeCount = row.MaxLife
			w.must(w.store.Save(w.ctx, k, nil))
			_, err = w.try(w.offer())
			w.want(err, tunnus.CodePINLockPerm)
		}, ReasonPIN},
		{"revoked", func(w *world) { w.must(w.Revoke(w.ctx, w.id.Key, "lost")) }, "lost"},
		{"revoked after the ninth wrong PIN", func(w *world) { w.locked9(); w.must(w.Revoke(w.ctx, w.id.Key, "lost")) }, "lost"},
		{"revoked while it is held", func(w *world) { w.hold(); w.must(w.Revoke(w.ctx, w.id.Key, "lost")) }, ReasonCopy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.end(w)
			w.notices(Notice{State: Ended, Reason: tt.reason})
			w.must(w.Revoke(w.ctx, w.id.Key, "account-ended"))
			w.pass(100 * time.Hour)
			w.notices() // what was seen to is not told again
		})
	}
}

// hold shows a stale one-time value.
func (w *world) hold() {
	w.Helper()
	stale := w.oneTime
	_, err := w.sign(w.offer())
	w.must(err)
	w.pass(pollGrace)
	_, err = w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: 1, OneTime: stale}))
	w.want(err, tunnus.CodeAccCloned)
}

// A notice that nobody saw to comes again, as often as it takes.
func TestNoticesComeAgainUntilDone(t *testing.T) {
	for name, give := range map[string]func(w *world){
		"held": (*world).hold, "ended": func(w *world) { w.locked9(); w.pass(row.ConfirmTime) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			give(w)
			for i := range 5 {
				if got := w.settle(); len(got) != 1 {
					t.Errorf("round %d: %v", i, got)
				}
				w.pass(closing.NoticeTime)
			}
			w.must(w.Done(w.ctx, w.settle()[0]))
			w.pass(time.Hour)
			if got := w.settle(); len(got) != 0 {
				t.Errorf("after it was done: %v", got)
			}
		})
	}
}

// A hold whose account was seen to late is not the end's: that is told for itself.
func TestDoneOfAHoldIsNotOfTheEnd(t *testing.T) {
	w := newWorld(t)
	w.hold()
	held := w.settle()[0]
	w.pass(gate.HoldTime)
	ended := w.settle()
	if len(ended) != 1 || ended[0].State != Ended {
		t.Fatalf("after 72 hours: %v", ended)
	}
	w.must(w.Done(w.ctx, held))
	w.pass(closing.NoticeTime)
	w.notices(Notice{State: Ended, Reason: ReasonCopy})
}

// A hold that nobody saw to ends all the same.
func TestUnseenHoldEnds(t *testing.T) {
	w := newWorld(t)
	w.hold()
	w.pass(gate.HoldTime)
	w.notices(Notice{State: Ended, Reason: ReasonCopy})
}

// One key that cannot be written does not keep the others' notices back.
func TestSettleGoesOnAfterAnError(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.store.keys[fmt.Sprint(i)] = Key{ID: fmt.Sprint(i), State: Ended, Reason: ReasonPIN, DueAt: w.clock()}
	}
	w.store.fail["Save"] = errors.New("disk full")
	got, err := w.Service.Settle(w.ctx)
	if err == nil || len(got) != 2 {
		t.Errorf("Settle = %v, %v; want two notices beside the error", got, err)
	}
	if got := w.settle(); len(got) != 1 {
		t.Errorf("the one that failed: %v", got)
	}
}

// Many that wait do not keep out those that came later.
func TestManyNotices(t *testing.T) {
	w := newWorld(t)
	for i := range 2*closing.MaxNotices + 5 {
		id := fmt.Sprint(i)
		w.store.keys[id] = Key{ID: id, State: Ended, Reason: ReasonPIN, DueAt: w.clock()}
	}
	seen := map[string]bool{}
	for range 3 {
		for _, n := range w.settle() {
			seen[n.ID] = true
		}
	}
	if len(seen) != 2*closing.MaxNotices+5 {
		t.Errorf("%d told", len(seen))
	}
}

// A lock that has ended is no lock any more.
func TestLockThatHasEnded(t *testing.T) {
	w := newWorld(t)
	w.wrong(3)
	for _, tt := range []struct {
		after  time.Duration
		locked bool
	}{{0, true}, {3*time.Hour - time.Millisecond, true}, {time.Millisecond, false}} {
		w.pass(tt.after)
		v, err := w.Key(w.ctx, w.id.Key)
		w.must(err)
		if (v.Tries.LockedUntil != nil) != tt.locked {
			t.Errorf("locked until %v", v.Tries.LockedUntil)
		}
	}
}
