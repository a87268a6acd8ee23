package lock

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

func TestChangedEntriesAreNotRead(t *testing.T) {
	changes := map[string]func([]Entry) []Entry{
		"kind":      func(e []Entry) []Entry { e[1].Kind = Succeeded; return e },
		"attempt":   func(e []Entry) []Entry { e[1].Attempt = "z"; return e },
		"time":      func(e []Entry) []Entry { e[1].At = e[1].At.AddDate(-2, 0, 0); return e },
		"code":      func(e []Entry) []Entry { e[1].Code = ""; return e },
		"copyable":  func(e []Entry) []Entry { e[0].Copyable = true; return e },
		"left out":  func(e []Entry) []Entry { return e[1:] },
		"reordered": func(e []Entry) []Entry { e[0], e[1] = e[1], e[0]; return e },
		"no MAC":    func(e []Entry) []Entry { e[1].MAC = nil; return e },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			l, m, _ := newLedger()
			key := l.DocumentKey("XX", "P", "X1234567", "300101")
			if _, err := l.Charge(t.Context(), key, "a", false); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Close(t.Context(), key, "a", Failed, tunnus.CodeDocExpired); err != nil {
				t.Fatal(err)
			}
			m.ledgers[key] = change(m.ledgers[key])
			if _, err := l.Charge(t.Context(), key, "b", false); tunnus.CodeOf(err) != tunnus.CodeInternal {
				t.Errorf("Charge on a changed ledger = %v; want it to fail", err)
			}
		})
	}
}

func TestLedgersOfOthersDoNotFit(t *testing.T) {
	l, m, _ := newLedger()
	a, b := l.DocumentKey("XX", "P", "X1234567", "300101"), l.DocumentKey("XX", "P", "X1234568", "300101")
	if _, err := l.Charge(t.Context(), a, "a", false); err != nil {
		t.Fatal(err)
	}
	m.ledgers[b] = m.ledgers[a]
	if _, err := l.State(t.Context(), b); err == nil {
		t.Error("a ledger was read under another name")
	}
}

func TestKeysNameNothing(t *testing.T) {
	l, m, _ := newLedger()
	seen := map[Key]bool{l.DeviceKey("X1234567"): true}
	for _, parts := range [][4]string{
		{"XX", "P", "X1234567", "300101"},
		{"XX", "P", "X1234567", "310101"},
		{"EE", "P", "X1234567", "300101"},
		{"XX", "PX", "1234567", "300101"},
		{"XXP", "", "X1234567", "300101"},
	} {
		k := l.DocumentKey(parts[0], parts[1], parts[2], parts[3])
		if seen[k] || len(k) != 64 || strings.Contains(string(k), "1234567") {
			t.Errorf("%v: key %s", parts, k)
		}
		seen[k] = true
	}
	other := New(m, documents, tunnus.NewSecret([]byte("another key")), tunnus.ClockFunc(time.Now))
	if seen[other.DocumentKey("XX", "P", "X1234567", "300101")] {
		t.Error("the name does not depend on the key")
	}
}

// A stolen device is slowed, never locked for ever, and a document is not touched.
func TestProofPhaseHasItsOwnCode(t *testing.T) {
	rules := documents
	rules.Phase, rules.Ladder = Proof, tunnus.Ladder{{Failures: 1, Lock: time.Hour}}
	m := &memory{ledgers: map[Key][]Entry{}}
	l := New(m, rules, tunnus.NewSecret([]byte("k")), tunnus.ClockFunc(func() time.Time { return start }))
	key := l.DeviceKey("aa")
	if _, err := l.Charge(t.Context(), key, "a", false); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Close(t.Context(), key, "a", Failed, tunnus.CodeDocClone); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context(), key); tunnus.CodeOf(err) != tunnus.CodeReqTooOften {
		t.Errorf("Check = %v; want req-too-often", err)
	}
}

func TestEventsNameTheLedgerOnly(t *testing.T) {
	l, m, _ := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	if err := l.Note(t.Context(), key, "s", tunnus.CodeSesTimeout, false); err != nil {
		t.Fatal(err)
	}
	if len(m.events) != 1 || m.events[0].Kind != "lock.noted" || m.events[0].Subject != string(key) || m.events[0].Code != tunnus.CodeSesTimeout {
		t.Errorf("events = %+v", m.events)
	}
}

func TestL9CardAndPassportOfOneNumberAreTwoDocuments(t *testing.T) {
	l, _, _ := newLedger()
	z := func(code string) mrz.Zone { return mrz.Zone{Document: code, Number: "X1234567", Expiry: "300101"} }
	if l.Of("XX", z("P")) == l.Of("XX", z("I")) {
		t.Error("a passport and a card share a ledger")
	}
	if l.Of("XX", z("P")) != l.Of("XX", z("PD")) || l.Of("XX", z("P")) != l.DocumentKey("XX", "P", "X1234567", "300101") {
		t.Error("one passport has two ledgers")
	}
	if l.Of("XX", z("")) == l.Of("XX", z("P")) {
		t.Error("a document without a code is a passport")
	}
}
