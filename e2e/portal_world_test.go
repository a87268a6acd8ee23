package e2e

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

// startPortal is start with a portal, and a responder for the virtual cards.
func startPortal(t testing.TB) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	responder := &http.Server{ReadHeaderTimeout: time.Second}
	t.Cleanup(func() { _ = responder.Close() })
	s := start(t, func(config map[string]any) {
		config["origin"] = "https://" + config["listen"].(string)
		config["portal"] = map[string]any{
			"cards":      []any{map[string]any{"certificate_file": "world/cards/ca.der", "countries": []string{"XX"}}},
			"responders": map[string]string{"ocsp.cards.utopia.example:80": l.Addr().String()},
		}
	})
	responder.Handler = s.world.CardStatus()
	go func() { _ = responder.Serve(l) }()
	return s
}

// card is the ID-card of one of the people.
func (s *server) card(name string) *card.Card {
	s.t.Helper()
	c, err := s.world.Card(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// visitor is somebody at a computer with a card.
func (s *server) visitor(name string) *visitor.Visitor {
	s.t.Helper()
	pem, err := os.ReadFile(s.world.Path("tls", "ca.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	v, err := visitor.New(s.url, roots, s.card(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// mailed waits for a code that came after a moment.
func (w *walker) mailed(ctx context.Context, since time.Time) (string, error) {
	w.since = since
	return w.readCode(ctx)
}
