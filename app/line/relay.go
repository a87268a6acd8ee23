package line

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// Relay opens a connection on which the server runs chip authentication, signed for
// the hash of data group 14. It is not sent twice: who is cut off, which is
// [relay.ErrBroken], opens another one for another run. A refusal of the server is a
// [*tunnus.Error].
func (s *Line) Relay(ctx context.Context, group [sha256.Size]byte) (relay.Conn, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	c, err := s.relay(ctx, group)
	if errors.Is(err, ErrBroken) {
		return nil, fmt.Errorf("%w: %w", relay.ErrBroken, err)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *Line) relay(ctx context.Context, group [sha256.Size]byte) (*socket.Conn, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	header, err := s.sign(http.MethodGet, wire.PathRelay, group[:])
	if err != nil {
		return nil, err
	}
	header.Set(relay.Header, relay.Name(group))
	// The server says one thing more than the phone does, and never more at once.
	return s.dial(ctx, wire.PathRelay, header, socket.Limits{Message: relay.MaxMessage, Messages: relay.MaxMessages, Life: relay.Life})
}

// dial opens a connection with a signed opening.
func (s *Line) dial(ctx context.Context, path string, header http.Header, limits socket.Limits) (*socket.Conn, error) {
	if s.claim.Language != "" {
		header.Set("Accept-Language", s.claim.Language)
	}
	c, err := socket.Dial(ctx, s.http, s.base+path, header, limits)
	if no, ok := errors.AsType[*socket.Refusal](err); ok {
		return nil, refusal(no.Status, no.Body)
	}
	if err != nil {
		return nil, broken(ctx, err)
	}
	return c, nil
}
