package desk

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

func TestStates(t *testing.T) {
	want := map[State]string{ // one letter an event: where it leads, or a dot
		Opened: "EW....X", Examined: "EW..A.X", Waiting: "..EX..X", Attested: ".....VX", Activated: ".......", Ended: ".......",
	}
	letter := map[State]string{Examined: "E", Waiting: "W", Attested: "A", Activated: "V", Ended: "X"}
	for _, s := range States() {
		got := ""
		for _, e := range Events() {
			if to, err := s.After(e); err != nil {
				got += "."
			} else {
				got += letter[to]
			}
		}
		if got != want[s] || s.Ended() != (want[s] == ".......") {
			t.Errorf("%s: %s; want %s", s, got, want[s])
		}
	}
}

func TestR8DeskFromScanToCode(t *testing.T) {
	w := fresh(t)
	dated := func(h *virtual.Holder) { // data group 12 with the day of issue
		h.Groups = map[int][]byte{12: append([]byte{0x6C, 0x0F, 0x5C, 2, 0x5F, 0x26, 0x5F, 0x26, 8}, "20240102"...)}
	}
	r, err := w.read(t, passport(t, "19850202", dated))
	if err != nil || r.Person.Surname != "BERG" || r.Person.Code != personCode("19850202") || r.Expired || r.Copyable || len(r.Portrait) == 0 {
		t.Fatalf("Read = %+v, %v", r.Checks, err)
	}
	tk := ticket()
	_, err = w.Report(t.Context(), tk.Sitting, tk.Device)
	wantCode(t, "Report before the signature", err, tunnus.CodeStateConflict)
	code, err := w.sign(t)
	if err != nil || len(code) != 8 || strings.Contains(string(w.desks[w.id].CodeMAC), code) {
		t.Fatalf("Sign = %q, %v", code, err)
	}
	for range 2 {
		rep, err := w.Report(t.Context(), tk.Sitting, tk.Device)
		if err != nil || !rep.Proved || rep.Chip[emrtd.CheckActiveAuth] != "successful" || rep.Attest["officer"] != "reg-1" || rep.Person != r.Person || rep.Issued.Format(time.DateOnly) != "2024-01-02" {
			t.Errorf("Report = %+v, %v", rep, err)
		}
	}
	for range 2 { // the answer may get lost
		if id, err := w.Activate(t.Context(), tk.Sitting, tk.Device, strings.ToLower(code[:4])+" "+code[4:]); err != nil || id != w.id {
			t.Errorf("Activate = %s, %v", id, err)
		}
	}
	w.silent(t)
}

