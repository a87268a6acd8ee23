package support

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
)

// A Kind is what is found of an account.
type Kind string

// The kinds.
const (
	OfFraud  Kind = "fraud"  // somebody else has it, or made it: it ends, and what it vouched for (security.md R3)
	OfHolder Kind = "holder" // of two that froze each other, this one is its holder's, who was seen (R4)
)

// Kinds lists the kinds, and rights who may find them.
func Kinds() []Kind { return []Kind{OfFraud, OfHolder} }

var rights = map[Kind]staff.Right{OfFraud: staff.Fraud, OfHolder: staff.Settle}

// A State is where a finding stands.
type State string

// The states.
const (
	Opened   State = "opened"   // one member says so
	Seconded State = "seconded" // two do: it is being done
	Applied  State = "applied"
	Lapsed   State = "lapsed" // nobody agreed in time, or the account was past it
)

// An Event is what happens to a finding.
type Event string

// The events.
const (
	Second Event = "second"
	Apply  Event = "apply"
	Lapse  Event = "lapse"
)

var next = map[State]map[Event]State{
	Opened:   {Second: Seconded, Lapse: Lapsed},
	Seconded: {Apply: Applied, Lapse: Lapsed},
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
		return "", tunnus.Conflict(fmt.Errorf("support: %s of a finding that is %q", e, s))
	}
	return to, nil
}

