// Package container makes a signed application last: it gives its container a
// time-stamp, and then the certificates and answers with which anybody can check
// it off line, years later (levels B, T and LT of package trust/asic).
//
// An account does not wait for that. The flow (package enrol) writes what
// [Begin] returns together with the active account; a job calls
// [Service.Complete], which tries again for as long as time-stamps or answers
// cannot be had, and loses nothing that it has.
package container

import (
	"context"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// A Container is the signed application of one account, as far as it has come.
type Container struct {
	Account string // id
	Level   asic.Level
	Stamp   []byte    // time-stamp token; nil at level B
	File    []byte    // the ASiC-E container of this level
	Due     time.Time // of the next try; zero at level LT
	Tries   int
	Rev     int64 // 0 until first saved; every Save raises it by one
}

// A Store keeps containers.
type Store interface {
	// Container returns that of an account, or fails with [tunnus.CodeNotFound].
	Container(ctx context.Context, account string) (Container, error)

	// Save writes a container and the events in one transaction, as revision
	// Rev+1. It fails with [tunnus.CodeStateConflict], having written nothing,
	// if the stored revision is not the one given (0: none is stored), or if
	// the stored level is a higher one. When it returns nil, it survives a crash.
	Save(ctx context.Context, c Container, events []tunnus.Event) error

	// Unfinished returns the accounts of at most limit containers that have Due
	// at or before now, or behind far, earliest first.
	Unfinished(ctx context.Context, now, far time.Time, limit int) ([]string, error)
}

// A Stamper makes time-stamps (trust/stamp, joined in cmd).
type Stamper interface {
	// Stamp returns a token over a SHA-512 digest.
	Stamp(ctx context.Context, digest []byte) (token []byte, err error)
}

// A Status tells which certificates are good (trust/status, joined in cmd).
type Status interface {
	// Answer returns a fresh OCSP answer about a certificate of an issuer: no
	// older than the call.
	Answer(ctx context.Context, cert, issuer *x509.Certificate) (response []byte, err error)

	// Lists returns the revocation lists of the roots; none is no error.
	Lists(ctx context.Context) ([][]byte, error)
}

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
}

// Config is what a [Service] is made of.
type Config struct {
	Store    Store
	Accounts Accounts
	Stamper  Stamper
	Status   Status
	Issuing  []*x509.Certificate // who has issued holders' and time-stamp certificates
	Roots    []*x509.Certificate
	Clock    tunnus.Clock
}

// A Service completes containers. Several nodes may run it on one store.
type Service struct{ cfg Config }

// New makes a service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Accounts == nil || c.Stamper == nil || c.Status == nil || c.Clock == nil || len(c.Issuing) == 0 || len(c.Roots) == 0 {
		return nil, errors.New("container: a part of the configuration is missing")
	}
	return &Service{c}, nil
}

// Times of trying.
const (
	batch    = 20
	firstTry = 5 * time.Second
	lastTry  = time.Hour
	// far is behind every next try, on a node too whose clock is a little ahead: what
	// is due later was planned by a clock that was wrong, and is tried now.
	far = 2 * lastTry
)

// Begin makes the container of an application that was just signed: level B, due at once. It
// fails if what was signed is not this application, under the key of its certificate.
func Begin(accountID string, record, payload, signature []byte, now time.Time) (Container, error) {
	s, err := application.Sign(record, payload, signature)
	if err != nil {
		return Container{}, err
	}
	file, err := s.Container()
	return Container{Account: accountID, Level: asic.B, File: file, Due: now}, err
}

// Of returns the container of an account, at whatever level it is; fails with
// [tunnus.CodeNotFound] if there is none.
func (s *Service) Of(ctx context.Context, accountID string) (Container, error) {
	return s.cfg.Store.Container(ctx, accountID)
}

// Complete takes the containers that are due as far as they can go now, and
// returns how many are complete. One that fails is tried again later, and does
// not keep others back.
func (s *Service) Complete(ctx context.Context) (int, error) {
	now := s.cfg.Clock.Now()
	due, err := s.cfg.Store.Unfinished(ctx, now, now.Add(far), batch)
	if err != nil {
		return 0, fmt.Errorf("container: looking for what is due: %w", err)
	}
	done, errs := 0, []error(nil)
	for _, id := range due {
		whole, err := s.advance(ctx, id)
		if err != nil {
			errs = append(errs, err)
		}
		if whole {
			done++
		}
	}
	return done, errors.Join(errs...)
}

