package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/letters"
)

var _ appointment.Store = (*Bookings)(nil)

// Bookings implements [appointment.Store].
type Bookings struct{ d *engine.Database }

// NewBookings returns the appointments of a database.
func NewBookings(d *engine.Database) *Bookings { return &Bookings{d} }

// Booking implements [appointment.Store].
func (s *Bookings) Booking(ctx context.Context, id string) (appointment.Booking, error) {
	r, err := s.d.Read().Appointment(ctx, id)
	if err != nil {
		return appointment.Booking{}, engine.Found("appointment", err)
	}
	return appointment.Booking{
		ID: r.ID, Office: r.Office, At: engine.Moment(r.At), State: appointment.State(r.State), Contact: engine.Some(r.Contact),
		Moves: int(r.Moves), Rev: r.Rev,
	}, nil
}

// Taken implements [appointment.Store].
func (s *Bookings) Taken(ctx context.Context, office string, from, until time.Time) (map[time.Time]int, error) {
	rows, err := s.d.Read().TakenAppointments(ctx, db.TakenAppointmentsParams{Office: office, At: engine.Millis(from), At_2: engine.Millis(until)})
	if err != nil {
		return nil, fmt.Errorf("store: appointments: %w", err)
	}
	out := map[time.Time]int{}
	for _, r := range rows {
		out[engine.Moment(r.At)] = int(r.N)
	}
	return out, nil
}

// SaveBooking implements [appointment.Store]. That a seat is one booking's is kept by
// a unique index: who loses the race for it is told so, and comes again.
func (s *Bookings) SaveBooking(ctx context.Context, b appointment.Booking, seats int, mail []otp.Letter, events []tunnus.Event) error {
	var err error
	for range max(1, seats) + retries {
		err = s.d.Write(ctx, func(t *engine.Tx) error {
			seat := int64(0)
			if b.State == appointment.Booked {
				var err error
				if seat, err = free(ctx, t, b, seats); err != nil {
					return err
				}
			}
			if err := put(ctx, t, b, seat); err != nil {
				return err
			}
			if err := letters.Post(ctx, t, mail); err != nil {
				return err
			}
			return t.Events(ctx, events)
		})
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict || b.State != appointment.Booked {
			return err
		}
		if moved, ferr := s.moved(ctx, b); moved || ferr != nil {
			return err // the conflict is about the booking itself
		}
	}
	return err
}

// retries is how often a race for a seat is run again, beside once a seat.
const retries = 4

// moved reports whether a booking is not at the revision that was read.
func (s *Bookings) moved(ctx context.Context, b appointment.Booking) (bool, error) {
	have, err := s.Booking(ctx, b.ID)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return b.Rev != 0, nil
	}
	return have.Rev != b.Rev, err
}

// free finds the lowest seat of a slot that no other booking has.
func free(ctx context.Context, t *engine.Tx, b appointment.Booking, seats int) (int64, error) {
	taken, err := t.AppointmentSeats(ctx, db.AppointmentSeatsParams{Office: b.Office, At: engine.Millis(b.At), ID: b.ID})
	if err != nil {
		return 0, fmt.Errorf("store: appointments: %w", err)
	}
	for seat := range int64(seats) {
		if !slices.Contains(taken, seat) {
			return seat, nil
		}
	}
	return 0, appointment.ErrFull
}

func put(ctx context.Context, t *engine.Tx, b appointment.Booking, seat int64) error {
	p := db.SaveAppointmentParams{
		ID: b.ID, Rev: b.Rev, Office: b.Office, At: engine.Millis(b.At), Seat: seat, State: string(b.State),
		Contact: engine.Full(b.Contact), Moves: int64(b.Moves),
	}
	if b.Rev == 0 {
		p.Rev = 1
		return engine.Added("appointment", t.AddAppointment(ctx, db.AddAppointmentParams(p)))
	}
	n, err := t.SaveAppointment(ctx, p)
	return engine.Swapped("appointment", n, err)
}

// PastBookings implements [appointment.Store].
func (s *Bookings) PastBookings(ctx context.Context, before time.Time, limit int) ([]string, error) {
	ids, err := s.d.Read().PastAppointments(ctx, db.PastAppointmentsParams{At: engine.Millis(before), Limit: engine.Many(limit)})
	return engine.Each("appointments", ids, err, same)
}
