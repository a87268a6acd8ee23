package main

import (
	"context"
	"log/slog"
	"os"

	"k8s.io/klog/v2"

	"github.com/tunnus-id/tunnus/cmd/serve"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
)

// serveCommand runs the server, or one process of it.
type serveCommand struct {
	Config string `required:"" help:"Configuration file (JSON) of this process." type:"existingfile"`
	Roles  string `help:"What this process is: all, or some of front, keyshare, issue with commas between (doc/roles.md)." default:"all"`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) error {
	roles, err := config.ParseRoles(c.Roles)
	if err != nil {
		return err
	}
	cfg, err := config.Load(c.Config, roles)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	klog.SetSlogLogger(log.With("from", "tessera")) // what the log's library says is a line like all others
	return serve.Run(ctx, cfg, log)
}
