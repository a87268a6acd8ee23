// Package serve is one process of the server put together: it joins deciders,
// stores and interfaces as a configuration and the roles say, listens, and runs
// what goes on in the background. Nothing is decided here.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
)

// Times of the HTTP servers. Long polls end well before the write timeout.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 150 * time.Second
	idleTimeout       = 120 * time.Second
	drain             = 10 * time.Second
	maxHeader         = 32 << 10
)

// ownClock is the one that everything in this process goes by.
func ownClock(cfg *config.Config) tunnus.Clock {
	own, offset := machineClock(), cfg.ClockOffset()
	if offset == 0 {
		return own
	}
	return tunnus.ClockFunc(func() time.Time { return own.Now().Add(offset) })
}

// Run serves until ctx ends.
func Run(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	began := time.Now()
	p, err := assemble(ctx, cfg, log, ownClock(cfg))
	if err != nil {
		return err
	}
	defer func() {
		if err := p.close(); err != nil {
			log.Error("closing the database", "error", err)
		}
	}()
	gates, err := p.gates()
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	done := p.background(work)
	failed := make(chan error, len(gates))
	for _, d := range gates {
		d.server = &http.Server{
			Handler: d.handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
			IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
			BaseContext: func(net.Listener) context.Context { return work },
		}
		go func() { failed <- d.server.Serve(d.listener) }()
		log.Info("ready", "for", d.name, "address", d.listener.Addr().String(), "roles", cfg.Roles, "scheme", cfg.Scheme,
			"after_ms", time.Since(began).Milliseconds())
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	for _, d := range gates {
		err = errors.Join(err, d.server.Shutdown(last))
	}
	<-done
	return err
}
