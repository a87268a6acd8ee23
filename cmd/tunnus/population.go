package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tunnus-id/tunnus/cmd/population"
)

// populationCommand looks after a register of people in the server's own database.
type populationCommand struct {
	Import populationImport `cmd:"" help:"Bring the register to what a file says, and tell what changes."`
}

type populationImport struct {
	process
	population.Import
}

// Run imports.
func (c *populationImport) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	where, err := cfg.Database()
	if err != nil {
		return err
	}
	if cfg.Register == nil || !cfg.Register.Database { // it may be filled before it is asked
		fmt.Println("Note: this server does not ask its table of people; set register.database in its configuration (doc/population.md).")
	}
	return c.Do(ctx, where, os.Stdout)
}
