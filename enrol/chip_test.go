package enrol

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// chargedTo counts the entries of a kind in the ledgers of devices and documents.
func (w *world) entries(kind lock.Kind, key lock.Key) (n int) {
	for _, e := range w.mem.ledgers[key] {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (w *world) documentKey() lock.Key {
	return w.flow.tab.Documents.DocumentKey("XX", "P", "X1234567", start.AddDate(5, 0, 0).Format("060102"))
}

func (w *world) deviceKey(device string) lock.Key { return w.flow.tab.Devices.DeviceKey(device) }

// forged are the ways of lying about a chip. All are told in the same words.
var forged = map[string]func(t *testing.T, p, other *virtual.Passport, old []byte, ev *emrtd.Evidence){
	"DG1 changed by one bit": func(_ *testing.T, _, _ *virtual.Passport, _ []byte, ev *emrtd.Evidence) {
		ev.Groups[1] = bytes.Clone(ev.Groups[1])
		ev.Groups[1][20] ^= 1
	},
	"SOD of another passport": func(_ *testing.T, _, other *virtual.Passport, _ []byte, ev *emrtd.Evidence) { ev.SOD = other.SOD() },
	"DG15 left out": func(_ *testing.T, _, _ *virtual.Passport, _ []byte, ev *emrtd.Evidence) {
		delete(ev.Groups, 15)
		ev.ActiveAuth = nil
	},
	"answer left out": func(_ *testing.T, _, _ *virtual.Passport, _ []byte, ev *emrtd.Evidence) { ev.ActiveAuth = nil },
	"answer of another session": func(t *testing.T, p, _ *virtual.Passport, old []byte, ev *emrtd.Evidence) {
		*ev = read(t, p, old)
	},
	"answer of another chip": func(t *testing.T, _, other *virtual.Passport, _ []byte, ev *emrtd.Evidence) {
		answer, err := other.Prove(make([]byte, 8))
		if err != nil {
			t.Fatal(err)
		}
		ev.ActiveAuth = answer
	},
}

func TestForgeriesLookAlikeAndSpareTheDocument(t *testing.T) {
	p, other := ada(t, nil), ada(t, func(h *virtual.Holder) { h.Number = "X7654321" })
	for name, lie := range forged {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t), ref("phone", 1)
			w.upTo(ref("phone", 7), way.ChipProved, p)
			old, _, err := w.flow.Challenge(t.Context(), ref("phone", 7))
			if err != nil {
				t.Fatal(err)
			}
			w.upTo(r, way.ChipProved, p)
			challenge, _, err := w.flow.Challenge(t.Context(), r)
			if err != nil || bytes.Equal(challenge, old) {
				t.Fatalf("two sessions have one challenge, or %v", err)
			}
			ev := read(t, p, challenge)
			lie(t, p, other, old, &ev)
			refused(t, w.flow.Chip(t.Context(), r, ev), tunnus.CodeDocSigBad, -1)
			if n := len(w.mem.ledgers[w.documentKey()]); n != 0 {
				t.Errorf("the document's ledger has %d entries", n)
			}
			if w.entries(lock.Failed, w.deviceKey("phone")) != 1 {
				t.Error("the device was not charged")
			}
			if err := w.chip(r, p); err != nil {
				t.Errorf("the genuine document afterwards: %v", err)
			}
		})
	}
}

// Nobody can lock a document they do not hold: the device that lies is slowed,
// the holder is not.
func TestBadProofsSlowTheDeviceOnly(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("liar", 1)
	w.upTo(r, way.ChipProved, p)
	for range 5 {
		_, _, err := w.flow.Challenge(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, w.flow.Chip(t.Context(), r, read(t, p, []byte("whatever"))), tunnus.CodeDocSigBad, -1)
	}
	refused(t, w.chip(r, p), tunnus.CodeReqTooOften, -1)
	_, err := w.flow.Start(t.Context(), ref("liar", 2), passport, claim(), "")
	refused(t, err, tunnus.CodeReqTooOften, -1)
	w.upTo(ref("phone", 1), "", p)
}

func TestUnknownSignerIsNotCounted(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	trust, err := trustlist.Of()
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Trust = trust
	w.restart()
	w.upTo(r, way.ChipProved, p)
	for range 7 {
		refused(t, w.chip(r, p), tunnus.CodeDocSignerUnknown, -1)
	}
}

func TestExpiredDocumentIsCharged(t *testing.T) {
	p := ada(t, func(h *virtual.Holder) { h.Expiry = start.AddDate(0, 0, -1) })
	w := newWorld(t)
	for n, left := range []int{2, 1} {
		r := ref("phone", n)
		w.upTo(r, way.ChipProved, p)
		refused(t, w.chip(r, p), tunnus.CodeDocExpired, left)
	}
	r := ref("phone", 8)
	w.upTo(r, way.ChipProved, p)
	refused(t, w.chip(r, p), tunnus.CodeDocExpired, 0)
	r = ref("another phone", 9)
	w.upTo(r, way.ChipProved, p)
	refused(t, w.chip(r, p), tunnus.CodeDocLockTemp, -1)
	if s := w.mem.sessions[r.Session]; s.State != way.Refused || s.Payload != nil {
		t.Errorf("the session is %s", s.State)
	}
}

