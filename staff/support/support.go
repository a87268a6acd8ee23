// Package support is what agents may do for a person who calls: find a case by its
// reference number, see which accounts a person has, close one, and find out, two
// together, what was got by fraud and whose an account is ([Service.Find]).
//
// A look-up needs a reason that somebody else gave: the reference number of a case
// that exists (it stands in every refusal that a person sees), or a code that the
// person made in the app ([Service.Consent]), which works once. Each look-up is a
// row of the person's own history, and an audit line of who, why and for which
// case; from the 30th within an hour on, each raises an alarm.
//
// What an agent sees is what a case needs: facts, results, states and times. No
// name, no contact, no image, no PIN and no code is in it. There is nothing here
// that makes an account, unblocks one, or lifts a lock: an account comes back from a
// dispute only, into which another device of its person has brought it.
package support

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
)

// Limits.
const (
	alarmFrom   = 30 // look-ups of one member within alarmWithin
	alarmWithin = time.Hour
	consentLife = 10 * time.Minute
)

// An Account is what an agent sees of one.
type Account struct {
	ID      string       `json:"id"`
	State   string       `json:"state"`
	Level   tunnus.Level `json:"level"`
	Created time.Time    `json:"created"`
	Expires time.Time    `json:"expires"`
}

// A LookUp is one row of who has looked at a person's accounts. The person sees it.
type LookUp struct {
	Account string
	Member  string // for the service's own records; the person sees a role only
	Case    string
	At      time.Time
}

// A Line is what an agent sees of a case: one entry of the audit log.
type Line struct {
	At     time.Time         `json:"at"`
	Kind   string            `json:"kind"`
	Code   tunnus.Code       `json:"code,omitempty"`
	Detail map[string]string `json:"detail,omitempty"`
}

// A Store keeps look-ups and consents. Every implementation must pass storetest.Support.
type Store interface {
	// LookedUp writes look-ups of one member and one time and the events, in one
	// transaction, and returns how many times that member has looked since a moment,
	// this time included. Without rows it writes the events and returns 0.
	LookedUp(ctx context.Context, rows []LookUp, since time.Time, events []tunnus.Event) (int, error)

	// LookUps returns the look-ups of an account, newest first, at most limit.
	LookUps(ctx context.Context, account string, limit int) ([]LookUp, error)

	// AddConsent writes a consent of an account: a keyed hash that is good until a
	// time. It replaces the one that the account had.
	AddConsent(ctx context.Context, account string, mac []byte, until time.Time, events []tunnus.Event) error

	// TakeConsent uses up the consent with this hash that is good at a time, and
	// returns its account, or fails with [tunnus.CodeNotFound]. Of two takers one gets it.
	TakeConsent(ctx context.Context, mac []byte, now time.Time) (account string, err error)
}

// Cases finds what the audit log has of a reference number.
type Cases interface {
	// Events returns the events of a case, oldest first: of a registration, its own
	// ones, which the line under its number leads to. None is no error.
	Events(ctx context.Context, reference string) ([]tunnus.Event, error)
}

// Accounts is what is asked of accounts.
type Accounts interface {
	// Mine returns the accounts of a person.
	Mine(ctx context.Context, p tunnus.PersonCode) ([]Account, error)
	// Person returns whose account it is, or fails with [tunnus.CodeNotFound].
	Person(ctx context.Context, account string) (tunnus.PersonCode, error)
	// Close ends an account, revokes its certificates and tells the holder, in
	// whatever time that takes. Repeating it is no error.
	Close(ctx context.Context, account string, events []tunnus.Event) error
	// Fraud ends an account that was got by fraud, and all that it vouched for, by the
	// word of two members. Repeating it is no error.
	Fraud(ctx context.Context, account, first, second string) error
	// Settle ends a dispute for an account, by the word of two members. If it is in use
	// it does nothing; it fails with [tunnus.CodeStateConflict] if it is neither.
	Settle(ctx context.Context, account, first, second string) error
}

