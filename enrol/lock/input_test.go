package lock

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// voided charges an attempt and has it refunded for an input.
func voided(t *testing.T, l *Ledger, key Key, name string, in Input) error {
	t.Helper()
	if _, err := l.Charge(t.Context(), key, name, false); err != nil {
		t.Fatal(err)
	}
	return l.Void(t.Context(), key, name, tunnus.CodeInternal, in)
}

// Whatever makes us fail is refunded once, not once a day for ever.
func TestL5SameInputFailsAgain(t *testing.T) {
	l, m, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	bad, other := InputOf([]byte("a bad picture")), InputOf([]byte("another bad picture"))
	if err := voided(t, l, key, "a", bad); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(25 * time.Hour)
	if err := voided(t, l, key, "b", other); err != nil {
		t.Errorf("another input, the next day: %v", err)
	}
	for _, later := range []time.Duration{25 * time.Hour, 400 * 24 * time.Hour} {
		*now = now.Add(later)
		if err := voided(t, l, key, "c"+later.String(), bad); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("the same input %s later = %v; want state-conflict", later, err)
		}
		if s, err := l.State(t.Context(), key); err != nil || s.Attempt != "c"+later.String() {
			t.Errorf("state = %+v, %v; want the attempt to stand", s, err)
		}
		*now = now.Add(time.Hour)
		if s, err := l.State(t.Context(), key); err != nil || s.Left != 2 {
			t.Errorf("state = %+v, %v; want one failure", s, err)
		}
	}
	if err := voided(t, l, l.DocumentKey("XX", "P", "X7654321", "300101"), "a", bad); err != nil {
		t.Errorf("the same input in the ledger of another document: %v", err)
	}
	if err := voided(t, l, l.DeviceKey("x"), "a", Input{}); err == nil {
		t.Error("a void was written without what was judged")
	}
	if e := m.ledgers[l.DeviceKey("x")]; len(e) != 1 {
		t.Errorf("%d entries; want the charge", len(e))
	}
}

// Who guesses a picture cannot test the guess at a ledger, nor join two by one.
func TestL5InputsNameNothing(t *testing.T) {
	l, m, _ := newLedger()
	in := InputOf([]byte("a picture"))
	seen := map[string]bool{}
	for _, key := range []Key{l.DeviceKey("a"), l.DeviceKey("b")} {
		if err := voided(t, l, key, "a", in); err != nil {
			t.Fatal(err)
		}
		e := m.ledgers[key][1]
		if len(e.Input) != 64 || strings.ToLower(e.Input) != e.Input || seen[e.Input] {
			t.Errorf("the input is kept as %q", e.Input)
		}
		seen[e.Input] = true
	}
	other := New(m, documents, tunnus.NewSecret([]byte("another key")), tunnus.ClockFunc(time.Now))
	if seen[other.input(l.DeviceKey("a"), in)] {
		t.Error("what is kept does not depend on the key")
	}
	for _, e := range m.events {
		for _, detail := range e.Detail {
			if seen[detail] {
				t.Errorf("%s tells the input", e.Kind)
			}
		}
	}
}

func TestInputsTellPartsApart(t *testing.T) {
	seen := map[Input]bool{}
	for _, parts := range [][][]byte{{}, {{}}, {[]byte("ab")}, {[]byte("a"), []byte("b")}, {[]byte("b"), []byte("a")}, {[]byte("ab"), {}}} {
		in := InputOf(parts...)
		if seen[in] || in == (Input{}) {
			t.Errorf("%q has the digest of another input", parts)
		}
		seen[in] = true
	}
}

// Who takes the input off a refund, or writes another, has the ledger unreadable,
// not another refund.
func TestL5InputIsSealed(t *testing.T) {
	for _, planted := range []string{"", strings.Repeat("0", 64)} {
		l, m, now := newLedger()
		key := l.DocumentKey("XX", "P", "X1234567", "300101")
		if err := voided(t, l, key, "a", InputOf([]byte("a picture"))); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(25 * time.Hour)
		m.ledgers[key][1].Input = planted
		if _, err := l.Charge(t.Context(), key, "b", false); tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("Charge with the input %q = %v; want it to fail", planted, err)
		}
	}
}

// A refund from before inputs were kept is read, and refuses none.
func TestL5VoidsOfOldReleases(t *testing.T) {
	l, m, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	if _, err := l.Charge(t.Context(), key, "a", false); err != nil {
		t.Fatal(err)
	}
	old := Entry{Kind: Voided, Attempt: "a", At: *now, Code: tunnus.CodeInternal}
	old.MAC = l.seal(key, 1, m.ledgers[key][0].MAC, old)
	m.ledgers[key] = append(m.ledgers[key], old)
	*now = now.Add(25 * time.Hour)
	if err := voided(t, l, key, "b", InputOf([]byte("a picture"))); err != nil {
		t.Errorf("a void behind an old one: %v", err)
	}
}

// A proof's refund, on device and account alike, remembers its input too.
func TestL5SameProofFailsAgain(t *testing.T) {
	tab, _, now := counter(t)
	b := Bearer{Device: tab.Devices.DeviceKey("d"), Account: tab.Devices.AccountKey("id")}
	void := func(b Bearer, name, files string) error {
		t.Helper()
		*now = now.Add(25 * time.Hour)
		if err := tab.ChargeProof(t.Context(), b, name); err != nil {
			t.Fatal(err)
		}
		return tab.VoidProof(t.Context(), b, name, tunnus.CodeInternal, InputOf([]byte(files)))
	}
	if err := void(b, "a", "files"); err != nil {
		t.Fatal(err)
	}
	if err := void(b, "b", "files"); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the same files on another day = %v; want state-conflict", err)
	}
	b.Device = tab.Devices.DeviceKey("e")
	if err := void(b, "c", "files"); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the same files of the same account = %v; want state-conflict", err)
	}
	if err := void(b, "d", "other files"); err != nil {
		t.Errorf("other files: %v", err)
	}
}
