package idcard

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DefaultMaxAge is how old an issuer's word may be.
const DefaultMaxAge = 2 * time.Minute

// minNonce is the shortest nonce, in characters (Web eID).
const minNonce = 44

// mobileID are the policies of Estonian Mobile-ID: certificates of a phone's
// SIM, which lead to the same issuers as cards.
const mobileID = "1.3.6.1.4.1.10015.1.3"

// A Config says whose cards are taken, and for which pages.
type Config struct {
	// Origin is the one of the pages, https, as a browser writes it: lower case
	// ASCII, without the default port and without a slash behind it.
	Origin string
	// Issuers are the CAs that sign cards; at least one.
	Issuers []Issuer
	// Disallowed are policies that are refused, with all below them, dotted.
	// Nil means those of Estonian Mobile-ID.
	Disallowed []string
	// NoNonce are addresses of responders that do not repeat the nonce.
	// What they say is then as new as its thisUpdate.
	NoNonce []string
	// MaxAge bounds the age of what a responder says. Zero: [DefaultMaxAge].
	MaxAge time.Duration
	// Status asks the responders.
	Status Status
}

// A Validator judges what cards say. Its methods may be called at the same time.
type Validator struct {
	origin     string
	issuers    []Issuer
	roots      *x509.CertPool
	disallowed []string
	noNonce    []string
	maxAge     time.Duration
	status     Status
}

// New checks the configuration and reports every fault of it.
func New(c Config) (*Validator, error) {
	v := &Validator{c.Origin, slices.Clone(c.Issuers), x509.NewCertPool(), c.Disallowed, c.NoNonce, c.MaxAge, c.Status}
	if v.maxAge == 0 {
		v.maxAge = DefaultMaxAge
	}
	if v.disallowed == nil {
		v.disallowed = []string{mobileID}
	}
	errs := []error{checkOrigin(c.Origin)}
	if len(c.Issuers) == 0 {
		errs = append(errs, errors.New("idcard: no issuers"))
	}
	for i, ca := range c.Issuers {
		switch {
		case ca.Certificate == nil || !ca.Certificate.BasicConstraintsValid || !ca.Certificate.IsCA || ca.Certificate.KeyUsage&x509.KeyUsageCertSign == 0:
			errs = append(errs, fmt.Errorf("idcard: issuer %d: not the certificate of a CA", i+1))
		case len(ca.Countries) == 0 || slices.ContainsFunc(ca.Countries, func(s string) bool { return !isCountry(s) }):
			errs = append(errs, fmt.Errorf("idcard: issuer %d: its countries, two capital letters each, are missing", i+1))
		default:
			v.roots.AddCert(ca.Certificate)
		}
	}
	if c.MaxAge < 0 {
		errs = append(errs, errors.New("idcard: the greatest age of a status is negative"))
	}
	if c.Status == nil {
		errs = append(errs, errors.New("idcard: nobody asks the responders"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

// checkOrigin wants what a browser signs: anything else would fail at every log-in.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	foreign := func(r rune) bool { return r > '~' || r <= ' ' || r >= 'A' && r <= 'Z' }
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || "https://"+u.Host != origin ||
		strings.HasSuffix(origin, ":") || u.Port() == "443" || strings.ContainsFunc(origin, foreign) {
		return errors.New("idcard: the origin is not https://host[:port] in lower case ASCII, without port 443 or a path")
	}
	return nil
}

// NewNonce draws the nonce of one log-in: 32 random bytes in base64, 44
// characters. It is good for one use, within five minutes.
func NewNonce() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

// Verified is a log-in that was proved. Only [Validator.Verify] makes one.
type Verified struct {
	finding
	word   word
	offers []Offer
}

// Person is who has logged in.
func (v Verified) Person() Person { return v.person }

// Certificate is the card's log-in certificate.
func (v Verified) Certificate() *x509.Certificate { return v.certificate }

// Issuer is the CA that has signed it.
func (v Verified) Issuer() *x509.Certificate { return v.issuer }

// Status is the responder's answer, DER, and when it was made.
func (v Verified) Status() (response []byte, at time.Time) { return v.word.response, v.word.at }

// Offers are the signing certificates that the token brought, of the same card,
// their status not asked yet: see [Validator.CheckSigner]. Most tokens bring none.
func (v Verified) Offers() []Offer { return v.offers }

// Format redacts what is printed.
func (v Verified) Format(s fmt.State, _ rune) { fmt.Fprint(s, v.person) }

// Verify judges a token against the nonce that was drawn for this log-in and is
// not to be used again. Whoever calls has taken it off the session before.
func (v *Validator) Verify(ctx context.Context, token []byte, nonce string, now time.Time) (Verified, error) {
	t, err := Parse(token)
	if err != nil {
		return Verified{}, err
	}
	if len(nonce) < minNonce {
		return Verified{}, errors.New("idcard: the nonce of the log-in is missing or too short")
	}
	found, err := v.certificate(t.Certificate, forLogin(), now)
	if err != nil {
		return Verified{}, err
	}
	m, known := methods[t.Algorithm]
	if !known {
		return Verified{}, badToken("its algorithm is not one of those that are taken")
	}
	signed := append(sum(m.hash, []byte(v.origin)), sum(m.hash, []byte(nonce))...)
	if err := m.verify(found.certificate.PublicKey, sum(m.hash, signed), t.Signature); err != nil {
		return Verified{}, badToken("%w", err)
	}
	for _, o := range t.Offers {
		signer, err := v.certificate(o.Certificate, forSigning(), now)
		if err != nil {
			return Verified{}, err
		}
		if !sameCard(found.certificate, signer.certificate) {
			return Verified{}, otherPerson()
		}
	}
	w, err := v.ask(ctx, found, now)
	if err != nil {
		return Verified{}, err
	}
	return Verified{found, w, t.Offers}, nil
}
