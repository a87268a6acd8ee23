package issue

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// Responder certifies a key for an OCSP responder ([pki.NewResponder]), linted
// and with its intent and its issue on record. Its certificate lives 90 days:
// whoever runs the responder asks again, best with a new key, before that.
func (s *Service) Responder(ctx context.Context, key *rsa.PublicKey) (*x509.Certificate, error) {
	return s.certify(ctx, "responder", func(by Issuer, judge pki.Judge) (*x509.Certificate, error) {
		return pki.NewResponder(s.cfg.Scheme, by.Certificate, by.Key, key, s.cfg.Clock.Now(), judge)
	})
}

// Stamper certifies a key for a time-stamp authority ([pki.NewStamper]), as
// [Service.Responder] does.
func (s *Service) Stamper(ctx context.Context, key *rsa.PublicKey) (*x509.Certificate, error) {
	return s.certify(ctx, "stamper", func(by Issuer, judge pki.Judge) (*x509.Certificate, error) {
		return pki.NewStamper(s.cfg.Scheme, by.Certificate, by.Key, key, s.cfg.Clock.Now(), judge)
	})
}

func (s *Service) certify(ctx context.Context, kind string, do func(Issuer, pki.Judge) (*x509.Certificate, error)) (*x509.Certificate, error) {
	by, err := s.issuer(ctx)
	if err != nil {
		return nil, err
	}
	record := func(event, what string, bytes []byte, c *x509.Certificate) error {
		sum := sha256.Sum256(bytes)
		return s.cfg.Store.Record(ctx, []tunnus.Event{{
			At: s.cfg.Clock.Now(), Kind: event, Subject: "service",
			Detail: map[string]string{"serial": hexSerial(c.SerialNumber), "profile": kind, what: hex.EncodeToString(sum[:])},
		}})
	}
	cert, err := do(by, func(draft *x509.Certificate) error {
		if err := s.linter.judge(draft); err != nil {
			return err
		}
		return record("cert.intent", "tbs_sha256", draft.RawTBSCertificate, draft)
	})
	if err != nil {
		return nil, fmt.Errorf("issue: %s: %w", kind, err)
	}
	if err := record("cert.issued", "sha256", cert.Raw, cert); err != nil {
		return nil, fmt.Errorf("issue: %s: %w", kind, err)
	}
	return cert, nil
}
