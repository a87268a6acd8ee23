package demo

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

// startStatus answers for the cards of the invented state.
func (s *show) startStatus(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.cards = l.Addr().String()
	srv := &http.Server{Handler: s.world.CardStatus(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return nil
}

// byCard: the person logs in to the portal with an ID-card, types the code of the
// app there, and signs.
func (s *show) byCard(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	var code, last string
	err := s.apply(ctx, ByCard, "new", answers{"is-me": say("yes")}, func(line string) {
		if strings.HasPrefix(last, "Your registration code") {
			code = line
		}
		last = line
		_, rest, found := strings.Cut(line, "the digits ")
		if counter, _, _ := strings.Cut(rest, " "); found && code != "" {
			go func(code string) {
				err := s.visit(ctx, code, counter)
				if err != nil {
					stop() // nobody is left who would sign
				}
				done <- err
			}(code)
			code = ""
		}
	})
	select {
	case why := <-done:
		return cmp.Or(why, err)
	default:
		return cmp.Or(err, errors.New("the app has shown no code"))
	}
}

// visit is the portal's part, from log-in to signature.
func (s *show) visit(ctx context.Context, code, counter string) error {
	pem, err := os.ReadFile(s.world.Path("tls", "ca.pem"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	card, err := s.world.Card(s.hand.person)
	if err != nil {
		return err
	}
	v, err := visitor.New(s.url, roots, card)
	if err != nil {
		return err
	}
	return v.Register(ctx, visitor.Registration{
		Contact: s.hand.person + "@example.test", Code: code, Counter: counter,
		OneTime: func(ctx context.Context, since time.Time) (string, error) { return s.readCode(since)(ctx) },
	})
}
