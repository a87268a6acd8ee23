// Package authority is the role issue put together: the certificate authority with
// its keys, what it publishes about its certificates, and its time-stamps.
package authority

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/remote"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/publish"
	"github.com/tunnus-id/tunnus/trust/stamp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// Config is what an [Authority] is made of.
type Config struct {
	Scheme    string // name
	Issuer    issue.Issuer
	Root      *x509.Certificate
	RootList  []byte        // revocation list of the root, DER; nil: it is not published
	Stamper   *issue.Issuer // key of time-stamps with its certificate; nil: none are made
	Responder *issue.Issuer // key of the OCSP responder; nil: it makes its own
	PublicURL string        // "": certificates point nowhere
	// Compatible is [pki.Scheme.Compatible].
	Compatible bool
	// Certificates are the scheme's policies and claims; the zero value leaves the
	// usual policies, and claims nothing.
	Certificates scheme.Certificates
	Store        issue.Store
	Holds        issue.Holds
	Source       status.Source
	Shelf        status.Shelf
	Book         Book
	Clock        tunnus.Clock
	Log          *slog.Logger
}

// Book is the log of what is issued.
type Book interface {
	// Await returns once a certificate of an account is proved to be logged.
	Await(ctx context.Context, account string, der []byte) error
}

// Logged is the CA as other parts have it: what it issues is in the log before
// anybody hears of it (security.md R10).
type Logged struct {
	*issue.Service
	book Book
}

// Issue returns the certificate for a request. It fails with
// [tunnus.CodeServiceDown] if it cannot be logged now: the same request then
// finds it.
func (l Logged) Issue(ctx context.Context, r issue.Request) (issue.Certificate, error) {
	c, err := l.Service.Issue(ctx, r)
	if err != nil {
		return issue.Certificate{}, err
	}
	if err := l.book.Await(ctx, r.Account, c.DER); err != nil {
		return issue.Certificate{}, remote.Down(err)
	}
	return c, nil
}

// An Authority is the role issue.
type Authority struct {
	CA        Logged
	Responder *status.Responder
	Lister    *status.Lister
	Stamps    *stamp.Authority // nil if there are none
	Pages     *publish.Server  // what the world sees, at the root of PublicURL
	clock     tunnus.Clock
	duty      duty
}

// New puts it together.
func New(c Config) (*Authority, error) {
	a := &Authority{clock: c.Clock, duty: duty{given: c.Responder}}
	naming := named(c)
	profiles, err := naming.Profiles()
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	ca, err := issue.New(issue.Config{
		Scheme: naming, Profiles: profiles, Store: c.Store, Holds: c.Holds, Clock: c.Clock,
		Issuer:  func(context.Context) (issue.Issuer, error) { return c.Issuer, nil },
		Changed: func(serial string) { a.Responder.Changed(serial) },
	})
	if err != nil {
		return nil, err
	}
	a.CA = Logged{ca, telling{c.Book, func(der []byte) { a.Responder.Issued(der) }}}
	var own []*x509.Certificate
	if c.Stamper != nil {
		a.Stamps = &stamp.Authority{
			Certificate: c.Stamper.Certificate, Key: c.Stamper.Key, Chain: []*x509.Certificate{c.Issuer.Certificate}, Clock: c.Clock, Accuracy: accuracy,
		}
		own = append(own, c.Stamper.Certificate)
	}
	if c.Responder != nil {
		own = append(own, c.Responder.Certificate)
	}
	a.Responder, err = status.NewResponder(status.Config{Issuer: c.Issuer.Certificate, Source: c.Source, Clock: c.Clock, Signer: a.signer, Own: own})
	if err != nil {
		return nil, err
	}
	a.Lister = &status.Lister{
		Shelf: c.Shelf, Clock: c.Clock,
		Issuer: func(context.Context) (status.Authority, error) { return status.Authority(c.Issuer), nil },
	}
	a.Pages, err = publish.New(publish.Config{
		Responder: a.Responder, Lists: c.Shelf, Authorities: []*x509.Certificate{c.Issuer.Certificate, c.Root}, Stamps: a.Stamps, Clock: c.Clock, Log: c.Log,
		Root: c.Root, RootList: c.RootList,
	})
	return a, err
}

