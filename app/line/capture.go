package line

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// Capture opens a connection on which the holder's face is filmed in a way of package
// wire, and has film say what is said on it. What the server answers at last is nil or,
// as a refusal of the opening is, a [*tunnus.Error]. It is not sent twice: who is cut
// off, which is [capture.ErrBroken], may have lost a capture, and asks where it stands.
func (s *Line) Capture(ctx context.Context, way string, film func(context.Context, capture.Conn) (capture.Answer, error)) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	c, err := s.capture(ctx, way)
	if errors.Is(err, ErrBroken) {
		return fmt.Errorf("%w: %w", capture.ErrBroken, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // all was said, or the line broke
	a, err := film(ctx, c)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return refusal(a.Status, a.Body)
	}
	return nil
}

// captureLimits are those of what the server says.
var captureLimits = socket.Limits{
	Message: capture.MaxAnswer + 16, Messages: capture.MaxCues + 2, Life: 2 * capture.Life, Binary: true,
}

func (s *Line) capture(ctx context.Context, way string) (*socket.Conn, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	header, err := s.sign(http.MethodGet, wire.PathCapture, []byte(way))
	if err != nil {
		return nil, err
	}
	header.Set(wire.HeaderCapture, way)
	return s.dial(ctx, wire.PathCapture, header, captureLimits)
}