// A Finding is what members have found out about an account, as it is stored.
type Finding struct {
	ID       string    `json:"id"` // reference number
	Kind     Kind      `json:"kind"`
	Account  string    `json:"account"`
	Case     string    `json:"case"`
	State    State     `json:"state"`
	Opened   string    `json:"opened"` // by which member
	OpenedAt time.Time `json:"opened_at"`
	Seconded string    `json:"seconded,omitempty"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
	Rev      int64     `json:"-"`
}

// Findings keeps findings. Every implementation must pass storetest.Support.
type Findings interface {
	// Finding returns a finding, or fails with [tunnus.CodeNotFound].
	Finding(ctx context.Context, id string) (Finding, error)

	// Waiting returns at most limit findings that are Opened or Seconded: these first,
	// and of each the oldest.
	Waiting(ctx context.Context, limit int) ([]Finding, error)

	// SaveFinding writes f if its stored revision is f.Rev (0: none is stored), as
	// f.Rev+1, and the events, in one transaction; else it fails with
	// [tunnus.CodeStateConflict], having written nothing.
	SaveFinding(ctx context.Context, f Finding, events []tunnus.Event) error
}

const (
	findingLife = 14 * 24 * time.Hour // in which a second member has to agree
	batch       = 100
)

// Find says what is found of an account, for a case that exists: never of one's own
// (staff-oneself). Nothing happens to it before another member agrees.
func (s *Service) Find(ctx context.Context, a staff.Actor, account string, what Kind, reference string) (Finding, error) {
	if !slices.Contains(Kinds(), what) {
		return Finding{}, tunnus.BadRequest("kind", errors.New("support: no such finding"))
	}
	if err := a.May(rights[what]); err != nil {
		return Finding{}, err
	}
	ref := staff.Number(reference)
	if _, err := s.existing(ctx, a, ref); err != nil {
		return Finding{}, err
	}
	if err := s.notOwn(ctx, a, account); err != nil {
		return Finding{}, err
	}
	f := Finding{ID: staff.Reference(), Kind: what, Account: account, Case: ref, State: Opened, Opened: a.ID(), OpenedAt: s.now()}
	err := s.save(ctx, &f, a.Line(f.OpenedAt, "finding.open", account, ref, f.detail()))
	return f, err
}

func (f Finding) detail() map[string]string {
	return map[string]string{"finding": f.ID, "kind": string(f.Kind)}
}

// Second agrees to a finding: another member than the one who opened it, and whose
// account it is not either. Then it is done; what a crash leaves undone is done by
// [Service.Run]. Said again by the same member, it answers the same.
func (s *Service) Second(ctx context.Context, a staff.Actor, id string) (Finding, error) {
	f, err := s.cfg.Findings.Finding(ctx, id)
	if err != nil {
		return Finding{}, errors.Join(a.May(staff.Fraud), err)
	}
	if err := errors.Join(a.May(rights[f.Kind]), a.Second(f.Opened)); err != nil {
		return Finding{}, err
	}
	if err := s.notOwn(ctx, a, f.Account); err != nil {
		return Finding{}, err
	}
	if f.Seconded == a.ID() && f.State != Lapsed {
		return s.apply(ctx, f)
	}
	now := s.now()
	if !now.Before(f.OpenedAt.Add(findingLife)) {
		return Finding{}, tunnus.Conflict(errors.New("support: found too long ago"))
	}
	if f.State, err = f.State.After(Second); err != nil {
		return Finding{}, err
	}
	f.Seconded = a.ID()
	if err := s.save(ctx, &f, a.Line(now, "finding.second", f.Account, f.Case, f.detail())); err != nil {
		return Finding{}, err
	}
	return s.apply(ctx, f)
}

// notOwn refuses a member's own account, and one that is not there.
func (s *Service) notOwn(ctx context.Context, a staff.Actor, account string) error {
	p, err := s.cfg.Accounts.Person(ctx, account)
	if err != nil {
		return err
	}
	return a.Other(s.cfg.Marker.Mark(p))
}

// apply does what two members stand behind, and writes down that it is done. A dispute
// that is over, or never was one, makes the finding lapse.
func (s *Service) apply(ctx context.Context, f Finding) (Finding, error) {
	if f.State == Applied {
		return f, nil
	}
	do, e := s.cfg.Accounts.Fraud, Apply
	if f.Kind == OfHolder {
		do = s.cfg.Accounts.Settle
	}
	failed := do(ctx, f.Account, f.Opened, f.Seconded)
	if f.Kind == OfHolder && tunnus.CodeOf(failed) == tunnus.CodeStateConflict { // somebody moved it, or it was done and something after it failed
		failed = do(ctx, f.Account, f.Opened, f.Seconded)
	}
	if failed != nil && (f.Kind != OfHolder || tunnus.CodeOf(failed) != tunnus.CodeStateConflict) {
		return Finding{}, failed // it is tried again
	}
	if failed != nil {
		e = Lapse
	}
	err := s.end(ctx, &f, e)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict { // somebody did it too
		f, err = s.cfg.Findings.Finding(ctx, f.ID)
	}
	return f, errors.Join(failed, err)
}

func (s *Service) end(ctx context.Context, f *Finding, e Event) (err error) {
	if f.State, err = f.State.After(e); err != nil {
		return err
	}
	f.EndedAt = s.now()
	return s.save(ctx, f, tunnus.Event{At: f.EndedAt, Kind: "finding." + string(e), Subject: f.Account, Detail: f.detail()})
}

func (s *Service) save(ctx context.Context, f *Finding, line tunnus.Event) error {
	if err := s.cfg.Findings.SaveFinding(ctx, *f, []tunnus.Event{line}); err != nil {
		return fmt.Errorf("support: writing a finding: %w", err)
	}
	f.Rev++
	return nil
}

// Findings tells of those that wait for a second member, or to be done, as far as the
// member may find such things.
func (s *Service) Findings(ctx context.Context, a staff.Actor) ([]Finding, error) {
	if err := a.May(staff.Fraud); err != nil {
		return nil, err
	}
	list, err := s.cfg.Findings.Waiting(ctx, batch)
	return slices.DeleteFunc(list, func(f Finding) bool { return a.May(rights[f.Kind]) != nil }), err
}

// Run does what two members stand behind, and lets those lapse that one stands behind
// for too long. It may be cut short and run again, on several nodes at a time.
func (s *Service) Run(ctx context.Context) error {
	list, err := s.cfg.Findings.Waiting(ctx, batch)
	errs := []error{err}
	for _, f := range list {
		switch {
		case f.State == Seconded:
			_, err = s.apply(ctx, f)
		case !s.now().Before(f.OpenedAt.Add(findingLife)):
			err = s.end(ctx, &f, Lapse)
		default:
			continue
		}
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict { // else somebody was faster, or the dispute is over
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
