package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// relay runs chip authentication with the chip on an officer's reader, as the app's
// server does with the one on a phone: the ephemeral key is here.
func (s *Server) relay(w http.ResponseWriter, r *http.Request) error {
	group, err := relay.Group(r.Header.Get(relay.Header))
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(group[:])) // what was signed in its place
	c, err := s.identify(w, r, int64(len(group)))
	if err == nil && !socket.Asked(r) {
		err = tunnus.BadRequest("upgrade", errors.New("api: not a WebSocket"))
	}
	if err != nil {
		return err
	}
	run, err := s.cfg.Desks.Relay(r.Context(), c.actor, c.id())
	if err != nil {
		return err
	}
	limits := socket.Limits{Message: relay.MaxMessage, Messages: relay.MaxMessages, First: relay.Opening, Life: relay.Life}
	socket.Talk(w, r, limits, s.cfg.Log, func(ctx context.Context, conn *socket.Conn) error {
		return relay.Serve(ctx, conn, group, s.cfg.Clock, func(ctx context.Context, p emrtd.ChipProof) error {
			return s.cfg.Desks.Relayed(ctx, c.actor, c.id(), run, p)
		})
	})
	return nil
}