// Config is what support is put together from.
type Config struct {
	Store    Store
	Findings Findings
	Cases    Cases
	Accounts Accounts
	Marker   staff.Marker
	Secret   tunnus.Secret // at least 32 bytes: keys consents
	Clock    tunnus.Clock
}

// A Service serves agents.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) {
	if len(cfg.Secret.Reveal()) < 32 {
		return nil, errors.New("support: the secret has less than 32 bytes")
	}
	return &Service{cfg}, nil
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// Case tells what the audit log has of a reference number: not-found if nothing.
// Who asks is written down before he is answered.
func (s *Service) Case(ctx context.Context, a staff.Actor, reference string) ([]Line, error) {
	if err := a.May(staff.Look); err != nil {
		return nil, err
	}
	ref := staff.Number(reference)
	events, err := s.existing(ctx, a, ref)
	if err != nil {
		return nil, err
	}
	if err := s.record(ctx, a, []LookUp{{Case: ref}}, lookCase); err != nil {
		return nil, err
	}
	out := make([]Line, 0, len(events))
	for _, e := range events {
		out = append(out, Line{e.At, e.Kind, e.Code, told(e.Detail)})
	}
	return out, nil
}

// The audit lines of who has looked, and what stands there for the case if the person
// has allowed it.
const (
	lookCase   = "staff.look-case"
	lookPerson = "staff.look-person"
	consented  = "CONSENT"
)

// details are those that a case needs. All others, such as who vouched or the digest
// of what was signed, lead to somebody or help nobody.
var details = []string{
	"about", "app", "channel", "copyable", "exception", "fact", "kind", "mark", "n", "os", "os_version", "outcome", "reason", "result", "revision", "route",
	"rules", "state", "version", "way", "which",
}

func told(all map[string]string) map[string]string {
	out := maps.Clone(all)
	maps.DeleteFunc(out, func(name, _ string) bool { return !slices.Contains(details, name) })
	return out
}

// existing finds a case that exists: a reference that nobody was given opens nothing,
// and who tries one is written down and counted as if it did.
func (s *Service) existing(ctx context.Context, a staff.Actor, ref string) ([]tunnus.Event, error) {
	if ref == "" {
		return nil, tunnus.BadRequest("case", errors.New("support: no case reference"))
	}
	events, err := s.cfg.Cases.Events(ctx, ref)
	if err != nil || len(events) > 0 {
		return events, err
	}
	if err := s.record(ctx, a, []LookUp{{Case: ref}}, lookCase); err != nil {
		return nil, err
	}
	return nil, tunnus.NotFound(errors.New("support: no case of that reference"))
}

// Person tells which accounts a person has, for a case that exists.
func (s *Service) Person(ctx context.Context, a staff.Actor, p tunnus.PersonCode, reference string) ([]Account, error) {
	if err := a.May(staff.Look); err != nil {
		return nil, err
	}
	if err := a.Other(s.cfg.Marker.Mark(p)); err != nil {
		return nil, err
	}
	ref := staff.Number(reference)
	if _, err := s.existing(ctx, a, ref); err != nil {
		return nil, err
	}
	return s.look(ctx, a, p, ref)
}

// Consented tells which accounts the person has who made this code in the app. The
// code is used up.
func (s *Service) Consented(ctx context.Context, a staff.Actor, code string) ([]Account, error) {
	if err := a.May(staff.Look); err != nil {
		return nil, err
	}
	account, err := s.cfg.Store.TakeConsent(ctx, s.mac(staff.Tidy(code)), s.now())
	if tunnus.CodeOf(err) == tunnus.CodeNotFound { // who guesses is counted
		err = errors.Join(s.record(ctx, a, []LookUp{{Case: consented}}, lookPerson), err)
	}
	if err != nil {
		return nil, err
	}
	p, err := s.cfg.Accounts.Person(ctx, account)
	if err != nil {
		return nil, err
	}
	if err := a.Other(s.cfg.Marker.Mark(p)); err != nil {
		return nil, err
	}
	return s.look(ctx, a, p, consented)
}

