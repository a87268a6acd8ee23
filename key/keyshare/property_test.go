package keyshare

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"pgregory.net/rapid"
)

// A model of the counters, written another way than the code: how many wrong
// PINs in a row, and until when the last of three locks.
type model struct {
	wrong  int // since the last right share
	locked time.Time
}

func (m *model) charge(now time.Time) {
	m.wrong++
	switch m.wrong {
	case 3:
		m.locked = now.Add(3 * time.Hour)
	case 6:
		m.locked = now.Add(24 * time.Hour)
	}
}

// Whatever a phone does in whatever order, the server allows just the tries that
// the ladder allows, and signs just with right shares.
func TestLadderByProperty(t *testing.T) {
	w := newWorld(t)
	fresh := w.store.keys[w.id.Key]
	oneTime, start := w.oneTime, w.now
	rapid.Check(t, func(rt *rapid.T) {
		w.store.keys[fresh.ID], w.store.rows, w.oneTime, w.now = fresh, nil, oneTime, start
		m := model{}
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"wrong", "wrong", "right", "again", "1h", "4h", "25h"}), 1, 20).Draw(rt, "steps")
		var last func() error
		for _, step := range steps {
			if d, err := time.ParseDuration(step); err == nil {
				w.pass(d)
				continue
			}
			if step == "again" {
				if last != nil && m.wrong < 9 {
					w.must(last())
				}
				continue
			}
			w.step(rt, &m, step, &last)
		}
	})
}

// step is one try, right or wrong, against server and model.
func (w *world) step(rt *rapid.T, m *model, step string, last *func() error) {
	txn, err := w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: w.clock().Add(time.Minute)})
	allowed := m.wrong < 9 && !w.clock().Before(m.locked)
	if (err == nil) != allowed {
		rt.Fatalf("%s: Offer = %v after %d wrong; want allowed %v", step, err, m.wrong, allowed)
	}
	if err != nil {
		return
	}
	msg := w.evaluateMessage(txn)
	request := w.signed(msg)
	e, err := w.Evaluate(w.ctx, request)
	w.must(err)
	m.charge(w.clock())
	w.oneTime, w.nonce = e.OneTime, msg.Nonce
	*last = func() error { _, err := w.Evaluate(w.ctx, request); return err }
	c := w.completeMessage(txn)
	if step == "wrong" {
		c.Share[7] ^= 1
	}
	out, err := w.Complete(w.ctx, w.signed(c))
	if step == "wrong" {
		w.want(err, tunnus.CodeShareWrong)
		return
	}
	if err != nil || out.State != Signed {
		rt.Fatalf("a right share: %v", err)
	}
	*m = model{}
}
