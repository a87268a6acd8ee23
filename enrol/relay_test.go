package enrol

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// keyed gives a passport's chip a key of its own, and no other proof.
func keyed(h *virtual.Holder) {
	h.Chip, h.AuthGroup, h.ChipAuth = virtual.ChipPlain, 12, []security.Auth{security.NewAuth(true, apdu.AES128)}
}

// A runner runs chip authentication, as the server does behind a relay.
type runner struct {
	run   *emrtd.ChipRun
	proof emrtd.ChipProof
}

func (r *runner) Begin(_ context.Context, dg14 []byte) (commands []apdu.Command, err error) {
	r.run, commands, err = emrtd.StartChipAuth(dg14, rand.Reader)
	return commands, err
}

func (r *runner) Next(_ context.Context, answer []byte) ([]byte, error) {
	if answer == nil {
		return r.run.Select()
	}
	r.proof = r.run.Accept(answer, []time.Duration{41 * time.Millisecond, 38 * time.Millisecond})
	return nil, nil
}

// proven is what a run with the passport's chip shows.
func proven(t *testing.T, p *virtual.Passport) emrtd.ChipProof {
	t.Helper()
	p.Reset()
	r := &runner{}
	if _, err := (chip.Request{AccessKey: p.AccessKey(), Challenge: make([]byte, 8), Prover: r}).Read(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return r.proof
}

// relay runs chip authentication for a sitting.
func (w *world) relay(r Ref, p *virtual.Passport) {
	w.t.Helper()
	if err := w.relayed(r, p); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) relayed(r Ref, p *virtual.Passport) error {
	w.t.Helper()
	run, err := w.flow.Relay(w.t.Context(), r)
	if err != nil {
		return err
	}
	return w.flow.Relayed(w.t.Context(), r, run, proven(w.t, p))
}

func TestChipAuthenticationIsPresence(t *testing.T) {
	w, p, r := newWorld(t), ada(t, keyed), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	s := w.mem.sessions[r.Session]
	got := s.Facts[way.ChipProved]
	if s.Copyable || got.Mark != way.Proved || got.Detail[emrtd.CheckChipAuth] != "successful" || got.Detail["rounds_ms"] != "41 38" || got.Detail["challenge_ms"] != "0" || got.Detail["revocation_reason"] != string(emrtd.ReasonNoList) {
		t.Errorf("copyable %v: %+v", s.Copyable, got)
	}
	payload, err := w.flow.book.Unseal(s)
	if err != nil || !payload.Relay.Proof.IsZero() || payload.Relay.Run != 0 {
		t.Errorf("left of the run: %+v, %v", payload.Relay, err)
	}
}

// A chip with both keys has to use both.
func TestOneProofDoesNotStandForTheOther(t *testing.T) {
	both := ada(t, func(h *virtual.Holder) { keyed(h); h.Chip = virtual.ChipECDSA })
	for name, leave := range map[string]func(*world, Ref, *emrtd.Evidence){
		"active authentication left out": func(w *world, r Ref, ev *emrtd.Evidence) { w.relay(r, both); ev.ActiveAuth = nil },
		"chip authentication left out":   func(*world, Ref, *emrtd.Evidence) {},
	} {
		w, r := newWorld(t), ref("phone", 1)
		w.upTo(r, way.ChipProved, both)
		challenge, _, err := w.flow.Challenge(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		ev := read(t, both, challenge)
		leave(w, r, &ev)
		err = w.flow.Chip(t.Context(), r, ev)
		refused(t, err, tunnus.CodeDocSigBad, -1)
		if err := w.chip(r, both); err != nil {
			t.Errorf("%s; then both: %v", name, err)
		}
	}
}

// lies are the ways of lying about chip authentication. All are told in the same
// words, and cost the device, never the document.
var lies = map[string]func(t *testing.T, w *world, r Ref, p, own *virtual.Passport, ev *emrtd.Evidence){
	"fabricated evidence: the phone was its own server": func(t *testing.T, _ *world, _ Ref, p, _ *virtual.Passport, ev *emrtd.Evidence) {
		ev.ChipAuth = proven(t, p).Proved()
	},
	"proof left out": func(*testing.T, *world, Ref, *virtual.Passport, *virtual.Passport, *emrtd.Evidence) {},
	"proof and DG14 left out": func(_ *testing.T, _ *world, _ Ref, _, _ *virtual.Passport, ev *emrtd.Evidence) {
		delete(ev.Groups, 14)
	},
	"copied chip": func(_ *testing.T, w *world, r Ref, p, _ *virtual.Passport, _ *emrtd.Evidence) {
		w.relay(r, p.WithFaults(virtual.Faults{OtherChipKey: true}))
	},
	"DG14 swapped for the run": func(_ *testing.T, w *world, r Ref, _, own *virtual.Passport, _ *emrtd.Evidence) {
		w.relay(r, own)
	},
	"DG14 swapped everywhere": func(_ *testing.T, w *world, r Ref, _, own *virtual.Passport, ev *emrtd.Evidence) {
		w.relay(r, own)
		ev.Groups[14] = own.Group(14)
	},
	"relay of another session": func(t *testing.T, w *world, _ Ref, p, _ *virtual.Passport, _ *emrtd.Evidence) {
		other := ref("phone", 7)
		w.upTo(other, way.ChipProved, p)
		if _, _, err := w.flow.Challenge(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		w.relay(other, p)
	},
	"run that was begun anew and not ended": func(t *testing.T, w *world, r Ref, p, _ *virtual.Passport, _ *emrtd.Evidence) {
		w.relay(r, p)
		if _, err := w.flow.Relay(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	},
}

func TestLiesAboutChipAuthenticationLookAlike(t *testing.T) {
	p, own := ada(t, keyed), ada(t, func(h *virtual.Holder) { keyed(h); h.Number = "X7654321" })
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t), ref("phone", 1)
			w.upTo(r, way.ChipProved, p)
			challenge, _, err := w.flow.Challenge(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			ev := read(t, p, challenge)
			lie(t, w, r, p, own, &ev)
			refused(t, w.flow.Chip(t.Context(), r, ev), tunnus.CodeDocSigBad, -1)
			if len(w.mem.ledgers[w.documentKey()]) != 0 || w.entries(lock.Failed, w.deviceKey("phone")) != 1 {
				t.Error("the document was charged, or the device was not")
			}
			if err := w.chip(r, p); err != nil {
				t.Errorf("the genuine document afterwards: %v", err)
			}
		})
	}
}

// A proof is judged once: not again with the next challenge, and not with one that is
// drawn because time was over.
func TestReplayOfAChipProof(t *testing.T) {
	w, p, r := newWorld(t), ada(t, keyed), ref("phone", 1)
	w.upTo(r, way.ChipProved, p)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.relay(r, p)
	bad := read(t, p, nil)
	bad.Groups[1] = bytes.Clone(bad.Groups[1])
	bad.Groups[1][20] ^= 1
	refused(t, w.flow.Chip(t.Context(), r, bad), tunnus.CodeDocSigBad, -1)
	good := read(t, p, nil)
	refused(t, w.flow.Chip(t.Context(), r, good), tunnus.CodeStateConflict, -1)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Chip(t.Context(), r, good), tunnus.CodeDocSigBad, -1)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.relay(r, p)
	w.now = w.now.Add(5 * time.Minute)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil { // the next one, for time was over
		t.Fatal(err)
	}
	refused(t, w.flow.Chip(t.Context(), r, good), tunnus.CodeDocSigBad, -1)
}

