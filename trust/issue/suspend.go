package issue

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// Suspend puts a certificate on hold: until [Service.Resume] it is answered as
// revoked, with the reason certificateHold. To suspend twice is no error. It
// fails with [tunnus.CodeStateConflict] if the certificate is revoked, and with
// [tunnus.CodeNotFound] if there is no such serial number.
func (s *Service) Suspend(ctx context.Context, account, serial string) error {
	if s.cfg.Holds == nil {
		return errors.New("issue: suspensions are not kept here")
	}
	now := s.cfg.Clock.Now()
	event := tunnus.Event{At: now, Kind: "cert.suspended", Subject: account, Detail: map[string]string{"serial": serial}}
	if err := s.cfg.Holds.Hold(ctx, serial, now, []tunnus.Event{event}); err != nil {
		return fmt.Errorf("issue: suspend: %w", err)
	}
	s.changed(serial)
	return nil
}

// Resume ends a suspension; the certificate is good again, and nothing says
// that it was not. To resume what is not suspended is no error. It fails with
// [tunnus.CodeStateConflict] if the certificate is revoked: that is for ever.
func (s *Service) Resume(ctx context.Context, account, serial string) error {
	if s.cfg.Holds == nil {
		return errors.New("issue: suspensions are not kept here")
	}
	now := s.cfg.Clock.Now()
	event := tunnus.Event{At: now, Kind: "cert.resumed", Subject: account, Detail: map[string]string{"serial": serial}}
	if err := s.cfg.Holds.Lift(ctx, serial, now, []tunnus.Event{event}); err != nil {
		return fmt.Errorf("issue: resume: %w", err)
	}
	s.changed(serial)
	return nil
}

// SuspendAccount suspends whatever an account has that is not revoked. It goes
// on after an error, and may be repeated.
func (s *Service) SuspendAccount(ctx context.Context, account string) error {
	return s.each(ctx, account, s.Suspend)
}

// ResumeAccount resumes whatever an account has that is not revoked. It goes on
// after an error, and may be repeated.
func (s *Service) ResumeAccount(ctx context.Context, account string) error {
	return s.each(ctx, account, s.Resume)
}

// each does the same to all that an account has and that is not revoked.
func (s *Service) each(ctx context.Context, account string, do func(ctx context.Context, account, serial string) error) error {
	rows, err := s.cfg.Store.ByAccount(ctx, account)
	if err != nil {
		return fmt.Errorf("issue: certificates of an account: %w", err)
	}
	var errs []error
	for _, r := range rows {
		if r.Revoked.IsZero() {
			errs = append(errs, do(ctx, account, r.Serial))
		}
	}
	return errors.Join(errs...)
}