// look writes a look-up down on every account that it shows, and then shows them.
func (s *Service) look(ctx context.Context, a staff.Actor, p tunnus.PersonCode, ref string) ([]Account, error) {
	list, err := s.cfg.Accounts.Mine(ctx, p)
	if err != nil {
		return nil, err
	}
	rows := []LookUp{{Case: ref}} // that nobody was found is a look-up too
	for _, v := range list {
		rows = append(rows, LookUp{Account: v.ID, Case: ref})
	}
	return list, s.record(ctx, a, rows, lookPerson)
}

// record writes look-ups of one moment.
func (s *Service) record(ctx context.Context, a staff.Actor, rows []LookUp, kind string) error {
	now := s.now()
	for i := range rows {
		rows[i].Member, rows[i].At = a.ID(), now
	}
	line := a.Line(now, kind, "staff/"+a.ID(), rows[0].Case, map[string]string{"accounts": fmt.Sprint(len(rows) - 1)})
	n, err := s.cfg.Store.LookedUp(ctx, rows, now.Add(-alarmWithin), []tunnus.Event{line})
	if err != nil {
		return fmt.Errorf("support: writing a look-up: %w", err)
	}
	if n < alarmFrom {
		return nil
	}
	alarm := a.Line(now, "staff.alarm", "staff/"+a.ID(), rows[0].Case, map[string]string{"look-ups": fmt.Sprint(n)})
	_, err = s.cfg.Store.LookedUp(ctx, nil, now, []tunnus.Event{alarm})
	return err
}

// History tells a holder who has looked at an account, newest first.
func (s *Service) History(ctx context.Context, account string) ([]LookUp, error) {
	return s.cfg.Store.LookUps(ctx, account, 100)
}

// Consent makes a code by which an agent may look up the person of an account, once
// and within ten minutes: eight characters of base 32. The one before is void.
func (s *Service) Consent(ctx context.Context, account string) (tunnus.Secret, time.Time, error) {
	code, until := staff.Letters(8), s.now().Add(consentLife)
	line := tunnus.Event{At: s.now(), Kind: "staff.consent", Subject: account}
	err := s.cfg.Store.AddConsent(ctx, account, s.mac(code), until, []tunnus.Event{line})
	return tunnus.NewSecret([]byte(code)), until, err
}

func (s *Service) mac(code string) []byte {
	h := hmac.New(sha256.New, s.cfg.Secret.Reveal())
	fmt.Fprintf(h, "tunnus/staff/consent/v1\x00%s", code)
	return h.Sum(nil)
}

// A Reason is why an agent closes an account. Fraud is none: it takes two, and more
// than that account ([OfFraud]).
type Reason string

// The reasons.
const (
	Asked    Reason = "holder-asked"
	LostAll  Reason = "lost"       // phone and contacts are lost
	Deceased Reason = "deceased"   // by a paper; the register has its own way
	Court    Reason = "authority"  // an authority demands it
	Mistake  Reason = "data-wrong" // registered under data that are wrong
)

// Reasons lists the reasons.
func Reasons() []Reason { return []Reason{Asked, LostAll, Deceased, Court, Mistake} }

// Close ends an account, for a case that exists and a reason of the list: never
// one's own (staff-oneself).
func (s *Service) Close(ctx context.Context, a staff.Actor, account string, why Reason, reference string) error {
	if err := a.May(staff.Close); err != nil {
		return err
	}
	if !slices.Contains(Reasons(), why) {
		return tunnus.BadRequest("reason", errors.New("support: no reason of the list"))
	}
	ref := staff.Number(reference)
	if _, err := s.existing(ctx, a, ref); err != nil {
		return err
	}
	if err := s.notOwn(ctx, a, account); err != nil {
		return err
	}
	line := a.Line(s.now(), "staff.close", account, ref, map[string]string{"reason": string(why)})
	return s.cfg.Accounts.Close(ctx, account, []tunnus.Event{line})
}
