package trust

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var _ issue.Store = (*Certificates)(nil)

// Certificates implements [issue.Store].
type Certificates struct{ d *engine.Database }

// NewCertificates returns the certificates that were made or intended.
func NewCertificates(d *engine.Database) *Certificates { return &Certificates{d} }

// Intend implements [issue.Store].
func (c *Certificates) Intend(ctx context.Context, v issue.Row, events []tunnus.Event) (row issue.Row, err error) {
	err = c.d.Write(ctx, func(t *engine.Tx) error {
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
			return engine.Added("certificate", err)
		}
		return t.Events(ctx, events)
	})
	if err != nil {
		return issue.Row{}, err
	}
	return row, nil
}

// Issued implements [issue.Store].
func (c *Certificates) Issued(ctx context.Context, serial string, certificate []byte, at time.Time, events []tunnus.Event) error {
	return c.d.Write(ctx, func(t *engine.Tx) error {
		r, err := t.Certificate(ctx, serial)
		switch {
		case err != nil:
			return engine.Found("certificate", err)
		case r.Issued != 0 && bytes.Equal(r.Certificate, certificate):
			return nil
		case r.Issued != 0:
			return tunnus.Conflict(errors.New("store: certificate: another one was issued for this intent"))
		}
		n, err := t.IssueCertificate(ctx, db.IssueCertificateParams{
			Serial: serial, Certificate: engine.Full(certificate), Issued: engine.Millis(at),
		})
		if err != nil || n != 1 {
			return engine.Swapped("certificate", n, err)
		}
		if err := copies.CertificateOf(ctx, t, serial); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Revoke implements [issue.Store].
func (c *Certificates) Revoke(ctx context.Context, serial string, at time.Time, why issue.Reason, events []tunnus.Event) error {
	return c.d.Write(ctx, func(t *engine.Tx) error {
		r, err := t.Certificate(ctx, serial)
		if err != nil {
			return engine.Found("certificate", err)
		}
		if r.Revoked != 0 {
			return copies.CertificateOf(ctx, t, serial) // maybe the second place was away then
		}
		n, err := t.RevokeCertificate(ctx, db.RevokeCertificateParams{
			Serial: serial, Revoked: engine.Millis(at), Reason: string(why),
		})
		if err != nil || n != 1 {
			return engine.Swapped("certificate", n, err)
		}
		if err := copies.CertificateOf(ctx, t, serial); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// ByAccount implements [issue.Store].
func (c *Certificates) ByAccount(ctx context.Context, account string) ([]issue.Row, error) {
	rows, err := c.d.Read().CertificatesByAccount(ctx, account)
	return engine.Each("certificates", rows, err, toCertificate)
}

// Record implements [issue.Store].
func (c *Certificates) Record(ctx context.Context, events []tunnus.Event) error {
	return c.d.Write(ctx, func(t *engine.Tx) error { return t.Events(ctx, events) })
}

func certificateParams(v issue.Row) db.AddCertificateParams {
	return db.AddCertificateParams{
		Serial: v.Serial, Request: v.Request, Digest: engine.Full(v.Digest), Account: v.Account, Purpose: string(v.Purpose),
		Level: string(v.Level), Key: engine.Full(v.Key), Tbs: engine.Full(v.TBS), Intent: engine.Millis(v.Intent),
		ValidFrom: engine.Millis(v.From), ValidTo: engine.Millis(v.To), Certificate: engine.Full(v.Certificate), Issued: engine.Millis(v.Issued),
		Revoked: engine.Millis(v.Revoked), Reason: string(v.Reason), Held: engine.Millis(v.Held),
	}
}

func toCertificate(r db.Certificate) issue.Row {
	return issue.Row{
		Serial: r.Serial, Request: r.Request, Digest: engine.Some(r.Digest), Account: r.Account, Purpose: pki.Purpose(r.Purpose),
		Level: tunnus.Level(r.Level), Key: engine.Some(r.Key), TBS: engine.Some(r.Tbs), Intent: engine.Moment(r.Intent),
		From: engine.Moment(r.ValidFrom), To: engine.Moment(r.ValidTo), Certificate: engine.Some(r.Certificate), Issued: engine.Moment(r.Issued),
		Revoked: engine.Moment(r.Revoked), Reason: issue.Reason(r.Reason), Held: engine.Moment(r.Held),
	}
}
