package otp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// memory is a [Store] that forgets everything at its end.
type memory struct {
	mu     sync.Mutex
	sheets map[string]Sheet
	spent  map[string]int
	events []tunnus.Event
	outbox []Letter
	fail   error  // what the next Save says, after it has written
	meet   func() // run before the next Save of a code that was used
}

func clone(s Sheet) Sheet { s.Codes = slices.Clone(s.Codes); return s }

func (m *memory) Sheet(_ context.Context, session string) (Sheet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sheets[session]
	if !ok {
		return Sheet{}, tunnus.NotFound(nil)
	}
	return clone(s), nil
}

func (m *memory) Save(_ context.Context, s Sheet, spends []Spend, letters []Letter, events []tunnus.Event) error {
	if meet := m.meet; meet != nil && s.Codes[len(s.Codes)-1].Used {
		m.meet = nil
		meet()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sheets[s.Session].Rev != s.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	for _, sp := range spends {
		if m.spent[sp.Key+sp.Day] >= sp.Max {
			return &Exhausted{sp}
		}
	}
	for _, sp := range spends {
		m.spent[sp.Key+sp.Day]++
	}
	s.Rev++
	m.sheets[s.Session] = clone(s)
	m.outbox, m.events = append(m.outbox, letters...), append(m.events, events...)
	err := m.fail
	m.fail = nil
	return err
}

func (m *memory) Spent(_ context.Context, key, from, before string) (n int, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, used := range m.spent {
		if day, ok := strings.CutPrefix(at, key); ok && day >= from && day < before {
			n += used
		}
	}
	return n, nil
}

func (m *memory) Others(_ context.Context, session, owner, contact string) ([]Sheet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Sheet
	for id, s := range m.sheets {
		if id != session && s.Owner == owner && s.Contact == contact {
			out = append(out, clone(s))
		}
	}
	return out, nil
}

// mask is a [Sealer] that only binds to the place: enough to see what is sealed.
type mask struct{}

func (mask) Seal(plain, aad []byte) ([]byte, error) {
	return slices.Concat(aad, []byte{0}, plain), nil
}

func (mask) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

type desk struct {
	*Codes
	store *memory
	now   time.Time
	t     *testing.T
}

func newDesk(t *testing.T) *desk {
	d := &desk{store: &memory{sheets: map[string]Sheet{}, spent: map[string]int{}}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), t: t}
	rules := Rules{Life: 10 * time.Minute, Tries: 3, ResendAfter: time.Minute, Resends: 3, PerContact: 10, PerPerson: 10, NoSMS: Defaults().NoSMS}
	d.Codes = New(d.store, mask{}, rules, tunnus.NewSecret([]byte("key")), tunnus.ClockFunc(func() time.Time { return d.now }))
	return d
}

func (d *desk) order(session, owner string) Order {
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		d.t.Fatal(err)
	}
	return Order{Session: session, Owner: owner, Contact: "ada@example.org", Person: p, Purpose: "a new account", Device: "terminal"}
}

// send sends a code and reads it from the outbox.
func (d *desk) send(session, owner string) string {
	d.t.Helper()
	if _, err := d.Send(d.t.Context(), d.order(session, owner)); err != nil {
		d.t.Fatal(err)
	}
	m, err := OpenLetter(mask{}, d.store.outbox[len(d.store.outbox)-1])
	if err != nil {
		d.t.Fatal(err)
	}
	return m.Code
}

// expect confirms and checks the code and the tries that are left (-1: not told).
func (d *desk) expect(session, typed string, want tunnus.Code, left int) {
	d.t.Helper()
	_, err := d.Confirm(d.t.Context(), session, "", typed)
	if tunnus.CodeOf(err) != want {
		d.t.Errorf("Confirm = %v; want %q", err, want)
		return
	}
	var e *tunnus.Error
	if got := -1; errors.As(err, &e) {
		if e.Left != nil {
			got = *e.Left
		}
		if got != left {
			d.t.Errorf("%s: %d tries left; want %d", want, got, left)
		}
	}
}

