package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
)

// A Service finds accounts and moves them through their life.
type Service struct {
	store Store
	clock tunnus.Clock
}

// NewService makes a service over a store.
func NewService(store Store, clock tunnus.Clock) *Service { return &Service{store, clock} }

// Get returns an account by its ID, whatever its state, or fails with
// [tunnus.CodeNotFound].
func (s *Service) Get(ctx context.Context, id string) (Account, error) { return s.store.Get(ctx, id) }

// Create stores a new account as Issued. It fails with
// [tunnus.CodeStateConflict] if the device has a live account already.
func (s *Service) Create(ctx context.Context, h Holder) (Account, error) {
	a, err := New(h, s.clock.Now())
	if err != nil {
		return Account{}, err
	}
	if err := s.store.Save(ctx, a, []tunnus.Event{Created(a)}); err != nil {
		return Account{}, fmt.Errorf("account: creating: %w", err)
	}
	a.Rev++
	return a, nil
}

// Created is the audit line of a new account.
func Created(a Account) tunnus.Event {
	return tunnus.Event{
		At: a.CreatedAt, Kind: "account.create", Subject: a.ID,
		Detail: map[string]string{
			"to": string(a.State), "level": string(a.Level), "device": a.Device,
			"purpose": string(a.Purpose), "proofed": string(a.Proofed), "vouched": a.VouchedBy, "replaces": a.Replaces,
		},
	}
}

// Apply lets an event happen to the account with this ID and returns what it
// became; why is what the holder is told, "" if nothing. It fails with
// [tunnus.CodeNotFound], or with [tunnus.CodeStateConflict] if the event cannot
// happen now or somebody else was faster. Revoking the certificates is the
// caller's matter, afterwards: an account that has ended is no longer asked.
func (s *Service) Apply(ctx context.Context, id string, e Event, why tunnus.Code) (Account, error) {
	a, err := s.store.Get(ctx, id)
	if err != nil {
		return Account{}, fmt.Errorf("account: %s: %w", e, err)
	}
	a, line, err := a.After(e, why, s.clock.Now())
	if err != nil {
		return Account{}, err
	}
	if err := s.store.Save(ctx, a, []tunnus.Event{line}); err != nil {
		return Account{}, fmt.Errorf("account: %s: %w", e, err)
	}
	a.Rev++
	return a, nil
}

// overBatch is how many accounts [Service.ExpireDue] asks for at a time.
const overBatch = 100

// ExpireDue ends the accounts whose years are over, and returns how many. As
// long as one is not ended, its device cannot register again. It goes on after
// a failure and may run on several nodes at a time; ctx bounds it.
func (s *Service) ExpireDue(ctx context.Context, years Years) (int, error) {
	n := 0
	for {
		ids, err := years.Over(ctx, s.clock.Now(), overBatch)
		if err != nil {
			return n, fmt.Errorf("account: looking for those that are over: %w", err)
		}
		var errs []error
		before := n
		for _, id := range ids {
			switch _, err := s.Apply(ctx, id, Expire, ""); {
			case err == nil:
				n++
			case tunnus.CodeOf(err) != tunnus.CodeStateConflict: // else somebody was faster
				errs = append(errs, err)
			}
		}
		// What failed is met again in the next batch. A whole batch that stands
		// still is left to the next call.
		if len(ids) < overBatch || n == before || ctx.Err() != nil {
			return n, errors.Join(append(errs, ctx.Err())...)
		}
	}
}

// ByPerson returns the accounts of a person that relying parties may ask, newest
// first; none is no error.
func (s *Service) ByPerson(ctx context.Context, p tunnus.PersonCode) ([]Account, error) {
	all, err := s.store.ByPerson(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("account: of a person: %w", err)
	}
	now := s.clock.Now()
	return slices.DeleteFunc(all, func(a Account) bool { return !a.Usable(now) }), nil
}

// ByDocument returns the account with a document number if relying parties may
// ask it. Any other looks as if it did not exist: [tunnus.CodeNotFound].
func (s *Service) ByDocument(ctx context.Context, document string) (Account, error) {
	a, err := s.store.ByDocument(ctx, document)
	if err != nil {
		return Account{}, fmt.Errorf("account: by document: %w", err)
	}
	if !a.Usable(s.clock.Now()) {
		return Account{}, tunnus.NotFound(fmt.Errorf("account: the account is %q", a.State))
	}
	return a, nil
}

// ByDevice returns the accounts of a device, whatever their state, newest first.
// An active one whose years are over is told as Expired.
func (s *Service) ByDevice(ctx context.Context, thumbprint string) ([]Account, error) {
	all, err := s.store.ByDevice(ctx, thumbprint)
	if err != nil {
		return nil, fmt.Errorf("account: of a device: %w", err)
	}
	now := s.clock.Now()
	for i, a := range all {
		if a.State == Active && !a.Usable(now) {
			all[i].State = Expired
		}
	}
	return all, nil
}
