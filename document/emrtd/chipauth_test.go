package emrtd_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// A server runs chip authentication as the one who has the ephemeral key.
type server struct {
	exchange *auth.Exchange
	proof    *auth.Proof
	proved   auth.Proved
}

func (s *server) Begin(_ context.Context, dg14 []byte) (c []apdu.Command, err error) {
	if s.exchange, err = auth.StartFile(dg14, rand.Reader); err != nil {
		return nil, err
	}
	return s.exchange.Commands()
}

func (s *server) Next(_ context.Context, answer []byte) (command []byte, err error) {
	if s.proof == nil {
		s.proof, command, err = s.exchange.Prove()
		return command, err
	}
	s.proved, _ = s.proof.Accept(answer)
	return nil, nil
}

// keyed issues a passport whose chip has a key of chip authentication, and opens
// by PACE too.
func keyed(t *testing.T, make virtual.Chip) *virtual.Passport {
	t.Helper()
	h := ada()
	h.Chip = make
	h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, 13
	h.PACE = []security.PACE{security.NewPACE(security.Generic, true, apdu.AES128, 13)}
	return must(utopia().Issue(h))
}

// read reads the passport with the server's help.
func read(t *testing.T, p *virtual.Passport) emrtd.Evidence {
	t.Helper()
	p.Reset()
	var s server
	got, err := chip.Request{AccessKey: p.AccessKey(), Challenge: challenge, Prover: &s}.Read(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return emrtd.Evidence{
		SOD: got.SOD, Groups: got.Groups, COM: got.COM, ActiveAuth: got.ActiveAuth,
		ChipAuth: s.proved, Access: got.Access, Printed: p.Zone().String(),
	}
}

func TestChipAuthentication(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipPlain, virtual.ChipECDSA, virtual.ChipRSA} {
		v, err := emrtd.Verify(read(t, keyed(t, make)), trust(), challenge, now)
		if err != nil || v.Clonable() || v.Downgraded() || v.Result(emrtd.CheckChipAuth) != emrtd.Successful {
			t.Errorf("%q: %v, %+v", make, err, v.Checks())
		}
	}
}

// Without the server's own run nothing that a reader brings is a proof, and active
// authentication does not stand in for it.
func TestChipAuthLeftOut(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipPlain, virtual.ChipRSA} {
		ev := read(t, keyed(t, make))
		ev.ChipAuth = auth.Proved{}
		refused(t, ev, tunnus.CodeDocClone, emrtd.CheckChipAuth)
	}
}

func TestChipAuthOfAnotherChip(t *testing.T) {
	ev := read(t, keyed(t, virtual.ChipPlain))
	ev.ChipAuth = read(t, keyed(t, virtual.ChipPlain)).ChipAuth
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckChipAuth)
}

func TestChipAuthOfACopiedChip(t *testing.T) {
	p := keyed(t, virtual.ChipPlain).WithFaults(virtual.Faults{OtherChipKey: true})
	refused(t, read(t, p), tunnus.CodeDocClone, emrtd.CheckChipAuth)
}

// A key of the attacker's own proves him to have it, and is not the one signed.
func TestDG14OfAnotherChip(t *testing.T) {
	ev, other := read(t, keyed(t, virtual.ChipPlain)), read(t, keyed(t, virtual.ChipPlain))
	ev.Groups[14], ev.ChipAuth = other.Groups[14], other.ChipAuth
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckHashes)
	delete(ev.Groups, 14)
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckPresence)
}

// A downgrade is told of a document that is genuine all the same.
func TestDowngrades(t *testing.T) {
	weak := security.Set(security.NewPACE(security.Generic, true, apdu.DES3, 12).Marshal())
	for name, tt := range map[string]struct {
		change func(*emrtd.Evidence)
		check  string
	}{
		"EF.CardAccess was taken away": {func(ev *emrtd.Evidence) { ev.Access = chip.Access{Protocol: chip.BAC} }, emrtd.CheckDowngrade},
		"a weak parameter was shown":   {func(ev *emrtd.Evidence) { ev.Access.CardAccess = weak }, emrtd.CheckDowngrade},
		"EF.CardAccess is rubbish":     {func(ev *emrtd.Evidence) { ev.Access.CardAccess = []byte{0x31} }, emrtd.CheckDowngrade},
		"the reader saw it":            {func(ev *emrtd.Evidence) { ev.Access.Downgraded = true }, emrtd.CheckDowngrade},
		"BAC was forced":               {func(ev *emrtd.Evidence) { ev.Access.Protocol = chip.BAC }, emrtd.CheckAccess},
	} {
		ev := read(t, keyed(t, virtual.ChipPlain))
		tt.change(&ev)
		v, err := emrtd.Verify(ev, trust(), challenge, now)
		if err != nil || !v.Downgraded() || v.Result(tt.check) != emrtd.Failed {
			t.Errorf("%s: %v, %+v", name, err, v.Checks())
		}
	}
	// By a chip between, who takes the file away.
	p := keyed(t, virtual.ChipPlain).WithFaults(virtual.Faults{WithoutCardAccess: true})
	v, err := emrtd.Verify(read(t, p), trust(), challenge, now)
	if err != nil || !v.Downgraded() {
		t.Errorf("read without: %v, %+v", err, v.Checks())
	}
}