// other is a code that is not this one.
func other(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}

func TestConfirm(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	contact, err := d.Confirm(t.Context(), "s", "", " "+code+" ")
	if err != nil || contact != d.ContactKey("ADA@example.org") || contact == d.ContactKey("eve@example.org") {
		t.Errorf("Confirm = %q, %v", contact, err)
	}
}

// A code is used once. The request that has used it, and was not heard, or whose
// session did not hear of it, is answered the same again: it is decided, and costs
// nothing. Another request with the same digits is not, and neither is the same one
// with other digits.
func TestUsedTwice(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	d.expect("s", other(code), tunnus.CodeOTPWrong, 2)
	if _, err := d.Confirm(t.Context(), "s", "7", code); err != nil {
		t.Fatal(err)
	}
	before := clone(d.store.sheets["s"])
	for range 5 {
		contact, err := d.Confirm(t.Context(), "s", "7", code)
		if err != nil || contact != d.ContactKey("ada@example.org") {
			t.Fatalf("Confirm again = %q, %v", contact, err)
		}
		for _, request := range []string{"", "8"} {
			if _, err := d.Confirm(t.Context(), "s", request, code); tunnus.CodeOf(err) != tunnus.CodeOTPOld {
				t.Errorf("a second use, by request %q: %v", request, err)
			}
		}
		if _, err := d.Confirm(t.Context(), "s", "7", other(code)); tunnus.CodeOf(err) != tunnus.CodeOTPOld {
			t.Errorf("other digits in the same request: %v", err)
		}
	}
	if after := d.store.sheets["s"]; after.Rev != before.Rev {
		t.Errorf("it was written: %+v", after)
	}
	d.send("b", "d")
	d.expect("b", code, tunnus.CodeOTPSession, 2) // of another session it opens nothing
	d.now = d.now.Add(10 * time.Minute)
	if _, err := d.Confirm(t.Context(), "s", "7", code); tunnus.CodeOf(err) != tunnus.CodeOTPOld {
		t.Errorf("after its time: %v", err)
	}
}

// A code that was used is no more once a newer one was sent.
func TestUsedAndReplaced(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	d.expect("s", code, "", -1)
	d.now = d.now.Add(time.Minute)
	d.send("s", "d")
	d.expect("s", code, tunnus.CodeOTPOld, 2)
}

