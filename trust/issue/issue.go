package issue

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Request asks for one certificate.
type Request struct {
	ID        string // idempotency key: the same id is answered with the same certificate
	Account   string // opaque account id; stands in audit lines
	Document  string // document number of the account, "PNOXX-199002140017-7K3Q-Q"
	Subject   pki.Subject
	Level     tunnus.Level
	Purpose   pki.Purpose
	PublicKey *rsa.PublicKey
	Device    string // thumbprint of the holder's device key; names no person, stands in the line of the intent (R2)
}

// A Certificate is one that the CA has signed.
type Certificate struct {
	Serial   string // 32 lower-case hex digits
	Account  string
	Purpose  pki.Purpose
	Level    tunnus.Level
	DER      []byte
	From, To time.Time
	Issued   time.Time
	Revoked  time.Time // zero if it is not revoked
	Reason   Reason
	Held     time.Time // zero if it is not suspended
}

// An Issuer is the issuing CA's certificate with its key, RSA.
type Issuer struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// Config is what a [Service] is made of. All fields but Holds and Changed are needed.
type Config struct {
	Scheme   pki.Scheme
	Profiles []pki.Profile // from [pki.Scheme.Profiles]
	Store    Store
	Clock    tunnus.Clock
	// Issuer returns the issuing CA. It may wait until a new key is made; it
	// is asked once for each certificate.
	Issuer func(context.Context) (Issuer, error)
	// Holds keeps suspensions. Without it nothing can be suspended.
	Holds Holds
	// Changed is told the serial number of each certificate that was revoked,
	// suspended or resumed, after that is durable: whoever keeps answers about
	// it throws them away. It must not wait for anything.
	Changed func(serial string)
}

// A Service issues and revokes certificates. It is safe for concurrent use.
type Service struct {
	cfg    Config
	linter *linter
	draft  func() (*rsa.PrivateKey, error)
	small  func() *big.Int
}

// New makes the service. It fails if a profile is missing or the linter has
// not the rules that are asked for.
func New(c Config) (*Service, error) {
	if len(c.Profiles) == 0 || c.Store == nil || c.Clock == nil || c.Issuer == nil {
		return nil, errors.New("issue: profiles, store, clock and issuer are needed")
	}
	l, err := newLinter()
	if err != nil {
		return nil, err
	}
	small := sync.OnceValue(func() *big.Int { return primorial(smallFactors) })
	return &Service{cfg: c, linter: l, draft: throwaway(), small: small}, nil
}

// Issue returns the certificate for a request. It fails with
// [tunnus.CodeBadRequest] if the request contradicts itself or the profile,
// [tunnus.CodeCertRefused] if the draft breaks a rule (nothing was signed),
// and [tunnus.CodeStateConflict] if the key has a certificate already, the id
// was used for something else, or the certificate is revoked. After any other
// error the same request may be sent again.
func (s *Service) Issue(ctx context.Context, r Request) (Certificate, error) {
	profile, err := s.admit(r)
	if err != nil {
		return Certificate{}, err
	}
	issuer, err := s.issuer(ctx)
	if err != nil {
		return Certificate{}, err
	}
	row, err := s.prepare(ctx, r, profile, issuer)
	if err != nil {
		return Certificate{}, err
	}
	if row, err = s.cfg.Store.Intend(ctx, row, []tunnus.Event{intended(row, profile, r.Device)}); err != nil {
		return Certificate{}, fmt.Errorf("issue: intent: %w", err)
	}
	return s.finish(ctx, r, row, issuer)
}

// admit refuses a request that no draft is worth.
func (s *Service) admit(r Request) (pki.Profile, error) {
	if r.ID == "" || r.Account == "" || r.Device == "" {
		return pki.Profile{}, tunnus.BadRequest("id", errors.New("issue: id, account and device are needed"))
	}
	p, err := pki.Pick(s.cfg.Profiles, r.Purpose, r.Level)
	if err != nil {
		return pki.Profile{}, tunnus.BadRequest("level", err)
	}
	if err := checkKey(r.PublicKey, p.KeyBits, s.small); err != nil {
		return pki.Profile{}, tunnus.BadRequest("publicKey", err)
	}
	return p, nil
}

// issuer gets the issuing CA and sees that key and certificate belong together.
func (s *Service) issuer(ctx context.Context) (Issuer, error) {
	i, err := s.cfg.Issuer(ctx)
	if err != nil {
		return Issuer{}, fmt.Errorf("issue: issuing CA: %w", err)
	}
	key, ok := i.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || !key.Equal(i.Key.Public()) {
		return Issuer{}, errors.New("issue: the issuing CA's key is not that of its certificate")
	}
	return i, nil
}

// prepare drafts and judges; what it returns is fit to be signed.
func (s *Service) prepare(ctx context.Context, r Request, p pki.Profile, by Issuer) (Row, error) {
	now := s.cfg.Clock.Now()
	order := pki.Order{Subject: r.Subject, Document: r.Document, PublicKey: r.PublicKey}
	order.From, order.To = p.Validity(now)
	if order.To.After(by.Certificate.NotAfter) {
		return Row{}, errors.New("issue: the issuing CA ends before the certificate would")
	}
	var err error
	if order.Serial, err = pki.NewSerial(); err != nil {
		return Row{}, err
	}
	template, err := s.cfg.Scheme.Template(p, order)
	if err != nil {
		return Row{}, tunnus.BadRequest("subject", err)
	}
	key, err := s.draft()
	if err != nil {
		return Row{}, fmt.Errorf("issue: throwaway key: %w", err)
	}
	tbs, err := s.judge(template, r, by, key)
	if err != nil {
		return Row{}, s.refuse(ctx, r, p, err)
	}
	modulus := sha256.Sum256(r.PublicKey.N.Bytes())
	return Row{
		Serial: hexSerial(order.Serial), Request: r.ID, Digest: r.digest(), Account: r.Account,
		Purpose: r.Purpose, Level: r.Level, Key: modulus[:], TBS: tbs,
		Intent: now, From: order.From, To: order.To,
	}, nil
}