// accuracy is how far a server's clock may be off that is set by the network.
const accuracy = time.Second

// named names the CA as its certificate does, and says where the world finds
// what is published.
func named(c Config) pki.Scheme {
	who := c.Issuer.Certificate.Subject
	s := pki.Scheme{Name: c.Scheme, Country: strings.Join(who.Country, ""), Organisation: strings.Join(who.Organization, ""), Compatible: c.Compatible, Compliance: c.Certificates.Claims(), Policies: c.Certificates.Policies()}
	if c.PublicURL != "" {
		at := publish.URLs(c.PublicURL, c.Issuer.Certificate)
		s.IssuerURL, s.OCSPURL, s.CRLURL = at.Issuer, at.OCSP, at.CRL
	}
	return s
}

// The responder's key lives in this process only: it is made when the first
// question comes, certified, and replaced before its certificate ends.
const (
	dutyBits = 2048
	dutyLife = 60 * 24 * time.Hour // of the 90 days of its certificate
)

// A duty is the responder's key.
type duty struct {
	given  *issue.Issuer // from a ceremony
	mu     sync.Mutex
	signer ocsp.Signer
	since  time.Time
}

// signer returns the responder's key with its certificate.
func (a *Authority) signer(ctx context.Context) (ocsp.Signer, error) {
	if g := a.duty.given; g != nil {
		return ocsp.Signer{Certificate: g.Certificate, Key: g.Key}, nil
	}
	a.duty.mu.Lock()
	defer a.duty.mu.Unlock()
	now := a.clock.Now()
	// One whose certificate's time has not begun is of a clock that was ahead.
	if s := a.duty.signer; s.Key != nil && !now.Before(s.Certificate.NotBefore) && now.Sub(a.duty.since) < dutyLife {
		return a.duty.signer, nil
	}
	key, err := rsa.GenerateKey(rand.Reader, dutyBits)
	if err != nil {
		return ocsp.Signer{}, err
	}
	// Whoever asked first may go; the key is for all.
	cert, err := a.CA.Responder(context.WithoutCancel(ctx), &key.PublicKey)
	if err != nil {
		return ocsp.Signer{}, errors.Join(errors.New("authority: no certificate for the responder"), err)
	}
	a.duty.signer, a.duty.since = ocsp.Signer{Certificate: cert, Key: key}, now
	return a.duty.signer, nil
}

// Ready makes the responder's key and the first revocation list, so that nobody
// has to wait for them.
func (a *Authority) Ready(ctx context.Context) error {
	_, err := a.signer(ctx)
	return errors.Join(err, a.Tick(ctx))
}

// Tick makes a new revocation list if one is needed.
func (a *Authority) Tick(ctx context.Context) error {
	_, err := a.Lister.Tick(ctx)
	return err
}

// telling is a book that tells which certificates anybody may rely on by now.
type telling struct {
	Book
	issued func(der []byte)
}

// Await implements [Book].
func (t telling) Await(ctx context.Context, account string, der []byte) error {
	err := t.Book.Await(ctx, account, der)
	if err == nil {
		t.issued(der)
	}
	return err
}

// aheadEvery is how long [Authority.Ahead] waits if nothing is issued.
const aheadEvery = 5 * time.Second

// Ahead waits until it is time to sign answers about certificates before anybody
// asks for them, and signs them. It is called again and again.
func (a *Authority) Ahead(ctx context.Context) error {
	timer := time.NewTimer(aheadEvery)
	defer timer.Stop()
	select {
	case <-a.Responder.Due():
	case <-timer.C:
	case <-ctx.Done():
		return nil
	}
	_, err := a.Responder.Renew(ctx)
	return err
}
