package server

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/problem"
)

// Containers are the signed applications; a [container.Service] is one.
type Containers interface {
	// Of returns that of an account, or fails with [tunnus.CodeNotFound].
	Of(ctx context.Context, accountID string) (container.Container, error)
}

// container gives a holder the own application, signed. An account of another
// device looks as if there were none.
func (s *Server) container(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.ContainerOf](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Accounts.ByDevice(ctx, c.device)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.Document != in.Document {
			continue
		}
		v, err := s.cfg.Containers.Of(ctx, a.ID)
		return wire.Container{Level: string(v.Level), File: v.File}, err
	}
	return nil, tunnus.NotFound(errors.New("server: no account of this device has the number"))
}