// Of two runs at a time the one that was opened last counts, whichever ends first.
func TestTwoRunsAtOnce(t *testing.T) {
	w, p, r := newWorld(t), ada(t, keyed), ref("phone", 1)
	w.upTo(r, way.ChipProved, p)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	first, err := w.flow.Relay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.flow.Relay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	proof := proven(t, p)
	refused(t, w.flow.Relayed(t.Context(), r, first, proof), tunnus.CodeStateConflict, -1)
	if err := w.flow.Relayed(t.Context(), r, second, proof); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Relayed(t.Context(), r, second, proof), tunnus.CodeStateConflict, -1)
	if err := w.flow.Chip(t.Context(), r, read(t, p, nil)); err != nil {
		t.Error(err)
	}
}

// Runs are opened where a chip is waited for, by its own device, in time; they cost
// nothing, and a run that is cut off leaves nothing.
func TestRunsCostNothing(t *testing.T) {
	w, p, r := newWorld(t), ada(t, keyed), ref("phone", 1)
	w.upTo(r, way.FormFilled, p)
	open := func(r Ref) error { _, err := w.flow.Relay(t.Context(), r); return err }
	refused(t, open(r), tunnus.CodeStateConflict, -1)
	w.upTo(r, way.ChipProved, p)
	refused(t, open(r), tunnus.CodeStateConflict, -1) // no challenge was drawn
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	refused(t, open(Ref{Session: r.Session, Device: "another phone"}), tunnus.CodeNotFound, -1)
	for range 20 {
		if err := open(r); err != nil {
			t.Fatal(err)
		}
	}
	run, err := w.flow.Relay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(5 * time.Minute)
	refused(t, w.flow.Relayed(t.Context(), r, run, proven(t, p)), tunnus.CodeStepTimeout, -1)
	refused(t, open(r), tunnus.CodeStepTimeout, -1)
	if len(w.mem.ledgers) != 0 {
		t.Error("somebody was charged")
	}
	if err := w.chip(r, p); err != nil {
		t.Error(err)
	}
}

