package appointment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

// sealer is a sealer that binds to places and hides nothing but from a look.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("%x|%x", aad, plain)), nil
}

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(fmt.Sprintf("%x|", aad)))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	var out []byte
	_, err := fmt.Sscanf(string(rest), "%x", &out)
	return out, err
}

// memory is a [Store] of one process.
type memory struct {
	mu      sync.Mutex
	all     map[string]Booking
	letters []otp.Letter
}

func (m *memory) Booking(_ context.Context, id string) (Booking, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.all[id]
	if !ok {
		return b, tunnus.NotFound(errors.New("none"))
	}
	return b, nil
}

func (m *memory) Taken(_ context.Context, office string, from, until time.Time) (map[time.Time]int, error) {
	out := map[time.Time]int{}
	for _, b := range m.all {
		if b.State == Booked && b.Office == office && !b.At.Before(from) && b.At.Before(until) {
			out[b.At]++
		}
	}
	return out, nil
}

func (m *memory) SaveBooking(_ context.Context, b Booking, seats int, letters []otp.Letter, _ []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[b.ID].Rev != b.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	n := 0
	for _, o := range m.all {
		if o.ID != b.ID && o.State == Booked && o.Office == b.Office && o.At.Equal(b.At) {
			n++
		}
	}
	if b.State == Booked && n >= seats {
		return ErrFull
	}
	b.Rev++
	m.all[b.ID] = b
	m.letters = append(m.letters, letters...)
	return nil
}

func (m *memory) PastBookings(_ context.Context, before time.Time, _ int) (ids []string, err error) {
	for id, b := range m.all {
		if b.State == Booked && b.At.Before(before) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

type world struct {
	*Diary
	store *memory
	now   time.Time
}

// office is open on Mondays from 9 to 10 and on Sundays from 1:30 to 4:30.
func office(zone *time.Location) Office {
	return Office{
		ID: "north", Zone: zone, Minutes: 30, Desks: 2, Closed: []string{"2026-12-07"},
		Hours: []Hours{{time.Monday, 9 * 60, 10 * 60}, {time.Sunday, 90, 270}},
	}
}

func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{store: &memory{all: map[string]Booking{}}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	var err error
	w.Diary, err = New(w.store, []Office{office(time.UTC)}, sealer{}, tunnus.ClockFunc(func() time.Time { return w.now }))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v); want %q", what, got, err, want)
	}
}

func TestSlots(t *testing.T) {
	riga, err := time.LoadLocation("Europe/Riga")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		day  time.Time
		want string
	}{
		{"a Monday", time.Date(2026, 11, 23, 12, 0, 0, 0, riga), "09:00 09:30"},
		{"a holiday", time.Date(2026, 12, 7, 12, 0, 0, 0, riga), ""},
		{"a Tuesday", time.Date(2026, 11, 24, 12, 0, 0, 0, riga), ""},
		{"late on Monday in UTC is Tuesday", time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC), ""},
		{"clocks go forward: 3 to 4 does not exist", time.Date(2027, 3, 28, 12, 0, 0, 0, riga), "01:30 02:00 02:30 04:00"},
		{"clocks go back: 3 to 4 comes twice", time.Date(2026, 10, 25, 12, 0, 0, 0, riga), "01:30 02:00 02:30 03:00 03:30 04:00"},
	} {
		var got []string
		for _, s := range office(riga).Slots(tt.day) {
			got = append(got, s.In(riga).Format("15:04"))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, s, tt.want)
		}
	}
}

