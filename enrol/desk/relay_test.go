package desk

import (
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
)

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
	r.proof = r.run.Accept(answer, []time.Duration{7 * time.Millisecond})
	return nil, nil
}

func proven(t *testing.T, p *virtual.Passport) emrtd.ChipProof {
	t.Helper()
	p.Reset()
	r := &runner{}
	if _, err := (chip.Request{AccessKey: p.AccessKey(), Challenge: make([]byte, 8), Prover: r}).Read(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return r.proof
}

func keyed(h *virtual.Holder) {
	h.Chip, h.AuthGroup, h.ChipAuth = virtual.ChipPlain, 12, []security.Auth{security.NewAuth(true, apdu.AES128)}
}

// At a desk too the server has the ephemeral key: what was shown to it is judged, once,
// and nothing else is.
func TestR8ChipAuthenticationIsTheServers(t *testing.T) {
	w, p := fresh(t), passport(t, "19850202", keyed)
	_, err := w.Relay(t.Context(), w.officer, w.id)
	wantCode(t, "a run without a challenge", err, tunnus.CodeStateConflict)
	_, err = w.read(t, p)
	wantCode(t, "the proof left out", err, tunnus.CodeDocClone)

	ev := emrtd.Evidence{SOD: p.SOD(), Groups: p.Groups(), ChipAuth: proven(t, p).Proved()}
	if _, err := w.Challenge(t.Context(), w.officer, w.id); err != nil {
		t.Fatal(err)
	}
	_, err = w.Read(t.Context(), w.officer, w.id, ev)
	wantCode(t, "a run of the reader's own", err, tunnus.CodeDocClone)

	if _, err := w.Challenge(t.Context(), w.officer, w.id); err != nil {
		t.Fatal(err)
	}
	first, err := w.Relay(t.Context(), w.officer, w.id)
	if err != nil {
		t.Fatal(err)
	}
	run, err := w.Relay(t.Context(), w.officer, w.id)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "of two runs the first", w.Relayed(t.Context(), w.officer, w.id, first, proven(t, p)), tunnus.CodeStateConflict)
	if err := w.Relayed(t.Context(), w.officer, w.id, run, proven(t, p)); err != nil {
		t.Fatal(err)
	}
	r, err := w.Read(t.Context(), w.officer, w.id, emrtd.Evidence{SOD: p.SOD(), Groups: p.Groups()})
	if err != nil || r.Copyable || r.Checks[emrtd.CheckChipAuth] != "successful" || r.Checks["rounds_ms"] != "7" || r.Checks["revocation_reason"] != string(emrtd.ReasonNoList) {
		t.Errorf("Read = %+v, %v", r.Checks, err)
	}
	_, err = w.read(t, p)
	wantCode(t, "the same proof again", err, tunnus.CodeDocClone)
	w.silent(t)
}

// A run is of the officer who asked, and of its time.
func TestRunOfAnotherOfficer(t *testing.T) {
	w, p := fresh(t), passport(t, "19850202", keyed)
	if _, err := w.Challenge(t.Context(), w.officer, w.id); err != nil {
		t.Fatal(err)
	}
	_, err := w.Relay(t.Context(), w.second, w.id)
	wantCode(t, "another officer's", err, tunnus.CodeNotFound)
	run, err := w.Relay(t.Context(), w.officer, w.id)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(DefaultRules.Step)
	wantCode(t, "late", w.Relayed(t.Context(), w.officer, w.id, run, proven(t, p)), tunnus.CodeStateConflict)
}
