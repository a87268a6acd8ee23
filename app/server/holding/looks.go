package holding

import (
	"context"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/problem"
)

// looks tells the holder when staff looked at the account, and for which case; not who
// it was.
func (s *Server) looks(ctx context.Context, c Caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.Body); err != nil {
		return nil, err
	}
	a, err := s.held(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := s.Staff.History(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	out := wire.Looks{Looks: []wire.Look{}}
	for _, l := range list {
		out.Looks = append(out.Looks, wire.Look{At: l.At, Case: l.Case})
	}
	return out, nil
}

// allow makes the code by which a member of staff may look, once.
func (s *Server) allow(ctx context.Context, c Caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.Body); err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	code, until, err := s.Staff.Consent(ctx, a.ID)
	return wire.LookCode{Code: string(code.Reveal()), Until: until}, err
}
