// Package serve is the server put together: it joins deciders, stores and
// interfaces as a configuration says, listens, and runs what goes on in the
// background. Nothing is decided here.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/rpapi"
	"github.com/tunnus-id/tunnus/problem"
)

// Times of the HTTP server. Long polls end well before the write timeout.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 150 * time.Second
	idleTimeout       = 120 * time.Second
	drain             = 10 * time.Second
	maxHeader         = 32 << 10
)

// Run serves until ctx ends.
func Run(ctx context.Context, cfg *Config, log *slog.Logger) error {
	began := time.Now()
	p, err := assemble(ctx, cfg, log, tunnus.SystemClock{})
	if err != nil {
		return err
	}
	defer func() {
		if err := p.close(); err != nil {
			log.Error("closing the database", "error", err)
		}
	}()
	handler, err := p.handler(log)
	if err != nil {
		return err
	}
	listener, err := listen(cfg, p.tls)
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	done := p.background(work, cfg, log)
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return work },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	log.Info("ready", "address", listener.Addr().String(), "scheme", cfg.Scheme, "after_ms", time.Since(began).Milliseconds())
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err = errors.Join(err, srv.Shutdown(last))
	<-done
	return err
}

// listen opens the socket, with TLS unless the configuration says that it is
// plain on loopback. TLS 1.2 stays: clients of relying parties need it.
func listen(cfg *Config, certs []tls.Certificate) (net.Listener, error) {
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil || cfg.PlainHTTP {
		return l, err
	}
	return tls.NewListener(l, &tls.Config{
		Certificates: certs, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		// Relying parties are pinned by certificate; the handshake proves the key.
		ClientAuth: tls.RequestClientCert,
	}), nil
}

// handler is the whole of what the server answers.
func (p *parts) handler(log *slog.Logger) (http.Handler, error) {
	rp, err := rpapi.New(rpapi.Config{Flow: p.login, Parties: p.parties, Log: log})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/v3/", rp.Handler())
	mux.Handle("/app/v1/", p.app.Routes())
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("/", problem.Handle(problem.Absent, log))
	return rpapi.Slashes(http.MaxBytesHandler(mux, maxRequest)), nil
}

// maxRequest bounds every request; the routes have their own, lower limits.
const maxRequest = 16 << 20
