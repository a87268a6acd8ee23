package emrtd_test

import (
	"bytes"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

func TestGenuinePassport(t *testing.T) {
	v, err := emrtd.Verify(evidence(t, adas()), trust(), challenge, now)
	if err != nil {
		t.Fatal(err)
	}
	if z := v.Zone(); z.Surname != "LOVE" || z.GivenNames != "ADA MARIA" || z.Optional1 != "199002140015" || z.Issuer != "UTO" {
		t.Errorf("zone %+v", z)
	}
	if !bytes.Equal(v.Portrait(), portrait()) || v.PortraitFormat() != "image/jpeg" {
		t.Errorf("portrait of %d bytes, %s", len(v.Portrait()), v.PortraitFormat())
	}
	if v.Clonable() || v.Expired(now) || v.IsZero() {
		t.Errorf("clonable %v, expired %v", v.Clonable(), v.Expired(now))
	}
	for _, c := range v.Checks() {
		want := emrtd.Successful
		switch c.Name {
		case emrtd.CheckChipAuth, emrtd.CheckDowngrade, emrtd.CheckKeyPeriod, emrtd.CheckDetails: // data group 14, a period, data groups 11 and 12
			want = emrtd.NotSupported
		case emrtd.CheckRevocation, emrtd.CheckCOM, emrtd.CheckCardSecurity: // a revocation list, EF.COM, EF.CardSecurity
			want = emrtd.NotPerformed
		}
		if c.Result != want || (want == emrtd.Successful) != (c.Reason == "") {
			t.Errorf("%s: %s (%s)", c.Name, c.Result, c.Detail)
		}
	}
}

func TestGenuinePassportOfEachMake(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipECDSA, virtual.ChipShort} {
		h := ada()
		h.Chip = make
		v, err := emrtd.Verify(evidence(t, must(utopia().Issue(h))), trust(), challenge, now)
		if err != nil || v.Clonable() {
			t.Errorf("%q: %v", make, err)
		}
	}
}

func TestCopyableDocumentSaysSo(t *testing.T) {
	h := ada()
	h.Chip = virtual.ChipPlain
	v, err := emrtd.Verify(evidence(t, must(utopia().Issue(h))), trust(), challenge, now)
	if err != nil || !v.Clonable() {
		t.Errorf("clonable %v, %v", v.Clonable(), err)
	}
}

func TestExpiredDocument(t *testing.T) {
	h := ada()
	h.Expiry = now.AddDate(0, 0, -1)
	v, err := emrtd.Verify(evidence(t, must(utopia().Issue(h))), trust(), challenge, now)
	if err != nil || !v.Expired(now) {
		t.Errorf("expired %v, %v", v.Expired(now), err)
	}
	if v.Expired(now.AddDate(0, 0, -1)) {
		t.Error("expired on its last day")
	}
	// Long after, the signers have expired too: it is still expired, not false.
	later := now.AddDate(20, 0, 0)
	if v, err = emrtd.Verify(evidence(t, adas()), trust(), challenge, later); err != nil || !v.Expired(later) {
		t.Errorf("after twenty years: expired %v, %v", v.Expired(later), err)
	}
}

func TestDG1ChangedByOneBit(t *testing.T) {
	whole := evidence(t, adas())
	for bit := range 8 * len(whole.Groups[1]) {
		ev := evidence1(whole)
		ev.Groups[1] = bytes.Clone(whole.Groups[1])
		ev.Groups[1][bit/8] ^= 1 << (bit % 8)
		if _, err := emrtd.Verify(ev, trust(), challenge, now); tunnus.CodeOf(err) != tunnus.CodeHashMismatch {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	refused(t, evidence(t, adas().WithFaults(virtual.Faults{FlipDG1: true})), tunnus.CodeHashMismatch, emrtd.CheckHashes)
}

// evidence1 copies the evidence so that its groups can be exchanged.
func evidence1(ev emrtd.Evidence) emrtd.Evidence {
	groups := map[int][]byte{}
	for n, g := range ev.Groups {
		groups[n] = g
	}
	ev.Groups = groups
	return ev
}

func TestOtherGroupsChanged(t *testing.T) {
	for _, n := range []int{2, 15} {
		ev := evidence(t, adas())
		ev.Groups[n] = bytes.Clone(ev.Groups[n])
		ev.Groups[n][len(ev.Groups[n])/2] ^= 0x10
		refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckHashes)
	}
}

func TestSODOfAnotherPassport(t *testing.T) {
	ev := evidence(t, adas())
	ev.SOD = bens().SOD()
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckHashes)
}

func TestUnknownCountrySigner(t *testing.T) {
	ev := evidence(t, adas())
	empty := must(trustlist.Of())
	if _, err := emrtd.Verify(ev, empty, challenge, now); tunnus.CodeOf(err) != tunnus.CodeDocSignerUnknown {
		t.Errorf("got %v", err)
	}
}

func TestSelfMadeSignerOfSameNameAndKeyIdentifier(t *testing.T) {
	impostor := must(utopia().Impostor())
	refused(t, evidence(t, must(impostor.Issue(ada()))), tunnus.CodeDocSigBad, emrtd.CheckTrust)
	// With both on the list, each finds its own.
	both := must(trustlist.Of(impostor.CSCA(), utopia().CSCA()))
	if _, err := emrtd.Verify(evidence(t, adas()), both, challenge, now); err != nil {
		t.Errorf("genuine one beside a namesake: %v", err)
	}
}

func TestGroupsLeftOutOrAdded(t *testing.T) {
	for _, n := range []int{1, 2} {
		ev := evidence(t, adas())
		delete(ev.Groups, n)
		refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckPresence)
	}
	ev := evidence(t, adas())
	ev.Groups[3] = []byte{0x63, 0}
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckPresence)
	ev = evidence(t, adas())
	ev.Groups[17] = []byte{0x71, 0}
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckPresence)
	h := ada()
	h.Chip = virtual.ChipECDSA
	ev = evidence(t, must(utopia().Issue(h)))
	delete(ev.Groups, 14)
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckPresence)
}

func TestBeforeTheSignersWereValid(t *testing.T) {
	_, err := emrtd.Verify(evidence(t, adas()), trust(), challenge, now.Add(-72*time.Hour))
	if tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
		t.Errorf("got %v", err)
	}
}

// The same chip gives the same files at each reading, whatever it answered.
func TestFilesOfAReading(t *testing.T) {
	groups := map[int][]byte{15: []byte("key"), 1: []byte("line"), 2: []byte("face")}
	for _, answer := range []string{"one", "another"} {
		got := emrtd.Evidence{SOD: []byte("sod"), Groups: groups, ActiveAuth: []byte(answer)}.Files()
		if s := string(bytes.Join(got, []byte("|"))); s != "sod|line|face|key" {
			t.Errorf("files: %s", s)
		}
	}
}
