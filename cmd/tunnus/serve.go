package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/tunnus-id/tunnus/cmd/serve"
)

// serveCommand runs the server.
type serveCommand struct {
	Config string `required:"" help:"Configuration file (JSON)." type:"existingfile"`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, err := serve.Load(c.Config)
	if err != nil {
		return err
	}
	return serve.Run(ctx, cfg, slog.New(slog.NewJSONHandler(os.Stderr, nil)))
}