// judge drafts the certificate, lints it, and reads it back. It returns the
// to-be-signed bytes, which are those that the draft has.
func (s *Service) judge(template *x509.Certificate, r Request, by Issuer, key *rsa.PrivateKey) ([]byte, error) {
	draft, err := draftOf(template, by, key)
	if err != nil {
		return nil, err
	}
	if err := s.linter.judge(draft); err != nil {
		return nil, err
	}
	h, err := s.cfg.Scheme.Read(draft)
	if err != nil {
		return nil, err
	}
	if h.Purpose != r.Purpose || h.Level != r.Level || h.Document != r.Document ||
		h.Subject.Code != r.Subject.Code || !h.PublicKey.Equal(r.PublicKey) {
		return nil, errors.New("issue: the draft is not what was asked for")
	}
	return draft.RawTBSCertificate, nil
}

// refuse is the only place that refuses a certificate for its content; the
// refusal is written down, since it means that a profile is wrong.
func (s *Service) refuse(ctx context.Context, r Request, p pki.Profile, why error) error {
	refusal := tunnus.Fail(tunnus.CodeCertRefused, why)
	err := s.cfg.Store.Record(ctx, []tunnus.Event{{
		At: s.cfg.Clock.Now(), Kind: "cert.refused", Subject: r.Account, Code: refusal.Code,
		Detail: map[string]string{"profile": p.Name},
	}})
	if err != nil {
		return errors.Join(refusal, fmt.Errorf("issue: audit: %w", err))
	}
	return refusal
}

// finish turns an intent into a certificate, or returns the one it has.
func (s *Service) finish(ctx context.Context, r Request, row Row, by Issuer) (Certificate, error) {
	if !bytes.Equal(row.Digest, r.digest()) {
		return Certificate{}, tunnus.Conflict(errors.New("issue: the request's id was used for another request"))
	}
	if !row.Revoked.IsZero() || len(row.Certificate) > 0 {
		return row.unlessRevoked()
	}
	der, err := sign(row.TBS, by)
	if err != nil {
		return Certificate{}, err
	}
	row.Certificate, row.Issued = der, s.cfg.Clock.Now()
	if err := s.cfg.Store.Issued(ctx, row.Serial, der, row.Issued, []tunnus.Event{issued(row)}); err != nil {
		return Certificate{}, fmt.Errorf("issue: the signed certificate: %w", err)
	}
	return s.settled(ctx, row)
}

// settled reads a row again whose certificate is there now: it can have been
// revoked or suspended while it was being signed.
func (s *Service) settled(ctx context.Context, row Row) (Certificate, error) {
	rows, err := s.cfg.Store.ByAccount(ctx, row.Account)
	if err != nil {
		return Certificate{}, fmt.Errorf("issue: certificates of an account: %w", err)
	}
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Serial == row.Serial })
	if i < 0 {
		return Certificate{}, errors.New("issue: the certificate is not where it was put")
	}
	return rows[i].unlessRevoked()
}

func (r Row) unlessRevoked() (Certificate, error) {
	if !r.Revoked.IsZero() {
		return Certificate{}, tunnus.Conflict(errors.New("issue: the certificate is revoked"))
	}
	return r.certificate(), nil
}

// certificate is the row as callers see it.
func (r Row) certificate() Certificate {
	return Certificate{
		Serial: r.Serial, Account: r.Account, Purpose: r.Purpose, Level: r.Level, DER: r.Certificate,
		From: r.From, To: r.To, Issued: r.Issued, Revoked: r.Revoked, Reason: r.Reason, Held: r.Held,
	}
}

// Certificates returns an account's certificates, oldest first. Intents that
// were never signed are left out.
func (s *Service) Certificates(ctx context.Context, account string) ([]Certificate, error) {
	rows, err := s.cfg.Store.ByAccount(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("issue: certificates of an account: %w", err)
	}
	var out []Certificate
	for _, r := range rows {
		if len(r.Certificate) > 0 {
			out = append(out, r.certificate())
		}
	}
	return out, nil
}

func intended(r Row, p pki.Profile, device string) tunnus.Event {
	sum := sha256.Sum256(r.TBS)
	return tunnus.Event{At: r.Intent, Kind: "cert.intent", Subject: r.Account, Detail: map[string]string{
		"serial": r.Serial, "profile": p.Name, "device": device, "tbs_sha256": hex.EncodeToString(sum[:]), "linter": linterName,
	}}
}

func issued(r Row) tunnus.Event {
	sum := sha256.Sum256(r.Certificate)
	return tunnus.Event{At: r.Issued, Kind: "cert.issued", Subject: r.Account, Detail: map[string]string{
		"serial": r.Serial, "sha256": hex.EncodeToString(sum[:]),
	}}
}

// hexSerial writes a serial number as it stands in rows and audit lines.
func hexSerial(n *big.Int) string { return fmt.Sprintf("%032x", n) }
