package issue

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Reason says why a certificate is not good ([pki.Reason]).
type Reason = pki.Reason

// The reasons for which a certificate is revoked for ever. What can be taken
// back is not here: see [Service.Suspend].
const (
	Unspecified          = pki.Unspecified
	KeyCompromise        = pki.KeyCompromise
	AffiliationChanged   = pki.AffiliationChanged
	Superseded           = pki.Superseded
	CessationOfOperation = pki.CessationOfOperation
	PrivilegeWithdrawn   = pki.PrivilegeWithdrawn
)

// Revoke revokes a certificate for ever, or an intent so that it is never
// signed. To revoke twice is no error, and the first reason stands. It fails
// with [tunnus.CodeNotFound] if there is no such serial number.
func (s *Service) Revoke(ctx context.Context, account, serial string, why Reason) error {
	if !why.Final() {
		return tunnus.BadRequest("reason", errors.New("issue: no such reason"))
	}
	now := s.cfg.Clock.Now()
	event := tunnus.Event{At: now, Kind: "cert.revoked", Subject: account, Detail: map[string]string{
		"serial": serial, "reason": string(why),
	}}
	if err := s.cfg.Store.Revoke(ctx, serial, now, why, []tunnus.Event{event}); err != nil {
		return fmt.Errorf("issue: revoke: %w", err)
	}
	s.changed(serial)
	return nil
}

// changed tells whoever keeps answers about certificates that one has changed.
func (s *Service) changed(serial string) {
	if s.cfg.Changed != nil {
		s.cfg.Changed(serial)
	}
}

// RevokeAccount revokes whatever an account has, certificates and intents. It
// goes on after an error, and may be repeated.
func (s *Service) RevokeAccount(ctx context.Context, account string, why Reason) error {
	return s.each(ctx, account, func(ctx context.Context, account, serial string) error {
		return s.Revoke(ctx, account, serial, why)
	})
}
