package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var _ issue.Store = (*Certificates)(nil)

// Certificates implements [issue.Store].
type Certificates struct{ s *Store }

// Certificates returns the certificates that were made or intended.
func (s *Store) Certificates() *Certificates { return &Certificates{s} }

// Intend implements [issue.Store].
func (c *Certificates) Intend(ctx context.Context, v issue.Row, events []tunnus.Event) (row issue.Row, err error) {
	err = c.s.write(ctx, func(t tx) error {
		r, err := t.CertificateByRequest(ctx, v.Request)
		if err == nil {
			row = toCertificate(r)
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: certificate: %w", err)
		}
		p := certificateParams(v)
		row = toCertificate(db.Certificate(p))
		if err := t.AddCertificate(ctx, p); err != nil {
			return added("certificate", err)
		}
		return t.events(ctx, events)
	})
	if err != nil {
		return issue.Row{}, err
	}
	return row, nil
}

// Issued implements [issue.Store].
func (c *Certificates) Issued(ctx context.Context, serial string, certificate []byte, at time.Time, events []tunnus.Event) error {
	return c.s.write(ctx, func(t tx) error {
		r, err := t.Certificate(ctx, serial)
		switch {
		case err != nil:
			return found("certificate", err)
		case r.Issued != 0 && bytes.Equal(r.Certificate, certificate):
			return nil
		case r.Issued != 0:
			return tunnus.Conflict(errors.New("store: certificate: another one was issued for this intent"))
		}
		n, err := t.IssueCertificate(ctx, db.IssueCertificateParams{
			Serial: serial, Certificate: full(certificate), Issued: millis(at),
		})
		if err != nil || n != 1 {
			return swapped("certificate", n, err)
		}
		return t.events(ctx, events)
	})
}

// Revoke implements [issue.Store].
func (c *Certificates) Revoke(ctx context.Context, serial string, at time.Time, why issue.Reason, events []tunnus.Event) error {
	return c.s.write(ctx, func(t tx) error {
		r, err := t.Certificate(ctx, serial)
		if err != nil {
			return found("certificate", err)
		}
		if r.Revoked != 0 {
			return nil
		}
		n, err := t.RevokeCertificate(ctx, db.RevokeCertificateParams{
			Serial: serial, Revoked: millis(at), Reason: string(why),
		})
		if err != nil || n != 1 {
			return swapped("certificate", n, err)
		}
		return t.events(ctx, events)
	})
}

// ByAccount implements [issue.Store].
func (c *Certificates) ByAccount(ctx context.Context, account string) ([]issue.Row, error) {
	rows, err := c.s.read.CertificatesByAccount(ctx, account)
	return each("certificates", rows, err, toCertificate)
}

// Record implements [issue.Store].
func (c *Certificates) Record(ctx context.Context, events []tunnus.Event) error {
	return c.s.write(ctx, func(t tx) error { return t.events(ctx, events) })
}

func certificateParams(v issue.Row) db.AddCertificateParams {
	return db.AddCertificateParams{
		Serial: v.Serial, Request: v.Request, Digest: full(v.Digest), Account: v.Account, Purpose: string(v.Purpose),
		Level: string(v.Level), Key: full(v.Key), Tbs: full(v.TBS), Intent: millis(v.Intent),
		ValidFrom: millis(v.From), ValidTo: millis(v.To), Certificate: full(v.Certificate), Issued: millis(v.Issued),
		Revoked: millis(v.Revoked), Reason: string(v.Reason),
	}
}

func toCertificate(r db.Certificate) issue.Row {
	return issue.Row{
		Serial: r.Serial, Request: r.Request, Digest: some(r.Digest), Account: r.Account, Purpose: pki.Purpose(r.Purpose),
		Level: tunnus.Level(r.Level), Key: some(r.Key), TBS: some(r.Tbs), Intent: moment(r.Intent),
		From: moment(r.ValidFrom), To: moment(r.ValidTo), Certificate: some(r.Certificate), Issued: moment(r.Issued),
		Revoked: moment(r.Revoked), Reason: issue.Reason(r.Reason),
	}
}