// Another process judges than the one that ran chip authentication, and a third one
// has drawn the challenge.
func TestRunAtOneNodeJudgedAtAnother(t *testing.T) {
	w, p, r := newWorld(t), ada(t, keyed), ref("phone", 1)
	w.upTo(r, way.ChipProved, p)
	if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.relay(r, p)
	w.restart()
	if err := w.flow.Chip(t.Context(), r, read(t, p, nil)); err != nil {
		t.Error(err)
	}
}

// Killed at each write of a run and of its judgement: the step is begun anew, and the
// document is proved.
func TestKilledAtEveryWriteOfARun(t *testing.T) {
	p := ada(t, keyed)
	for n := 1; ; n++ {
		for _, after := range []bool{false, true} {
			w, r := newWorld(t), ref("phone", 1)
			w.upTo(r, way.ChipProved, p)
			w.mem.writes, w.mem.killAt, w.mem.killAfter = 0, n, after
			_, _, err := w.flow.Challenge(t.Context(), r)
			if err == nil {
				err = w.relayed(r, p)
			}
			if err == nil {
				err = w.flow.Chip(t.Context(), r, read(t, p, nil))
			}
			if !w.mem.killed {
				if err != nil || n < 5 {
					t.Fatalf("after %d writes: %v", n, err)
				}
				return
			}
			w.restart()
			if w.mem.sessions[r.Session].Facts.Has(way.ChipProved) {
				continue
			}
			if err := w.chip(r, p); err != nil {
				t.Errorf("killed at write %d (after it: %v): %v", n, after, err)
			}
		}
	}
}

// New pictures of a document that has a key are taken over another run.
func TestPicturesOfAKeyedDocument(t *testing.T) {
	w, r := newWorld(t).by(passport), ref("phone", 1)
	p := ada(t, keyed)
	w.upTo(r, way.FaceMatches, p)
	w.faces = verdict(face.Review)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeRevPending, -1)
	refused(t, w.relayed(r, p), tunnus.CodeStateConflict, -1) // nobody wants any
	w.now, w.stale = w.now.Add(25*time.Hour), true
	later := ref("phone", 2)
	challenge, _, err := w.flow.Anew(t.Context(), later)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Pictures(t.Context(), later, read(t, p, challenge), frames), tunnus.CodeDocSigBad, -1)
	if err := w.anew(later, p, frames); err != nil {
		t.Error(err)
	}
}

// Whether somebody has kept a better way from the reader is judged from the signed
// group and the bytes of EF.CardAccess, not from the reader's word; it marks a genuine
// document and refuses none.
func TestDowngradeIsJudgedByTheServer(t *testing.T) {
	p := ada(t, func(h *virtual.Holder) {
		keyed(h)
		h.PACE = []security.PACE{security.NewPACE(security.Generic, true, apdu.AES128, 12)}
	})
	weak := security.Set(security.NewPACE(security.Generic, true, apdu.DES3, 12).Marshal())
	for name, tt := range map[string]struct {
		access chip.Access
		want   emrtd.Result
	}{
		"as it is":               {chip.Access{Protocol: chip.PACE, CardAccess: p.CardAccess()}, emrtd.Successful},
		"EF.CardAccess was gone": {chip.Access{Protocol: chip.BAC}, emrtd.Failed},
		"a weaker way was shown": {chip.Access{Protocol: chip.PACE, CardAccess: weak}, emrtd.Failed},
		"nothing is told":        {chip.Access{}, emrtd.NotPerformed},
	} {
		w, r := newWorld(t), ref("phone", 1)
		w.upTo(r, way.ChipProved, p)
		if _, _, err := w.flow.Challenge(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		w.relay(r, p)
		ev := read(t, p, nil)
		ev.Access = tt.access
		if err := w.flow.Chip(t.Context(), r, ev); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := w.mem.sessions[r.Session].Facts[way.ChipProved].Detail[emrtd.CheckDowngrade]; got != string(tt.want) {
			t.Errorf("%s: %s; want %s", name, got, tt.want)
		}
	}
}
