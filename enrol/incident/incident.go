// Package incident voids charges that were our own fault, in the days before a last
// step becomes permanent (security.md L3).
//
// An [Incident] names a release and a window of time, never a document: whoever
// wants to help one person has to say that the software was wrong for everybody,
// and a second member has to sign the same. It then goes through all ledgers that
// have charges of that release in that time, and lets the ledger itself judge
// (lock.Ledger.Spare): only one that is pending is spared, and never one that is
// permanent. The states are one table ([State.After]).
package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/staff"
)

// A State is where an incident stands.
type State string

// The states.
const (
	Opened   State = "opened"   // one member says so
	Seconded State = "seconded" // two do: the ledgers are being gone through
	Applied  State = "applied"
	Lapsed   State = "lapsed" // nobody agreed in time
)

// An Event is what happens to an incident.
type Event string

// The events.
const (
	Second Event = "second"
	Apply  Event = "apply"
	Lapse  Event = "lapse"
)

var next = map[State]map[Event]State{
	Opened:   {Second: Seconded, Lapse: Lapsed},
	Seconded: {Apply: Applied},
}

// States lists the states, and Events the events, in their order.
func States() []State { return []State{Opened, Seconded, Applied, Lapsed} }

// Events lists the events.
func Events() []Event { return []Event{Second, Apply, Lapse} }

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("incident: %s of one that is %q", e, s))
	}
	return to, nil
}