func TestBookMoveCancel(t *testing.T) {
	w := fresh(t)
	b, err := w.Book(t.Context(), "north", monday, Contact{"ada@mail.example", "et"})
	if err != nil {
		t.Fatal(err)
	}
	if row := string(w.store.all[b.ID].Contact); strings.Contains(row, "ada") {
		t.Error("the contact stands in clear")
	}
	if free, err := w.Free(t.Context(), "north", monday); err != nil || len(free) != 2 || free[0].Free != 1 || free[1].Free != 2 {
		t.Errorf("Free = %v, %v", free, err)
	}
	typed := strings.ToLower(strings.ReplaceAll(b.ID, "-", " "))
	for range 2 {
		if got, err := w.Move(t.Context(), typed, "north", monday.Add(30*time.Minute)); err != nil || got.ID != b.ID {
			t.Errorf("Move = %+v, %v", got, err)
		}
	}
	for range 2 {
		if err := w.Cancel(t.Context(), typed); err != nil {
			t.Error(err)
		}
	}
	if got := w.store.all[b.ID]; got.State != Cancelled || got.Contact != nil {
		t.Errorf("after cancelling: %+v", got)
	}
	var kinds []string
	for _, l := range w.store.letters {
		kinds = append(kinds, l.Kind)
	}
	if s := strings.Join(kinds, " "); s != "appointment-booked appointment-moved appointment-cancelled" {
		t.Errorf("letters: %s", s)
	}
	_, err = w.Move(t.Context(), b.ID, "north", monday)
	wantCode(t, "Move of a cancelled one", err, tunnus.CodeStateConflict)
	for _, number := range []string{"", "7K3QZ", "7K3QZ-M2XWB", "' OR 1=1"} {
		_, err = w.Booking(t.Context(), number)
		wantCode(t, number, err, tunnus.CodeNotFound)
	}
}

// A booking's letters go to the address that was typed, in its normal form: to nobody
// else, and not to nobody.
func TestLettersGoToWhoBooked(t *testing.T) {
	for typed, want := range map[string]string{" Ada@Mail.Example": "Ada@mail.example", "+372 5123 4567": "+37251234567"} {
		w := fresh(t)
		b, err := w.Book(t.Context(), "north", monday, Contact{typed, "et"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Move(t.Context(), b.ID, "north", monday.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		for _, l := range w.store.letters {
			at, err := address.Of(want)
			if m, merr := otp.OpenLetter(sealer{}, l); errors.Join(err, merr) != nil || m.To != want || l.Channel != at.Channel || m.Language != "et" {
				t.Errorf("%s: %s goes to %q by %s in %q, %v; want %q", typed, l.Kind, m.To, l.Channel, m.Language, errors.Join(err, merr), want)
			}
		}
		if n := len(w.store.letters); n != 3 {
			t.Errorf("%s: %d letters", typed, n)
		}
	}
}

func TestNoMoreThanThereAreDesks(t *testing.T) {
	w := fresh(t)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Book(t.Context(), "north", monday, Contact{}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, "the loser", err, tunnus.CodeSlotFull)
		}
	}
	if won != 2 {
		t.Errorf("%d bookings of 2 desks", won)
	}
}

func TestOnlyWhatIsOffered(t *testing.T) {
	w := fresh(t)
	for name, at := range map[string]time.Time{
		"no slot": monday.Add(time.Minute), "a holiday": monday.AddDate(0, 0, 14), "too far": monday.AddDate(0, 0, 7*20), "past": monday.AddDate(0, 0, -7),
	} {
		_, err := w.Book(t.Context(), "north", at, Contact{})
		wantCode(t, name, err, tunnus.CodeSlotFull)
	}
	_, err := w.Book(t.Context(), "south", monday, Contact{})
	wantCode(t, "no office", err, tunnus.CodeNotFound)
	_, err = w.Book(t.Context(), "north", monday, Contact{To: "ada@mail.example\r\nBcc: all@mail.example"})
	wantCode(t, "an injected contact", err, tunnus.CodeBadRequest)
	b, err := w.Book(t.Context(), "north", monday, Contact{})
	if err != nil {
		t.Fatal(err)
	}
	w.now = monday.Add(-20 * time.Minute)
	wantCode(t, "Cancel too late", w.Cancel(t.Context(), b.ID), tunnus.CodeStateConflict)
}

func TestContactsOfPastBookingsAreDeleted(t *testing.T) {
	w := fresh(t)
	b, err := w.Book(t.Context(), "north", monday, Contact{To: "ada@mail.example"})
	if err != nil {
		t.Fatal(err)
	}
	w.now = monday.Add(25 * time.Hour)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil || w.store.all[b.ID].State != Past || w.store.all[b.ID].Contact != nil {
		t.Errorf("Sweep = %d, %v: %+v", n, err, w.store.all[b.ID])
	}
}

func TestCalendarIsARight(t *testing.T) {
	w := fresh(t)
	_, err := w.Day(t.Context(), stafftest.Actor(t, "ag-1", nil, staff.Agent), "north", monday)
	wantCode(t, "Day for an agent", err, tunnus.CodeStaffNoRight)
	if _, err := w.Day(t.Context(), stafftest.Actor(t, "reg-1", nil, staff.Officer), "north", monday); err != nil {
		t.Error(err)
	}
}
