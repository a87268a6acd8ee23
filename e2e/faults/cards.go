package faults

import (
	"context"
	"net"
	"net/http"
	"time"
)

// cards begins to answer for the ID-cards of the house's people, and returns where.
func (h *House) cards(ctx context.Context) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	responder := &http.Server{Handler: h.world.CardStatus(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = responder.Serve(l) }() // until it is closed
	context.AfterFunc(ctx, func() { _ = responder.Close() })
	return l.Addr().String(), nil
}
