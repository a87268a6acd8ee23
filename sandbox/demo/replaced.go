package demo

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// settled bounds how long the older account may take to go: jobs close it.
const settled = time.Minute

// replaced waits until the account of a phone is closed, and asks the responder of
// the certificates of both.
func (s *show) replaced(ctx context.Context, by handset) error {
	ctx, stop := context.WithTimeout(ctx, settled)
	defer stop()
	earlier := *s
	earlier.hand = by
	for {
		has, err := earlier.accounts(ctx)
		if err != nil {
			return err
		}
		if list := has.Accounts.Accounts; len(list) == 1 && account.State(list[0].State) == account.Closed {
			if err = s.status(ctx, list[0], ocsp.Revoked); err == nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("the older account is not closed"), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
	has, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range has.Accounts.Accounts {
		if err := s.status(ctx, a, ocsp.Good); err != nil {
			return err
		}
	}
	return nil
}

// status fails unless the responder says that of all certificates of an account.
func (s *show) status(ctx context.Context, a wire.Account, want ocsp.Status) error {
	text, err := os.ReadFile(s.world.Path("authority", "root.pem"))
	if err != nil {
		return err
	}
	roots, err := pki.DecodeCertificates(text)
	if err != nil {
		return err
	}
	for _, k := range a.Keys {
		if len(k.Certificate) < 2 {
			return errors.New("a key without a certificate")
		}
		cert, err := x509.ParseCertificate(k.Certificate[0])
		if err != nil {
			return err
		}
		issuer, err := x509.ParseCertificate(k.Certificate[1])
		if err != nil {
			return err
		}
		got, err := s.responder(ctx, cert, issuer, roots)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("OCSP says %s of a certificate of %s; want %s", got, a.Document, want)
		}
	}
	return nil
}

// responder asks about one certificate.
func (s *show) responder(ctx context.Context, cert, issuer *x509.Certificate, roots []*x509.Certificate) (ocsp.Status, error) {
	question, err := ocsp.NewRequest(cert, issuer, crypto.SHA256, nil)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.public+"/ocsp", bytes.NewReader(question))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	r, err := ocsp.Verify(b, cert, issuer, roots, time.Now())
	return r.Status, err
}