// An Incident is a fault of ours, as it is stored.
type Incident struct {
	ID         string    `json:"id"` // reference number
	Release    string    `json:"release"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	Case       string    `json:"case"` // of the operator's own records
	State      State     `json:"state"`
	Opened     string    `json:"opened"` // by which member
	OpenedAt   time.Time `json:"opened_at"`
	Seconded   string    `json:"seconded,omitempty"`
	SecondedAt time.Time `json:"seconded_at,omitzero"`
	Spared     int       `json:"spared"` // ledgers
	Rev        int64     `json:"-"`
}

// A Store keeps incidents. Every implementation must pass storetest.Incidents.
type Store interface {
	// Incident returns an incident, or fails with [tunnus.CodeNotFound].
	Incident(ctx context.Context, id string) (Incident, error)

	// Incidents returns at most limit incidents, newest first.
	Incidents(ctx context.Context, limit int) ([]Incident, error)

	// SaveIncident writes i if its stored revision is i.Rev (0: none is stored), as
	// i.Rev+1, and the events, in one transaction; else it fails with
	// [tunnus.CodeStateConflict], having written nothing.
	SaveIncident(ctx context.Context, i Incident, events []tunnus.Event) error

	// Touched is [lock.Touched].
	Touched(ctx context.Context, release string, from, until time.Time, after lock.Key, limit int) ([]lock.Key, error)
}

// A Service keeps incidents.
type Service struct {
	store   Store
	ledgers *lock.Ledger // of documents
	grace   time.Duration
	clock   tunnus.Clock
}

// New makes a service over the ledgers of documents, whose grace is given.
func New(store Store, documents *lock.Ledger, grace time.Duration, clock tunnus.Clock) *Service {
	return &Service{store, documents, grace, clock}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

// Open says that charges of a release, from one moment until before another, were
// a fault of ours. The window lies within the grace, and behind us.
func (s *Service) Open(ctx context.Context, a staff.Actor, release string, from, until time.Time, ref string) (Incident, error) {
	if err := a.May(staff.Incident); err != nil {
		return Incident{}, err
	}
	now := s.now()
	ref = staff.Clip(ref)
	from, until = from.UTC().Truncate(time.Millisecond), until.UTC().Truncate(time.Millisecond)
	switch {
	case release == "" || len(release) > 64:
		return Incident{}, tunnus.BadRequest("release", errors.New("incident: which release was at fault"))
	case ref == "":
		return Incident{}, tunnus.BadRequest("case", errors.New("incident: no case reference"))
	case !from.Before(until) || until.After(now) || from.Before(now.Add(-s.grace)):
		return Incident{}, tunnus.BadRequest("from", errors.New("incident: a window within the grace, and behind us"))
	}
	i := Incident{ID: staff.Reference(), Release: release, From: from, Until: until, Case: ref, State: Opened, Opened: a.ID(), OpenedAt: now}
	return i, s.save(ctx, &i, a.Line(now, "incident.open", i.ID, ref, i.detail()))
}

func (i Incident) detail() map[string]string {
	return map[string]string{"release": i.Release, "from": i.From.Format(time.RFC3339), "until": i.Until.Format(time.RFC3339)}
}

// Second agrees to an incident: another member than the one who opened it, within
// the grace. From then on the ledgers are gone through ([Service.Run]).
func (s *Service) Second(ctx context.Context, a staff.Actor, id string) (Incident, error) {
	if err := a.May(staff.Incident); err != nil {
		return Incident{}, err
	}
	i, err := s.store.Incident(ctx, id)
	if err != nil {
		return Incident{}, err
	}
	if err := a.Second(i.Opened); err != nil {
		return Incident{}, err
	}
	now := s.now()
	if !now.Before(i.OpenedAt.Add(s.grace)) {
		return Incident{}, tunnus.Conflict(errors.New("incident: opened too long ago"))
	}
	if i.State, err = i.State.After(Second); err != nil {
		return Incident{}, err
	}
	i.Seconded, i.SecondedAt = a.ID(), now
	return i, s.save(ctx, &i, a.Line(now, "incident.second", i.ID, i.Case, i.detail()))
}

// List tells of the newest incidents.
func (s *Service) List(ctx context.Context, a staff.Actor) ([]Incident, error) {
	if err := a.May(staff.Incident); err != nil {
		return nil, err
	}
	return s.store.Incidents(ctx, batch)
}

const batch = 100

// Run applies the incidents that two members stand behind, and lets those lapse
// that one stands behind for too long. It may be cut short and run again, on
// several nodes at a time: a ledger is spared once.
func (s *Service) Run(ctx context.Context) error {
	all, err := s.store.Incidents(ctx, batch)
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range all {
		now := s.now()
		switch {
		case i.State == Seconded && i.Opened != i.Seconded:
			err = s.apply(ctx, i)
		case i.State == Opened && !now.Before(i.OpenedAt.Add(s.grace)):
			if i.State, err = i.State.After(Lapse); err == nil {
				err = s.save(ctx, &i, tunnus.Event{At: now, Kind: "incident.lapse", Subject: i.ID})
			}
		default:
			continue
		}
		if err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict { // else somebody was faster, or it is tried again
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Service) apply(ctx context.Context, i Incident) error {
	var errs []error
	for after := lock.Key(""); ; {
		keys, err := s.store.Touched(ctx, i.Release, i.From, i.Until, after, batch)
		if err != nil {
			return err
		}
		for _, k := range keys {
			after = k
			switch wrote, err := s.ledgers.Spare(ctx, k, i.ID, i.Release, i.From, i.Until); {
			case err != nil:
				errs = append(errs, err)
			case wrote:
				i.Spared++
			}
		}
		if len(keys) < batch {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // what was written stays; the rest is tried again
	}
	var err error
	if i.State, err = i.State.After(Apply); err != nil {
		return err
	}
	return s.save(ctx, &i, tunnus.Event{
		At: s.now(), Kind: "incident.apply", Subject: i.ID, Detail: map[string]string{"spared": fmt.Sprint(i.Spared)},
	})
}

func (s *Service) save(ctx context.Context, i *Incident, line tunnus.Event) error {
	if err := s.store.SaveIncident(ctx, *i, []tunnus.Event{line}); err != nil {
		return fmt.Errorf("incident: writing: %w", err)
	}
	i.Rev++
	return nil
}