func TestNameUnlikeTheChip(t *testing.T) {
	p := ada(t, nil)
	for field, change := range map[string]func(*Form){
		"surname":     func(f *Form) { f.Surname = "Ask Berg" },
		"given_names": func(f *Form) { f.GivenNames = "Eva Linda" },
		"person_code": func(f *Form) { f.PersonCode = utopian("19900214002") },
		"document":    func(f *Form) { f.Document = "X1234568" },
		"country":     func(f *Form) { f.Country, f.PersonCode = "DK", "0101000000" },
	} {
		w, r := newWorld(t), ref("phone", 1)
		w.upTo(r, way.FormFilled, p)
		form := adasForm()
		change(&form)
		if err := w.flow.Form(t.Context(), r, form); err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		err := w.chip(r, p)
		refused(t, err, tunnus.CodeFormMismatch, 2)
		if e := err.(*tunnus.Error); e.Field != field {
			t.Errorf("told field %q; want %q", e.Field, field)
		}
		if w.entries(lock.Failed, w.documentKey()) != 1 || w.entries(lock.Failed, w.deviceKey("phone")) != 0 {
			t.Errorf("%s: charged to the wrong one", field)
		}
	}
}

// Names that are only written badly may be corrected: the third time within a day
// counts (form-name, Yx).
func TestCarelessNames(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	for i, wrong := range []Form{
		{Surname: "Ada Maria", GivenNames: "Åsk"}, {Surname: "Åks", GivenNames: "Ada Maria"}, {Surname: "Åsk", GivenNames: "Ada"},
	} {
		r := ref("phone", i+1)
		w.upTo(r, way.FormFilled, p)
		form := adasForm()
		form.Surname, form.GivenNames = wrong.Surname, wrong.GivenNames
		if err := w.flow.Form(t.Context(), r, form); err != nil {
			t.Fatal(err)
		}
		if err := w.chip(r, p); tunnus.CodeOf(err) != tunnus.CodeFormName {
			t.Fatalf("%s %s: %v", wrong.Surname, wrong.GivenNames, err)
		}
		st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey())
		if err != nil || st.Left != []int{3, 3, 2}[i] {
			t.Errorf("after %d: %d left, %v", i+1, st.Left, err)
		}
		s := w.mem.sessions[r.Session]
		if next, _ := way.Next(s.Route, s.Facts); s.State != way.Open || next != way.FormFilled {
			t.Errorf("the session is %s at %s; the form is to be corrected", s.State, next)
		}
		if i == 0 {
			if err := w.flow.Form(t.Context(), r, adasForm()); err != nil {
				t.Fatal(err)
			}
			if err := w.chip(r, p); err != nil {
				t.Errorf("after the correction: %v", err)
			}
		}
	}
}

func TestDocumentKindsAndStates(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.cfg.Rules.Issuers = map[string]string{"EST": "EE"}
	w.restart()
	w.upTo(r, way.ChipProved, p)
	refused(t, w.chip(r, p), tunnus.CodeDocTypeNo, -1)
	if len(w.mem.ledgers[w.documentKey()]) != 0 {
		t.Error("a document that is not served was charged")
	}
}

// The row of the rules by which somebody goes a way tells which documents serve on it:
// their kind, the year of issue that the chip tells, series that are known to be faulty.
func TestDocumentsOfTheRow(t *testing.T) {
	issued := func(day string) func(*virtual.Holder) {
		return func(h *virtual.Holder) {
			file := append([]byte{0x6C, 0x0F, 0x5C, 2, 0x5F, 0x26, 0x5F, 0x26, 8}, day...)
			h.Groups = map[int][]byte{12: file}
		}
	}
	for name, tt := range map[string]struct {
		holder func(*virtual.Holder)
		row    func(*scheme.Row)
		want   tunnus.Code
	}{
		"as they are":               {nil, func(*scheme.Row) {}, ""},
		"another kind":              {nil, func(r *scheme.Row) { r.Documents = []scheme.Kind{scheme.IDCard} }, tunnus.CodeDocTypeNo},
		"issued in time":            {issued("20240102"), func(r *scheme.Row) { r.Since = 2024 }, ""},
		"issued before":             {issued("20231231"), func(r *scheme.Row) { r.Since = 2024 }, tunnus.CodeDocTooOld},
		"the document does not say": {nil, func(r *scheme.Row) { r.Since = 2024 }, ""},
		"of a faulty series":        {nil, func(r *scheme.Row) { r.Faulty = []scheme.Series{{Issuer: "UTO", First: "X1234000", Last: "X1234999"}} }, tunnus.CodeDocTooOld},
		"of another series":         {nil, func(r *scheme.Row) { r.Faulty = []scheme.Series{{Issuer: "UTO", First: "X1235000", Last: "X1235999"}} }, ""},
	} {
		w, p, r := newWorld(t), ada(t, tt.holder), ref("phone", 1)
		w.upTo(r, way.ChipProved, p)
		rows := slices.Clone(w.cfg.Rules.File.Eligible) // the rules are those of another test too
		for i := range rows {
			tt.row(&rows[i])
		}
		w.cfg.Rules.File.Eligible = rows
		w.restart()
		if err := w.chip(r, p); tunnus.CodeOf(err) != tt.want {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
		if charged := len(w.mem.ledgers[w.documentKey()]) != 0; charged != (tt.want == "") {
			t.Errorf("%s: charged is %v", name, charged)
		}
		if got := w.mem.sessions[r.Session].State; (got == way.Open) != (tt.want == "") {
			t.Errorf("%s: the sitting is %s", name, got)
		}
	}
}

// Portraits of every kind are admitted, and those that cannot be shown are not:
// nobody could be compared with them.
func TestPortraitsOfDocuments(t *testing.T) {
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "file.jp2", "bare.j2k"} {
		picture, err := os.ReadFile("../document/portrait/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for tail, want := range map[string]tunnus.Code{"": "", "an archive": tunnus.CodeDocTypeNo} {
			w, r := newWorld(t), ref("phone", 1)
			p := ada(t, func(h *virtual.Holder) { h.Portrait = append(bytes.Clone(picture), tail...) })
			w.upTo(r, way.ChipProved, p)
			if err := w.chip(r, p); tunnus.CodeOf(err) != want {
				t.Errorf("%s with %q behind it: %v; want %q", name, tail, err, want)
			}
		}
	}
}

