//go:build faults

package fault

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/remote/socket"
)

// A conversation is held through the harness as it is without.
func TestConversation(t *testing.T) {
	limits := socket.Limits{Message: 100, Messages: 2, Life: 2 * time.Second}
	srv := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket.Talk(w, r, limits, slog.New(slog.DiscardHandler), func(ctx context.Context, c *socket.Conn) error {
			m, err := c.Receive(ctx)
			if err != nil {
				return err
			}
			return c.Send(ctx, m)
		})
	})))
	defer srv.Close()
	c, err := socket.Dial(t.Context(), srv.Client(), srv.URL, nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Receive(t.Context()); err != nil || string(m) != "hello" {
		t.Errorf("%q, %v", m, err)
	}
}