// The officer's own signature is over a statement with the applicant's device in it.
func TestR8OfficerSignsEvidenceWithDevice(t *testing.T) {
	w := fresh(t)
	if _, err := w.read(t, passport(t, "19850202", nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sign(t); err != nil {
		t.Fatal(err)
	}
	var signed device.Signed
	if err := json.Unmarshal(w.desks[w.id].Signed, &signed); err != nil || signed.Verify() != nil {
		t.Fatalf("the kept signature: %v, %v", err, signed.Verify())
	}
	var st Statement
	if err := json.Unmarshal(signed.Request.Body, &st); err != nil || st.Device != ticket().Device || st.Officer != "reg-1" || len(st.Ticks) != len(Ticks()) {
		t.Errorf("statement %+v, %v", st, err)
	}
	body, err := w.desks[w.id].statement()
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(body), ticket().Device, ticket().Sitting, 1)
	_, err = w.Sign(t.Context(), stafftest.Actor(t, "reg-1", []byte(other), staff.Officer), w.id)
	wantCode(t, "a statement with another device", err, tunnus.CodeBadRequest)
}

func TestR8OfficerNeverForOneself(t *testing.T) {
	w := fresh(t)
	_, err := w.read(t, passport(t, stafftest.Own("reg-1")[:8], nil))
	wantCode(t, "Read of the officer's own passport", err, tunnus.CodeStaffOneself)
	err = w.Raise(t.Context(), w.officer, w.id, noChip(t, passport(t, stafftest.Own("reg-1")[:8], nil)))
	wantCode(t, "Raise for oneself", err, tunnus.CodeStaffOneself)
	if s := w.desks[w.id]; s.State != Opened {
		t.Errorf("the session went on: %s", s.State)
	}
}

func TestR8ChipProofIsTheServers(t *testing.T) {
	w := fresh(t)
	p := passport(t, "19850202", nil)
	ev := emrtd.Evidence{SOD: p.SOD(), Groups: p.Groups()}
	_, err := w.Read(t.Context(), w.officer, w.id, ev)
	wantCode(t, "without a challenge", err, tunnus.CodeStateConflict)
	if _, err := w.Challenge(t.Context(), w.officer, w.id); err != nil {
		t.Fatal(err)
	}
	if ev.ActiveAuth, err = p.Prove([]byte("whatever")); err != nil {
		t.Fatal(err)
	}
	_, err = w.Read(t.Context(), w.officer, w.id, ev)
	wantCode(t, "an answer to another challenge", err, tunnus.CodeDocClone)
	if n := len(w.ledgers[w.cfg.Tab.Devices.DeviceKey(ticket().Device)]); n != 2 {
		t.Errorf("%d entries in the device's ledger; want charge and verdict", n)
	}
	if _, err := w.Challenge(t.Context(), w.officer, w.id); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(DefaultRules.Step)
	_, err = w.Read(t.Context(), w.officer, w.id, ev)
	wantCode(t, "a late answer", err, tunnus.CodeStateConflict)
}

func TestLockedDocumentIsLockedAtADesk(t *testing.T) {
	w := fresh(t)
	p := passport(t, "19850202", nil)
	w.lockedForEver(t)
	_, err := w.read(t, p)
	wantCode(t, "Read of a locked document", err, tunnus.CodeDocLockPerm)
	wantCode(t, "its print, when the chip is said not to answer", w.Raise(t.Context(), w.officer, w.id, noChip(t, p)), tunnus.CodeDocLockPerm)
}

// Where no chip answers, the code line is typed off the print: its check digits fit, it
// is not the officer's own, and it expires as any other does.
func TestPrintIsJudgedAsAChip(t *testing.T) {
	w := fresh(t)
	good := noChip(t, passport(t, "19850202", nil))
	typed := Wish{Kind: NoChip, Zone: strings.Replace(good.Zone, "X7654321", "X7654322", 1)}
	wantCode(t, "a digit that was mistyped", w.Raise(t.Context(), w.officer, w.id, typed), tunnus.CodeMRZTypedBad)
	wantCode(t, "nothing typed", w.Raise(t.Context(), w.officer, w.id, Wish{Kind: NoChip}), tunnus.CodeMRZTypedBad)
	own := noChip(t, passport(t, stafftest.Own("reg-1")[:8], nil))
	wantCode(t, "the officer's own", w.Raise(t.Context(), w.officer, w.id, own), tunnus.CodeStaffOneself)
	old := noChip(t, passport(t, "19850202", func(h *virtual.Holder) { h.Expiry = start.AddDate(0, 0, -10) }))
	if err := w.Raise(t.Context(), w.officer, w.id, old); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(t.Context(), w.second, w.id, true); err != nil {
		t.Fatal(err)
	}
	_, err := w.sign(t)
	wantCode(t, "Sign over an expired document", err, tunnus.CodeStateConflict)
	w = fresh(t)
	if err := w.Raise(t.Context(), w.officer, w.id, good); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(t.Context(), w.second, w.id, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sign(t); err != nil {
		t.Fatal(err)
	}
	rep, err := w.Report(t.Context(), ticket().Sitting, ticket().Device)
	if err != nil || rep.Proved || rep.Zone != good.Zone || rep.Person.Surname != "BERG" {
		t.Errorf("Report = %+v, %v", rep, err)
	}
}

func TestExceptionsNeedASecondOfficer(t *testing.T) {
	w := fresh(t)
	r, err := w.read(t, passport(t, "19850202", func(h *virtual.Holder) { h.Expiry = start.AddDate(0, 0, -10) }))
	if err != nil || !r.Expired {
		t.Fatalf("Read = %+v, %v", r.Checks, err)
	}
	_, err = w.sign(t)
	wantCode(t, "Sign over an expired document", err, tunnus.CodeStateConflict)
	if err := w.Raise(t.Context(), w.officer, w.id, Wish{Kind: ExpiredLately}); err != nil {
		t.Fatal(err)
	}
	_, err = w.sign(t)
	wantCode(t, "Sign while it waits", err, tunnus.CodeStateConflict)
	wantCode(t, "the officer agrees with himself", w.Second(t.Context(), w.officer, w.id, true), tunnus.CodeStaffFourEyes)
	wantCode(t, "an agent agrees", w.Second(t.Context(), stafftest.Actor(t, "ag-1", nil, staff.Agent), w.id, true), tunnus.CodeStaffNoRight)
	if err := w.Second(t.Context(), w.second, w.id, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sign(t); err != nil {
		t.Fatal(err)
	}
	rep, err := w.Report(t.Context(), ticket().Sitting, ticket().Device)
	if err != nil || rep.Attest["exceptions"] != "expired/reg-2" {
		t.Errorf("Report = %+v, %v", rep.Attest, err)
	}
}

func TestExceptionsHaveLimits(t *testing.T) {
	w := fresh(t)
	if _, err := w.read(t, passport(t, "19850202", func(h *virtual.Holder) { h.Expiry = start.AddDate(0, 0, -40) })); err != nil {
		t.Fatal(err)
	}
	for _, wish := range []Wish{{Kind: ExpiredLately}, {Kind: NoChip}, {Kind: NameChanged}, {Kind: "king"}} {
		wantCode(t, string(wish.Kind), w.Raise(t.Context(), w.officer, w.id, wish), tunnus.CodeBadRequest)
	}
	w = fresh(t)
	if err := w.Raise(t.Context(), w.officer, w.id, noChip(t, passport(t, "19850202", nil))); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(t.Context(), w.second, w.id, false); err != nil {
		t.Fatal(err)
	}
	if s := w.desks[w.id]; s.State != Ended || s.Payload != nil {
		t.Errorf("after a refusal: %s, %d bytes", s.State, len(s.Payload))
	}
}

func TestCopyableDocumentsNeedASecondOfficer(t *testing.T) {
	w := fresh(t)
	r, err := w.read(t, passport(t, "19850202", func(h *virtual.Holder) { h.Chip = virtual.ChipPlain }))
	if err != nil || !r.Copyable {
		t.Fatalf("Read = %+v, %v", r.Checks, err)
	}
	_, err = w.sign(t)
	wantCode(t, "Sign over a document that could be a copy", err, tunnus.CodeStateConflict)
	if err := w.Raise(t.Context(), w.officer, w.id, Wish{Kind: NoChip}); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(t.Context(), w.second, w.id, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sign(t); err != nil {
		t.Fatal(err)
	}
	if rep, err := w.Report(t.Context(), ticket().Sitting, ticket().Device); err != nil || rep.Proved {
		t.Errorf("Report = %+v, %v; want a chip that is not proved", rep.Chip, err)
	}
}

func TestADeskIsTheOfficersOwn(t *testing.T) {
	w := fresh(t)
	_, err := w.Challenge(t.Context(), w.second, w.id)
	wantCode(t, "a colleague's desk", err, tunnus.CodeNotFound)
	agent := stafftest.Actor(t, "ag-1", nil, staff.Agent, staff.Reviewer, staff.Operator)
	_, err = w.Open(t.Context(), agent, ticket(), "")
	wantCode(t, "Open by an agent", err, tunnus.CodeStaffNoRight)
	again, err := w.Open(t.Context(), w.officer, ticket(), "")
	if err != nil || again.ID != w.id || len(again.Counter) != 2 {
		t.Errorf("scanned again: %+v, %v", again, err)
	}
	w.now = w.now.Add(DefaultRules.Life)
	_, err = w.Challenge(t.Context(), w.officer, w.id)
	wantCode(t, "after its time", err, tunnus.CodeStateConflict)
}

func TestNothingIsLeftOfADesk(t *testing.T) {
	w := fresh(t)
	if _, err := w.read(t, passport(t, "19850202", nil)); err != nil {
		t.Fatal(err)
	}
	code, err := w.sign(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Activate(t.Context(), ticket().Sitting, ticket().Device, code); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(DefaultRules.Life)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	if s := w.desks[w.id]; s.Payload != nil || s.State != Activated || s.Statement == nil {
		t.Errorf("after the sweep: %s, %d bytes, statement %d", s.State, len(s.Payload), len(s.Statement))
	}
	if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("Sweep again = %d, %v", n, err)
	}
	w = fresh(t)
	w.now = w.now.Add(DefaultRules.Life + time.Second)
	if _, err := w.Sweep(t.Context()); err != nil || w.desks[w.id].State != Ended {
		t.Errorf("a forgotten desk: %s, %v", w.desks[w.id].State, err)
	}
}

// What a second officer agreed to was agreed to of the document that was read then.
func TestExceptionIsOfOneReading(t *testing.T) {
	expired := func(days int) *virtual.Passport {
		return passport(t, "19850202", func(h *virtual.Holder) { h.Expiry = start.AddDate(0, 0, -days) })
	}
	agree := func(w *world, wish Wish) {
		t.Helper()
		if err := errors.Join(w.Raise(t.Context(), w.officer, w.id, wish), w.Second(t.Context(), w.second, w.id, true)); err != nil {
			t.Fatal(err)
		}
	}
	for name, then := range map[string]*virtual.Passport{"one that expired long ago": expired(400), "the same again": expired(10)} {
		w := fresh(t)
		if _, err := w.read(t, expired(10)); err != nil {
			t.Fatal(err)
		}
		agree(w, Wish{Kind: ExpiredLately})
		if _, err := w.read(t, then); err != nil {
			t.Fatal(err)
		}
		_, err := w.sign(t)
		wantCode(t, "Sign after "+name, err, tunnus.CodeStateConflict)
	}
	w := fresh(t)
	copyable := passport(t, "19850202", func(h *virtual.Holder) { h.Chip = virtual.ChipPlain })
	agree(w, noChip(t, passport(t, "19850202", nil)))
	if _, err := w.read(t, copyable); err != nil {
		t.Fatal(err)
	}
	_, err := w.sign(t)
	wantCode(t, "Sign over a copy after no chip was agreed to", err, tunnus.CodeStateConflict)
	agree(w, Wish{Kind: NoChip}) // and that one may be asked for
	if _, err := w.sign(t); err != nil {
		t.Error(err)
	}
}
