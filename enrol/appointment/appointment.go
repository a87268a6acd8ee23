// Package appointment gives out times at the desks of offices.
//
// An [Office] is a row of the scheme: its hours, its holidays, how long an
// appointment takes and how many desks it has. [Office.Slots] works the times out
// of that; what is taken is counted from bookings.
//
// A [Booking] is anonymous: a reference number, an office, a time, and a contact,
// sealed, for the letters. Whoever has the number may move or cancel it. The store
// gives each booking a seat of its slot that nobody else has, so that no race
// books more people than there are desks.
package appointment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
)

// Hours are when an office is open on one day, in minutes since midnight.
type Hours struct {
	Day  time.Weekday `json:"day"`
	From int          `json:"from"`
	To   int          `json:"to"`
}

// An Office has desks.
type Office struct {
	ID      string         `json:"id"` // "north"
	Name    string         `json:"name"`
	Zone    *time.Location `json:"-"`
	Hours   []Hours        `json:"hours"`
	Closed  []string       `json:"closed"`  // holidays, "2026-12-25"
	Minutes int            `json:"minutes"` // of one appointment
	Desks   int            `json:"desks"`   // people at a time
}

// Slots are the times at which appointments of a day begin, in order; none on a
// holiday. Where the clocks change, a time that does not exist is left out and
// one that comes twice is offered once.
func (o Office) Slots(day time.Time) []time.Time {
	y, m, d := day.In(o.Zone).Date()
	if o.Minutes <= 0 || slices.Contains(o.Closed, time.Date(y, m, d, 12, 0, 0, 0, o.Zone).Format(time.DateOnly)) {
		return nil
	}
	var out []time.Time
	for _, h := range o.Hours {
		if h.Day != time.Date(y, m, d, 12, 0, 0, 0, o.Zone).Weekday() {
			continue
		}
		for at := h.From; at+o.Minutes <= h.To; at += o.Minutes {
			t := time.Date(y, m, d, at/60, at%60, 0, 0, o.Zone)
			if t.Hour() == at/60 && t.Minute() == at%60 {
				out = append(out, t.UTC())
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

// A State is where a booking stands.
type State string

// The states.
const (
	Booked    State = "booked"
	Cancelled State = "cancelled"
	Past      State = "past" // its time is over; the contact is gone
)

// A Booking is one appointment, as it is stored.
type Booking struct {
	ID      string // reference number, such as "7K3QZ-M2XWA"
	Office  string
	At      time.Time
	State   State
	Contact []byte // sealed; nil if none was given, or once it is of no use
	Moves   int
	Rev     int64 // 0 until first saved; every save raises it by one
}

// A Store keeps bookings. Every implementation must pass storetest.Bookings.
type Store interface {
	// Booking returns a booking, or fails with [tunnus.CodeNotFound].
	Booking(ctx context.Context, id string) (Booking, error)

	// Taken counts the bookings of an office that are Booked, by their time, from
	// one moment until before another.
	Taken(ctx context.Context, office string, from, until time.Time) (map[time.Time]int, error)

	// SaveBooking writes b if its stored revision is b.Rev (0: none is stored), as
	// b.Rev+1, with the letters and events, in one transaction, and fails with
	// [tunnus.CodeStateConflict] otherwise. A booking that is Booked gets, or
	// keeps, a seat of its slot that no other has; if all are taken it fails with
	// [ErrFull], having written nothing.
	SaveBooking(ctx context.Context, b Booking, seats int, letters []otp.Letter, events []tunnus.Event) error

	// PastBookings returns at most limit IDs of bookings that are Booked for a
	// time before the one given.
	PastBookings(ctx context.Context, before time.Time, limit int) ([]string, error)
}

// ErrFull is returned by a [Store] that found no free seat.
var ErrFull = errors.New("appointment: all seats of this time are taken")

// Limits.
const (
	ahead    = 60 * 24 * time.Hour // how far appointments are given out
	notice   = 30 * time.Minute    // the latest a booking is made, moved or cancelled before its time
	maxMoves = 5
)

// A Diary gives out appointments.
type Diary struct {
	store   Store
	offices []Office
	sealer  otp.Sealer
	clock   tunnus.Clock
}

// New makes a diary. It fails if an office could not be visited.
func New(store Store, offices []Office, sealer otp.Sealer, clock tunnus.Clock) (*Diary, error) {
	seen := map[string]bool{}
	for _, o := range offices {
		bad := o.ID == "" || seen[o.ID] || o.Zone == nil || o.Minutes < 5 || o.Desks < 1
		for _, h := range o.Hours {
			bad = bad || h.From < 0 || h.To > 24*60 || h.From >= h.To
		}
		if seen[o.ID] = true; bad {
			return nil, fmt.Errorf("appointment: office %q: id, zone, hours, minutes or desks", o.ID)
		}
	}
	return &Diary{store, offices, sealer, clock}, nil
}

func (d *Diary) now() time.Time { return d.clock.Now().UTC().Truncate(time.Millisecond) }

// Offices lists the offices.
func (d *Diary) Offices() []Office { return slices.Clone(d.offices) }

func (d *Diary) office(id string) (Office, error) {
	i := slices.IndexFunc(d.offices, func(o Office) bool { return o.ID == id })
	if i < 0 {
		return Office{}, tunnus.NotFound(errors.New("appointment: no such office"))
	}
	return d.offices[i], nil
}

// A Slot is a time with how many may still come.
type Slot struct {
	At   time.Time `json:"at"`
	Free int       `json:"free"`
}

// Free lists the times of a day (in the office's zone) that can still be booked.
func (d *Diary) Free(ctx context.Context, office string, day time.Time) ([]Slot, error) {
	o, err := d.office(office)
	if err != nil {
		return nil, err
	}
	slots := slices.DeleteFunc(o.Slots(day), func(t time.Time) bool { return !d.offered(t) })
	if len(slots) == 0 {
		return nil, nil
	}
	taken, err := d.store.Taken(ctx, office, slots[0], slots[len(slots)-1].Add(time.Millisecond))
	if err != nil {
		return nil, err
	}
	var out []Slot
	for _, t := range slots {
		if n := o.Desks - taken[t]; n > 0 {
			out = append(out, Slot{t, n})
		}
	}
	return out, nil
}

// offered reports whether a time is neither too near nor too far.
func (d *Diary) offered(t time.Time) bool {
	now := d.now()
	return t.After(now.Add(notice)) && t.Before(now.Add(ahead))
}

// Day lists what is booked on a day of an office, for its officers.
func (d *Diary) Day(ctx context.Context, a staff.Actor, office string, day time.Time) (map[time.Time]int, error) {
	if err := a.May(staff.Calendar); err != nil {
		return nil, err
	}
	o, err := d.office(office)
	if err != nil {
		return nil, err
	}
	y, m, n := day.In(o.Zone).Date()
	return d.store.Taken(ctx, office, time.Date(y, m, n, 0, 0, 0, 0, o.Zone), time.Date(y, m, n+1, 0, 0, 0, 0, o.Zone))
}

// full is the answer where nobody is free.
func full(why error) error { return tunnus.Fail(tunnus.CodeSlotFull, why) }

// A Contact is where the letters of a booking go, and in which language.
type Contact struct {
	To       string `json:"to"` // e-mail address or telephone number
	Language string `json:"language"`
}

// Book takes a time. The contact may be empty: then nothing is sent, and the number
// is all there is. It fails with slot-full if the time is not offered or taken, and
// as [address.Parse] does.
func (d *Diary) Book(ctx context.Context, office string, at time.Time, contact Contact) (Booking, error) {
	b := Booking{ID: staff.Reference(), Office: office, At: at.UTC(), State: Booked}
	if contact.To != "" {
		to, err := address.Parse(contact.To)
		if err != nil {
			return Booking{}, err
		}
		contact.To = to.Text
		plain, err := json.Marshal(contact)
		if err != nil {
			return Booking{}, fmt.Errorf("appointment: writing a contact: %w", err)
		}
		if b.Contact, err = d.sealer.Seal(plain, b.place()); err != nil {
			return Booking{}, fmt.Errorf("appointment: sealing a contact: %w", err)
		}
	}
	return d.put(ctx, b, "appointment.book", "appointment-booked")
}

func (b Booking) place() []byte { return []byte("appointment/" + b.ID) }

// put writes a booking that stands at a time.
func (d *Diary) put(ctx context.Context, b Booking, kind, letter string) (Booking, error) {
	o, err := d.office(b.Office)
	if err != nil {
		return Booking{}, err
	}
	if !d.offered(b.At) || !slices.Contains(o.Slots(b.At), b.At) {
		return Booking{}, full(errors.New("appointment: not offered"))
	}
	err = d.save(ctx, &b, o.Desks, kind, letter)
	if errors.Is(err, ErrFull) {
		return Booking{}, full(err)
	}
	return b, err
}

func (d *Diary) save(ctx context.Context, b *Booking, seats int, kind, letter string) error {
	var letters []otp.Letter
	if b.Contact != nil && letter != "" {
		plain, err := d.sealer.Open(b.Contact, b.place())
		if err != nil {
			return fmt.Errorf("appointment: opening a contact: %w", err)
		}
		var to Contact
		if err := json.Unmarshal(plain, &to); err != nil {
			return fmt.Errorf("appointment: reading a contact: %w", err)
		}
		// The number is the key to the booking, and so is whoever reads this mail.
		l, err := otp.Seal(d.sealer, letter, otp.Message{To: to.To, Language: to.Language, Purpose: b.ID, Device: b.Office, Expires: b.At})
		if err != nil {
			return err
		}
		letters = append(letters, l)
	}
	if b.State != Booked {
		b.Contact = nil
	}
	line := tunnus.Event{At: d.now(), Kind: kind, Subject: b.ID, Detail: map[string]string{"office": b.Office}}
	if err := d.store.SaveBooking(ctx, *b, seats, letters, []tunnus.Event{line}); err != nil {
		return err
	}
	b.Rev++
	return nil
}

// Booking returns a booking by its number, however it was typed.
func (d *Diary) Booking(ctx context.Context, number string) (Booking, error) {
	if number = staff.Number(number); number == "" {
		return Booking{}, tunnus.NotFound(errors.New("appointment: no such number"))
	}
	return d.store.Booking(ctx, number)
}

// movable is a booking that its holder may still change.
func (d *Diary) movable(ctx context.Context, number string) (Booking, error) {
	b, err := d.Booking(ctx, number)
	if err == nil && (b.State != Booked || !b.At.After(d.now().Add(notice))) {
		err = tunnus.Conflict(errors.New("appointment: cancelled, or too late"))
	}
	return b, err
}

// Move takes another time for a booking, and gives up the old one in the same commit.
func (d *Diary) Move(ctx context.Context, number, office string, at time.Time) (Booking, error) {
	b, err := d.movable(ctx, number)
	if err != nil {
		return Booking{}, err
	}
	if b.Office == office && b.At.Equal(at) {
		return b, nil
	}
	if b.Moves >= maxMoves {
		return Booking{}, tunnus.Conflict(errors.New("appointment: moved too often"))
	}
	b.Office, b.At, b.Moves = office, at.UTC(), b.Moves+1
	return d.put(ctx, b, "appointment.move", "appointment-moved")
}

// Cancel gives a booking up. Repeating it does nothing.
func (d *Diary) Cancel(ctx context.Context, number string) error {
	b, err := d.Booking(ctx, number)
	if err != nil || b.State == Cancelled {
		return err
	}
	if b, err = d.movable(ctx, number); err != nil {
		return err
	}
	b.State = Cancelled
	return d.save(ctx, &b, 0, "appointment.cancel", "appointment-cancelled")
}

// Sweep deletes the contacts of bookings whose day is over, at most 100 at a time.
func (d *Diary) Sweep(ctx context.Context) (n int, err error) {
	ids, err := d.store.PastBookings(ctx, d.now().Add(-24*time.Hour), 100)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range ids {
		b, err := d.store.Booking(ctx, id)
		if err == nil {
			b.State = Past
			err = d.save(ctx, &b, 0, "appointment.past", "")
		}
		if err == nil {
			n++
		} else if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}
