package server

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// Proofs shows that certificates are in the transparency log, in this process or
// in another.
type Proofs interface {
	// Certificate returns the line in which the issue of a certificate of an account
	// was written down, with its proof and the public key of the log (proof.ParseKey).
	// It fails with [tunnus.CodeNotFound] if there is no such line (yet).
	Certificate(ctx context.Context, accountID string, der []byte) (p proof.Inclusion, key string, err error)
}

// logged gives a holder the proof that an own certificate is logged. An account
// of another device looks as if there were none.
func (s *Server) logged(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.LoggedOf](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Accounts.ByDevice(ctx, c.device)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		for _, cert := range a.Certificates {
			if a.Document != in.Document || cert.Purpose != in.Purpose {
				continue
			}
			p, key, err := s.cfg.Proofs.Certificate(ctx, a.ID, cert.DER)
			return wire.Logged{Inclusion: p, Key: key}, err
		}
	}
	return nil, tunnus.NotFound(errors.New("server: no account of this device has such a certificate"))
}
