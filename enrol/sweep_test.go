package enrol

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Whoever starts sessions without end does not keep anybody's portrait waiting,
// nor certificates that are to be revoked (R10).
func TestStrangersDoNotDelayTheSweep(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	for n := range 250 {
		if _, err := w.flow.Start(t.Context(), ref("stranger", n), passport, claim(), ""); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Second)
	portrait, unsigned := ref("phone", 1), ref("tablet", 1)
	w.upTo(unsigned, way.ApplicationSigned, p)
	w.upTo(portrait, way.FaceMatches, p)
	w.now = w.now.Add(time.Hour)
	from := len(w.mem.events)
	if n, err := w.flow.Sweep(t.Context()); err != nil || n != 252 {
		t.Fatalf("Sweep = %d, %v; want all 252", n, err)
	}
	for id, s := range w.mem.sessions {
		if s.State != way.Expired || s.Payload != nil {
			t.Errorf("session %s is %s and holds %d bytes", id, s.State, len(s.Payload))
		}
	}
	first := map[string]bool{}
	for _, e := range w.mem.events[from:] {
		if e.Kind == "enrol.end" && len(first) < 2 {
			first[e.Subject] = true
		}
	}
	if !first[portrait.Session] || !first[unsigned.Session] || w.standing() != 0 {
		t.Errorf("ended first: %v; %d certificates stand", first, w.standing())
	}
}

// slow is an issuer that takes so long over its nth certificate that the sweep
// comes in between; cut is what happens once that certificate is made.
type slow struct {
	*world
	nth, n int
	cut    error
}

func (s *slow) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	if s.n++; s.n == s.nth {
		s.now = s.now.Add(31 * time.Minute)
		if _, err := s.flow.Sweep(ctx); err != nil {
			return account.Certificate{}, err
		}
		c, err := s.world.Issue(ctx, r)
		return c, errors.Join(err, s.cut)
	}
	return s.world.Issue(ctx, r)
}

// A sweep undoes the session while its certificates are made: what is issued
// after that is revoked too, whether or not the call comes to its end.
func TestCertificatesOfAnUndoneSessionAreRevoked(t *testing.T) {
	for _, nth := range []int{1, 2} {
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprintf("certificate %d, killed %v", nth, killed), func(t *testing.T) {
				w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
				w.upTo(r, way.KeysMade, p)
				late := &slow{world: w, nth: nth}
				if w.cfg.Issuer = late; killed {
					late.cut = errKilled
					w.cfg.Store = &deaf{memory: w.mem, when: func() bool { return late.n >= nth && w.standing() > 0 }}
				}
				w.restart()
				err := w.step(r, way.KeysMade, p)
				if killed {
					w.cfg.Store = w.mem
					w.restart()
					w.now = w.now.Add(settled)
					if _, err := w.flow.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
				} else {
					refused(t, err, tunnus.CodeSesTimeout, -1)
				}
				if w.standing() != 0 || len(w.issued) == 0 {
					t.Errorf("%d of %d certificates stand", w.standing(), len(w.issued))
				}
				if a := len(w.mem.accounts); a != 0 {
					t.Errorf("%d accounts; want none", a)
				}
				w.now = w.now.Add(settled)
				if _, err := w.flow.Sweep(t.Context()); err != nil || w.mem.sessions[r.Session].State != way.Expired {
					t.Errorf("Sweep = %v; the session is %s", err, w.mem.sessions[r.Session].State)
				}
			})
		}
	}
}

// deaf is a store whose reader was killed.
type deaf struct {
	*memory
	when func() bool
}

func (d *deaf) Session(ctx context.Context, id string) (sitting.Session, error) {
	if d.when() {
		return sitting.Session{}, errKilled
	}
	return d.memory.Session(ctx, id)
}

// Two calls at a time with the same keys: the slower one takes nothing back.
func TestTheSlowerOfTwoCallsTakesNothingBack(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.KeysMade, p)
	w.cfg.Issuer = &overtaken{world: w, do: func() {
		if err := w.step(r, way.KeysMade, p); err != nil {
			t.Fatal(err)
		}
		if err := w.step(r, way.ApplicationSigned, p); err != nil {
			t.Fatal(err)
		}
	}}
	w.restart()
	refused(t, w.step(r, way.KeysMade, p), tunnus.CodeStateConflict, -1)
	if a := w.onlyAccount(); a.State != account.Active || w.standing() != 2 || len(w.keys.revoked) != 0 {
		t.Errorf("the account is %s, %d certificates stand, keys revoked: %v", a.State, w.standing(), w.keys.revoked)
	}
}

// overtaken lets something else happen before its first certificate.
type overtaken struct {
	*world
	do func()
}

func (o *overtaken) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	if do := o.do; do != nil {
		o.do = nil
		do()
	}
	return o.world.Issue(ctx, r)
}
