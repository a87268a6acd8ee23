package issue

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A Reason says why a certificate was revoked, in the words of RFC 5280
// §5.3.1. Reasons that can be taken back are not here: what is revoked stays so.
type Reason string

// The reasons.
const (
	Unspecified          Reason = "unspecified"
	KeyCompromise        Reason = "keyCompromise"
	AffiliationChanged   Reason = "affiliationChanged"
	Superseded           Reason = "superseded"           // replaced by a newer account
	CessationOfOperation Reason = "cessationOfOperation" // closed, or never activated
	PrivilegeWithdrawn   Reason = "privilegeWithdrawn"
)

// Valid reports whether w is one of the reasons.
func (w Reason) Valid() bool {
	switch w {
	case Unspecified, KeyCompromise, AffiliationChanged, Superseded, CessationOfOperation, PrivilegeWithdrawn:
		return true
	}
	return false
}

// Revoke revokes a certificate for ever, or an intent so that it is never
// signed. To revoke twice is no error, and the first reason stands. It fails
// with [tunnus.CodeNotFound] if there is no such serial number.
func (s *Service) Revoke(ctx context.Context, account, serial string, why Reason) error {
	if !why.Valid() {
		return tunnus.BadRequest("reason", errors.New("issue: no such reason"))
	}
	now := s.cfg.Clock.Now()
	event := tunnus.Event{At: now, Kind: "cert.revoked", Subject: account, Detail: map[string]string{
		"serial": serial, "reason": string(why),
	}}
	if err := s.cfg.Store.Revoke(ctx, serial, now, why, []tunnus.Event{event}); err != nil {
		return fmt.Errorf("issue: revoke: %w", err)
	}
	return nil
}

// RevokeAccount revokes whatever an account has, certificates and intents. It
// goes on after an error, and may be repeated.
func (s *Service) RevokeAccount(ctx context.Context, account string, why Reason) error {
	rows, err := s.cfg.Store.ByAccount(ctx, account)
	if err != nil {
		return fmt.Errorf("issue: certificates of an account: %w", err)
	}
	var errs []error
	for _, r := range rows {
		if r.Revoked.IsZero() {
			errs = append(errs, s.Revoke(ctx, account, r.Serial, why))
		}
	}
	return errors.Join(errs...)
}