// The same request, said again because its answer was lost, is answered as before:
// one code, one letter, one place taken of the budgets. Another request, or the
// same for another contact, has to wait as ever.
func TestSameRequest(t *testing.T) {
	d := newDesk(t)
	o := d.order("s", "d")
	o.Request = "7"
	first, err := d.Send(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(3 * time.Second)
	again, err := d.Send(t.Context(), o)
	if err != nil || again != first || len(d.store.outbox) != 1 || len(d.store.sheets["s"].Codes) != 1 {
		t.Errorf("again: %+v, %v; want %+v; %d letters", again, err, first, len(d.store.outbox))
	}
	for what, spoil := range map[string]func(o *Order){
		"another request": func(o *Order) { o.Request = "8" },
		"none":            func(o *Order) { o.Request = "" },
		"another contact": func(o *Order) { o.Contact = "eve@example.org" },
	} {
		bad := o
		spoil(&bad)
		_, err := d.Send(t.Context(), bad)
		d.wantCode(what, err, tunnus.CodeOTPResends)
	}
	for left := range 3 {
		d.expect("s", other(d.last().Code), tunnus.CodeOTPWrong, 2-left)
	}
	_, err = d.Send(t.Context(), o)
	d.wantCode("the code is dead", err, tunnus.CodeOTPResends)
}

func TestTooOld(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	d.now = d.now.Add(10 * time.Minute)
	d.expect("s", code, tunnus.CodeOTPOld, -1)
	if d.store.sheets["s"].Codes[0].Tries != 0 {
		t.Error("a code past its time cost a try")
	}
}

func TestWrongThreeTimes(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	d.expect("s", other(code), tunnus.CodeOTPWrong, 2)
	d.expect("s", other(code), tunnus.CodeOTPWrong, 1)
	d.expect("s", other(code), tunnus.CodeOTPWrong, 0)
	d.expect("s", code, tunnus.CodeOTPOld, -1)
}

func TestLastDeadCodeEndsTheSession(t *testing.T) {
	d := newDesk(t)
	for i := range 4 {
		code := d.send("s", "d")
		d.now = d.now.Add(time.Minute)
		d.expect("s", other(code), tunnus.CodeOTPWrong, 2)
		d.expect("s", other(code), tunnus.CodeOTPWrong, 1)
		if i < 3 {
			d.expect("s", other(code), tunnus.CodeOTPWrong, 0)
			continue
		}
		d.expect("s", other(code), tunnus.CodeOTPBlocked, -1)
		d.expect("s", code, tunnus.CodeOTPBlocked, -1)
	}
	if _, err := d.Send(t.Context(), d.order("s", "d")); tunnus.CodeOf(err) != tunnus.CodeOTPBlocked {
		t.Errorf("Send after that = %v; want otp-blocked", err)
	}
}

func TestOfAnotherSession(t *testing.T) {
	d := newDesk(t)
	mine, stranger := d.send("old", "d"), d.send("strange", "e")
	code := d.send("s", "d")
	d.expect("s", mine, tunnus.CodeOTPSession, 2)
	d.expect("s", stranger, tunnus.CodeOTPWrong, 1) // must not learn that it is right somewhere
	d.expect("s", code, "", -1)
}

// A try in one session, which is charged only there, must not tell whether a code
// is right in another one where it can still be used: here one that a try came
// between, so that the newer code could not void it.
func TestTriesTellNothingOfLiveCodesElsewhere(t *testing.T) {
	d := newDesk(t)
	replaced := d.send("a", "d")
	d.now = d.now.Add(time.Minute)
	live := d.send("a", "d")
	before := clone(d.store.sheets["a"])
	d.send("b", "d")
	d.store.sheets["a"] = before
	d.expect("b", live, tunnus.CodeOTPWrong, 2)
	d.expect("b", replaced, tunnus.CodeOTPSession, 1)
	d.expect("a", live, "", -1) // and it cost nothing there
	d.expect("b", live, tunnus.CodeOTPSession, 0)
}

// Of all sessions of a device, one code is live at a contact: there are no more
// tries at a contact for whoever starts more sessions.
func TestNewCodeVoidsThoseOfOtherSessions(t *testing.T) {
	d := newDesk(t)
	first, stranger := d.send("a", "d"), d.send("x", "e")
	killed := d.send("k", "e")
	for left := range 3 {
		d.expect("k", other(killed), tunnus.CodeOTPWrong, 2-left)
	}
	second := d.send("b", "d")
	d.expect("a", first, tunnus.CodeOTPOld, -1)
	if n := d.store.sheets["a"].Codes[0].Tries; n != 0 {
		t.Errorf("a code that was replaced was charged %d times", n)
	}
	d.expect("b", second, "", -1)
	d.now = d.now.Add(time.Minute)
	d.expect("a", d.send("a", "d"), "", -1) // the older session may go on
	d.expect("x", stranger, tunnus.CodeOTPOld, -1)
}

func TestNewCodeVoidsTheOlder(t *testing.T) {
	d := newDesk(t)
	first := d.send("s", "d")
	d.now = d.now.Add(time.Minute)
	second := d.send("s", "d")
	d.expect("s", first, tunnus.CodeOTPOld, 2)
	d.expect("s", second, "", -1)
}

func TestResends(t *testing.T) {
	d := newDesk(t)
	d.send("s", "d")
	_, err := d.Send(t.Context(), d.order("s", "d"))
	var e *tunnus.Error
	if !errors.As(err, &e) || e.Code != tunnus.CodeOTPResends || !e.Until.Equal(d.now.Add(time.Minute)) {
		t.Errorf("Send at once = %v; want otp-resends with the time", err)
	}
	for range 3 {
		d.now = d.now.Add(time.Minute)
		d.send("s", "d")
	}
	d.now = d.now.Add(time.Minute)
	if _, err := d.Send(t.Context(), d.order("s", "d")); tunnus.CodeOf(err) != tunnus.CodeOTPResends {
		t.Errorf("fifth Send = %v; want otp-resends", err)
	}
}

func TestBudgetOfADay(t *testing.T) {
	d := newDesk(t)
	for i := range 10 {
		d.send(fmt.Sprint("s", i), "d")
	}
	_, err := d.Send(t.Context(), d.order("more", "d"))
	var e *tunnus.Error
	if !errors.As(err, &e) || e.Code != tunnus.CodeOTPResends || e.Until.Format(time.RFC3339) != "2026-11-23T00:00:00Z" {
		t.Errorf("eleventh code of the day = %v; want otp-resends until midnight", err)
	}
	if n := len(d.store.outbox); n != 10 {
		t.Errorf("%d letters went out", n)
	}
	d.now = d.now.Add(24 * time.Hour)
	d.send("more", "d")
}

// Killed between charge and verdict: the try stands.
func TestTryIsChargedFirst(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	for range 3 {
		d.store.fail = errors.New("killed")
		d.expect("s", code, tunnus.CodeInternal, -1)
	}
	d.expect("s", code, tunnus.CodeOTPOld, -1)
}

// Of many tries at once three are judged, and the code is used once.
func TestConcurrentTriesAreAcceptedOnce(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	var right, wrong atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			typed := code
			if i%2 == 0 {
				typed = other(code)
			}
			switch _, err := d.Confirm(t.Context(), "s", "", typed); tunnus.CodeOf(err) {
			case "":
				right.Add(1)
			case tunnus.CodeOTPWrong:
				wrong.Add(1)
			}
		})
	}
	wg.Wait()
	s := d.store.sheets["s"]
	made := s.Codes[0]
	used := int64(0)
	if made.Used {
		used = 1
	}
	if s.Rev != 1+int64(made.Tries)+used || made.Tries > 3 || int(wrong.Load())+int(used) > made.Tries || int64(right.Load()) != used {
		t.Errorf("%d accepted, %d wrong, revision %d, %+v", right.Load(), wrong.Load(), s.Rev, made)
	}
}