// What the reader does not tell is not taken for well.
func TestAccessNotTold(t *testing.T) {
	ev := read(t, keyed(t, virtual.ChipPlain))
	ev.Access = chip.Access{}
	v, err := emrtd.Verify(ev, trust(), challenge, now)
	if err != nil || v.Result(emrtd.CheckAccess) != emrtd.NotPerformed || v.Result(emrtd.CheckDowngrade) != emrtd.NotPerformed {
		t.Errorf("%v, %+v", err, v.Checks())
	}
}

func TestPrintedCodeLine(t *testing.T) {
	ev := evidence(t, adas())
	ev.Printed = bens().Zone().String()
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckCodeLine)
	_, err := emrtd.Verify(ev, trust(), challenge, now)
	var f *emrtd.Failure
	if !errors.As(err, &f) || f.Error() != "emrtd: code-line: the code line as printed is not that of the chip: surname, given names, number, sex" {
		t.Errorf("%v", err)
	}
	ev.Printed = "P<UTO"
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckCodeLine)
	ev.Printed = ""
	if v, err := emrtd.Verify(ev, trust(), challenge, now); err != nil || v.Result(emrtd.CheckCodeLine) != emrtd.NotPerformed {
		t.Errorf("not seen: %v", err)
	}
}

// Files by themselves are judged without the chip's proofs, and only so.
func TestInspect(t *testing.T) {
	ev := evidence(t, adas())
	ev.ActiveAuth = nil
	r := emrtd.Inspect(ev, trust(), now)
	if !r.Good() || r.Zone != adas().Zone() {
		t.Errorf("%+v", r)
	}
	for _, c := range r.Checks {
		if c.Name == emrtd.CheckActiveAuth && (c.Result != emrtd.NotPerformed || c.Reason != emrtd.ReasonNoChip) {
			t.Errorf("%+v", c)
		}
	}
	if r := emrtd.Inspect(ev, trust(), now.AddDate(20, 0, 0)); r.Good() {
		t.Error("an expired document is well")
	}
	delete(ev.Groups, 15)
	if emrtd.Inspect(ev, trust(), now).Good() {
		t.Error("without data group 15")
	}
	ev = evidence(t, bens())
	ev.SOD = adas().SOD()
	if r := emrtd.Inspect(ev, trust(), now); r.Good() || r.Zone.Surname != "" {
		t.Errorf("files of another: %+v", r)
	}
}

// A data group 14 that a state signed and nobody can read is refused, and is no forgery;
// one with a key that nobody speaks here is told, and does not look like one that never
// had any.
func TestChipKeysThatCannotBeUsed(t *testing.T) {
	broken := tlv.Append(nil, 0x30, []byte("\x06\x0A\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02")) // no version
	unspoken := security.Key{Curve: true, SPKI: tlv.Append(nil, 0x30, nil)}.Marshal()
	for name, tt := range map[string]struct {
		info   []byte
		code   tunnus.Code
		reason emrtd.Reason
	}{
		"breaks the form": {broken, tunnus.CodeDocChipBroken, emrtd.ReasonUnreadable},
		"is not spoken":   {unspoken, "", emrtd.ReasonOdd},
	} {
		h := ada()
		h.Chip, h.Groups = virtual.ChipPlain, map[int][]byte{14: tlv.Append(nil, 0x6E, security.Set(tt.info))}
		v, err := emrtd.Verify(evidence(t, must(utopia().Issue(h))), trust(), challenge, now)
		if err != nil {
			fails(t, err, tt.code, emrtd.CheckChipAuth, tt.reason)
		} else if tt.code != "" || reasonOf(v, emrtd.CheckChipAuth) != tt.reason {
			t.Errorf("%s: %s, %+v", name, reasonOf(v, emrtd.CheckChipAuth), v.Checks())
		}
	}
}
