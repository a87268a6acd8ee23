package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// memory is a [Store] that forgets everything at its end.
type memory struct {
	mu      sync.Mutex
	ledgers map[Key][]Entry
	events  []tunnus.Event
	fail    error // what the next Append says, after it has written
}

func (m *memory) Entries(_ context.Context, key Key) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.ledgers[key]), nil
}

func (m *memory) Append(_ context.Context, key Key, n int, e Entry, events []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ledgers[key]) != n {
		return tunnus.Conflict(errors.New("grown"))
	}
	m.ledgers[key] = append(m.ledgers[key], e)
	m.events = append(m.events, events...)
	return m.fail
}

func newLedger() (*Ledger, *memory, *time.Time) {
	now := start
	m := &memory{ledgers: map[Key][]Entry{}}
	clock := tunnus.ClockFunc(func() time.Time { return now })
	return New(m, documents, tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")), clock), m, &now
}

func TestConcurrentTriesNeverExceedLimit(t *testing.T) {
	l, _, _ := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	var judged atomic.Int32
	for range 20 { // waves: whoever met a conflict comes again
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				name := fmt.Sprintf("%d-%d", i, judged.Load()*1000+int32(i))
				if _, err := l.Charge(t.Context(), key, name, false); err == nil {
					judged.Add(1)
				}
			})
		}
		wg.Wait()
	}
	if n := judged.Load(); n < 1 || n > 3 {
		t.Errorf("%d tries were judged before the lock; want 1 to 3", n)
	}
	if _, err := l.Charge(t.Context(), key, "one more", false); tunnus.CodeOf(err) != tunnus.CodeDocLockTemp {
		t.Errorf("Charge after all that = %v; want doc-lock-temp", err)
	}
}

func TestChargeBeforeVerdict(t *testing.T) {
	l, m, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	m.fail = errors.New("killed after the write")
	if _, err := l.Charge(t.Context(), key, "a", false); err == nil {
		t.Fatal("the crash was not told")
	}
	m.fail = nil // restarted
	if _, err := l.Charge(t.Context(), key, "b", false); err != nil {
		t.Fatal(err)
	}
	s, err := l.State(t.Context(), key)
	if err != nil || s.Left != 2 || s.Attempt != "b" {
		t.Errorf("state = %+v, %v; want one failure counted and b open", s, err)
	}
	*now = now.Add(time.Hour)
	if _, err := l.Close(t.Context(), key, "b", Succeeded, ""); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("a verdict an hour later = %v; want state-conflict", err)
	}
	if s, err = l.State(t.Context(), key); err != nil || s.Left != 1 {
		t.Errorf("state = %+v, %v; want two failures counted", s, err)
	}
}

func TestChargeIsRepeatableButNamesAreNot(t *testing.T) {
	l, m, _ := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	for range 3 {
		if _, err := l.Charge(t.Context(), key, "a", false); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.ledgers[key]); n != 1 {
		t.Errorf("three same charges made %d entries", n)
	}
	if _, err := l.Close(t.Context(), key, "a", Passed, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", ""} {
		if _, err := l.Charge(t.Context(), key, name, false); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("Charge(%q) = %v; want state-conflict", name, err)
		}
	}
	if _, err := l.Close(t.Context(), key, "a", Failed, ""); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("a second verdict = %v; want state-conflict", err)
	}
	if _, err := l.Close(t.Context(), key, "a", Charged, ""); err == nil {
		t.Error("charged was taken for a verdict")
	}
}

func TestOneVoidADay(t *testing.T) {
	l, _, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	void := func(name string) error {
		t.Helper()
		if _, err := l.Charge(t.Context(), key, name, false); err != nil {
			t.Fatal(err)
		}
		return l.Void(t.Context(), key, name, tunnus.CodeInternal, InputOf([]byte(name)))
	}
	if err := void("a"); err != nil {
		t.Fatal(err)
	}
	if err := void("b"); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("second void of the day = %v; want state-conflict", err)
	}
	*now = now.Add(25 * time.Hour)
	if err := void("c"); err != nil {
		t.Errorf("void of the next day = %v", err)
	}
	if s, err := l.State(t.Context(), key); err != nil || s.Left != 2 {
		t.Errorf("state = %+v, %v; want the refused void to count", s, err)
	}
}

func TestTimedAndPermanentRefusals(t *testing.T) {
	l, m, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	fail := func(n int) {
		t.Helper()
		for range n {
			name := fmt.Sprint(len(m.ledgers[key]))
			if _, err := l.Charge(t.Context(), key, name, false); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Close(t.Context(), key, name, Failed, tunnus.CodeFaceNoMatch); err != nil {
				t.Fatal(err)
			}
		}
	}
	fail(3)
	var e *tunnus.Error
	if err := l.Check(t.Context(), key); !errors.As(err, &e) || e.Code != tunnus.CodeDocLockTemp || !e.Until.Equal(now.Add(24*time.Hour)) {
		t.Errorf("Check = %v; want doc-lock-temp with its end", err)
	}
	*now = now.Add(25 * time.Hour)
	fail(2)
	*now = now.Add(73 * time.Hour)
	fail(2)
	if err := l.Check(t.Context(), key); tunnus.CodeOf(err) != tunnus.CodeDocLockPerm {
		t.Errorf("Check = %v; want doc-lock-perm", err)
	}
	if err := l.Settle(t.Context(), key); err != nil || m.ledgers[key][len(m.ledgers[key])-1].Kind == Permanent {
		t.Errorf("Settle before the grace is over wrote the row, or failed: %v", err)
	}
	*now = now.Add(15 * 24 * time.Hour)
	for range 2 {
		if err := l.Settle(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if rows := m.ledgers[key]; rows[len(rows)-1].Kind != Permanent || rows[len(rows)-2].Kind == Permanent {
		t.Error("Settle did not write exactly one permanent row")
	}
	if err := l.Check(t.Context(), key); tunnus.CodeOf(err) != tunnus.CodeDocLockPerm {
		t.Errorf("Check = %v; want doc-lock-perm", err)
	}
}