// Killed between charge and verdict: the attempt stands, and the journey goes on.
func TestChargeStandsAfterACrash(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ChipProved, p)
	challenge, _, err := w.flow.Challenge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	ev := read(t, p, challenge)
	// The first charge is the device's; kill at the second, the document's.
	if _, err := w.flow.tab.Devices.Charge(t.Context(), w.deviceKey("phone"), r.Session+"/proof/1", false); err != nil {
		t.Fatal(err)
	}
	w.mem.failAfter = lock.Charged
	if err := w.flow.Chip(t.Context(), r, ev); err == nil {
		t.Fatal("the crash was not told")
	}
	w.restart()
	if err := w.chip(r, p); err != nil {
		t.Fatalf("the same journey after the crash: %v", err)
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 2 {
		t.Errorf("state = %+v, %v; want one failure counted", st, err)
	}
}

func TestChallengeIsAnsweredOnceAndInTime(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ChipProved, p)
	refused(t, w.flow.Chip(t.Context(), r, read(t, p, make([]byte, 8))), tunnus.CodeStateConflict, -1)
	challenge, until, err := w.flow.Challenge(t.Context(), r)
	if err != nil || len(challenge) != emrtd.ChallengeSize || !until.Equal(w.now.Add(5*time.Minute)) {
		t.Fatalf("Challenge = %x, %v, %v", challenge, until, err)
	}
	again, _, err := w.flow.Challenge(t.Context(), r)
	if err != nil || !bytes.Equal(again, challenge) {
		t.Errorf("asked again: %x, %v; want %x", again, err, challenge)
	}
	w.now = w.now.Add(5 * time.Minute)
	refused(t, w.flow.Chip(t.Context(), r, read(t, p, challenge)), tunnus.CodeStepTimeout, -1)
	if fresh, _, err := w.flow.Challenge(t.Context(), r); err != nil || bytes.Equal(fresh, challenge) {
		t.Errorf("a new challenge = %x, %v", fresh, err)
	}
	if len(w.mem.ledgers) != 0 {
		t.Error("a late answer was charged")
	}
}

// A copy can trouble its document for a day a week, and never climbs the ladder.
func TestCopyableDocuments(t *testing.T) {
	p := ada(t, func(h *virtual.Holder) { h.Chip = virtual.ChipPlain })
	w := newWorld(t)
	try := func(n int, device string) error {
		t.Helper()
		r := ref(device, n)
		w.upTo(r, way.FormFilled, p)
		form := adasForm()
		form.Surname = "Ek"
		if err := w.flow.Form(t.Context(), r, form); err != nil {
			t.Fatal(err)
		}
		return w.chip(r, p)
	}
	for n, left := range []int{2, 1, 0} {
		refused(t, try(n, "a"), tunnus.CodeFormMismatch, left)
	}
	if n := w.entries(lock.Failed, w.deviceKey("a")); n != 3 {
		t.Errorf("the device was charged %d times; want 3", n)
	}
	refused(t, try(4, "b"), tunnus.CodeDocLockTemp, -1)
	w.now = w.now.Add(25 * time.Hour)
	for n := range 3 {
		refused(t, try(10+n, "c"), tunnus.CodeFormMismatch, -1)
	}
	refused(t, try(20, "d"), tunnus.CodeRevPending, -1)
	st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey())
	if err != nil || st.Condition != lock.Free || st.Left != 3 {
		t.Errorf("state = %+v, %v; want the ladder untouched", st, err)
	}
}