// Of two right tries that were both charged, the first takes the code; a wrong one
// that comes between costs the right one nothing.
func TestTriesThatMeet(t *testing.T) {
	for _, right := range []bool{true, false} {
		d := newDesk(t)
		code := d.send("s", "d")
		d.store.meet = func() {
			if right {
				d.expect("s", code, "", -1)
				return
			}
			d.expect("s", other(code), tunnus.CodeOTPWrong, 1)
		}
		if right {
			d.expect("s", code, tunnus.CodeOTPOld, -1)
			continue
		}
		d.expect("s", code, "", -1)
	}
}

func TestNothingIsKeptInClear(t *testing.T) {
	d := newDesk(t)
	code := d.send("s", "d")
	kept := fmt.Sprintf("%s %+v %+v", d.store.sheets["s"].Codes[0].MAC, d.store.sheets["s"], d.store.spent)
	for _, secret := range []string{code, "ada", "199002140017"} {
		if strings.Contains(kept, secret) {
			t.Errorf("the store holds %q in clear", secret)
		}
	}
	l := d.store.outbox[0]
	l.Kind = "account-active"
	if _, err := OpenLetter(mask{}, l); err == nil {
		t.Error("a letter opened as another kind")
	}
}

func TestWhatIsNoCode(t *testing.T) {
	d := newDesk(t)
	d.expect("s", "123456", tunnus.CodeNotFound, -1)
	d.send("s", "d")
	for _, typed := range []string{"", "12345", "1234567", "12345a", "１２３４５６"} {
		d.expect("s", typed, tunnus.CodeBadRequest, -1)
	}
	if d.store.sheets["s"].Codes[0].Tries != 0 {
		t.Error("what is no code cost a try")
	}
}