// advance claims one container and takes it on.
func (s *Service) advance(ctx context.Context, id string) (whole bool, err error) {
	c, err := s.cfg.Store.Container(ctx, id)
	if err != nil || c.Level == asic.LT {
		return false, err
	}
	// The next try is written down before this one begins: two nodes do not do
	// the same, and one that fails hard is not tried without a pause.
	c.Due = s.cfg.Clock.Now().Add(min(firstTry<<min(c.Tries, 10), lastTry))
	c.Tries++
	if err := s.cfg.Store.Save(ctx, c, nil); err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
			return false, nil // another node has it
		}
		return false, fmt.Errorf("container: claiming: %w", err)
	}
	c.Rev++
	sig, err := s.signature(ctx, c)
	if err != nil {
		return false, err
	}
	if c.Level == asic.B {
		if c, err = s.stamp(ctx, c, sig); err != nil {
			return false, fmt.Errorf("container: time-stamp: %w", err)
		}
	} else if err := sig.AddTimestamp(c.Stamp); err != nil {
		return false, err
	}
	if err := s.finish(ctx, c, sig); err != nil {
		return false, fmt.Errorf("container: evidence: %w", err)
	}
	return true, nil
}

// signature makes the signature again from what the account keeps.
func (s *Service) signature(ctx context.Context, c Container) (*asic.Signature, error) {
	a, err := s.cfg.Accounts.Get(ctx, c.Account)
	if err != nil {
		return nil, fmt.Errorf("container: reading an account: %w", err)
	}
	payload, err := application.Format{}.Payload(a.Application, nil)
	if err != nil {
		return nil, err
	}
	r, err := application.ParseRecord(a.Application)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(r.Certificate)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	issuer, err := s.issuerOf(cert)
	if err != nil {
		return nil, err
	}
	return application.Sign(a.Application, payload, a.Signature, issuer)
}

func (s *Service) issuerOf(cert *x509.Certificate) (*x509.Certificate, error) {
	for _, c := range s.cfg.Issuing {
		if cert.CheckSignatureFrom(c) == nil {
			return c, nil
		}
	}
	return nil, errors.New("container: the issuer of a certificate is not known")
}

// stamp gets the time-stamp and keeps it at once: it shows the earliest time. One of a
// time before the certificate's would be kept too, and spoil the container for ever: if
// the clock was ahead when that was made, it is waited for.
func (s *Service) stamp(ctx context.Context, c Container, sig *asic.Signature) (Container, error) {
	if from := sig.Signer().NotBefore; s.cfg.Clock.Now().Before(from) {
		return c, fmt.Errorf("container: the certificate is valid from %s", from.UTC().Format(time.RFC3339))
	}
	digest := sha512.Sum512(sig.Stamped())
	token, err := s.cfg.Stamper.Stamp(ctx, digest[:])
	if err != nil {
		return c, err
	}
	if _, err := stamp.Verify(token, digest[:], s.cfg.Roots, s.cfg.Clock.Now()); err != nil {
		return c, err
	}
	if err := sig.AddTimestamp(token); err != nil {
		return c, err
	}
	if c.File, err = sig.Container(); err != nil {
		return c, err
	}
	c.Level, c.Stamp = asic.T, token
	if err := s.cfg.Store.Save(ctx, c, []tunnus.Event{s.event(c)}); err != nil {
		return c, err
	}
	c.Rev++
	return c, nil
}

// finish adds all that shows the certificates good, judges the whole as a stranger
// would, and keeps it.
func (s *Service) finish(ctx context.Context, c Container, sig *asic.Signature) error {
	digest := sha512.Sum512(sig.Stamped())
	by, err := stamp.Verify(c.Stamp, digest[:], s.cfg.Roots, time.Time{})
	if err != nil {
		return err
	}
	var e asic.Evidence
	for _, cert := range []*x509.Certificate{sig.Signer(), by.Authority} {
		issuer, err := s.issuerOf(cert)
		if err != nil {
			return err
		}
		answer, err := s.cfg.Status.Answer(ctx, cert, issuer)
		if err != nil {
			return err
		}
		e.OCSP = append(e.OCSP, answer)
		e.Certificates = append(e.Certificates, issuer)
	}
	if e.CRLs, err = s.cfg.Status.Lists(ctx); err != nil {
		return err
	}
	e.Certificates = append(append(e.Certificates, by.Authority), s.cfg.Roots...)
	if err := sig.AddValidation(e); err != nil {
		return err
	}
	if c.File, err = sig.Container(); err != nil {
		return err
	}
	if _, err := asic.Verify(c.File, asic.Trust{Roots: s.cfg.Roots, Now: s.cfg.Clock.Now(), Least: asic.LT}); err != nil {
		return err
	}
	c.Level, c.Due = asic.LT, time.Time{}
	return s.cfg.Store.Save(ctx, c, []tunnus.Event{s.event(c)})
}

func (s *Service) event(c Container) tunnus.Event {
	return tunnus.Event{At: s.cfg.Clock.Now(), Kind: "container.level", Subject: c.Account, Detail: map[string]string{"level": string(c.Level), "tries": strconv.Itoa(c.Tries)}}
}
