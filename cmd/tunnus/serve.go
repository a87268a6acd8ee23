package main

import (
	"context"
	"log/slog"
	"os"

	"k8s.io/klog/v2"

	"github.com/tunnus-id/tunnus/cmd/serve"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
)

// A process names one process of the service, for the commands that act on it.
type process struct {
	Config string `required:"" help:"Configuration file (JSON) of the process." type:"existingfile"`
	Roles  string `help:"What the process is: all, or some of front, keyshare, issue with commas between (doc/roles.md)." default:"all"`
}

// load reads its configuration, and reports every fault of it.
func (p process) load() (*config.Config, error) {
	roles, err := config.ParseRoles(p.Roles)
	if err != nil {
		return nil, err
	}
	return config.Load(p.Config, roles)
}

// serveCommand runs the server, or one process of it.
type serveCommand struct {
	process
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	klog.SetSlogLogger(log.With("from", "tessera")) // what the log's library says is a line like all others
	return serve.Run(ctx, cfg, log)
}
