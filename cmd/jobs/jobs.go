// Package jobs is the command that looks after durable jobs: it lists those that
// were given up, and puts one back. The server may run meanwhile.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/store/jobs"
)

// Command is `tunnus jobs`.
type Command struct {
	Dead  deadCommand  `cmd:"" help:"List the jobs that were given up, newest first: what they were about, and why."`
	Again againCommand `cmd:"" help:"Put a job back that was given up."`
}

// A place is the process whose jobs are meant.
type place struct {
	Config string `required:"" help:"Configuration file (JSON) of the process." type:"existingfile"`
	Roles  string `help:"What the process is: all, or some of front, keyshare, issue with commas between (doc/roles.md)." default:"all"`
}

// open opens the database of a server. It makes none.
func (p *place) open(ctx context.Context) (*database.Database, error) {
	roles, err := config.ParseRoles(p.Roles)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(p.Config, roles)
	if err != nil {
		return nil, err
	}
	where, err := cfg.Database()
	if err != nil {
		return nil, err
	}
	if cfg.DatabaseFile == "" {
		if _, err := os.Stat(where); err != nil {
			return nil, fmt.Errorf("no database yet: %w", err)
		}
	}
	return database.Open(ctx, cfg, tunnus.SystemClock{})
}

type deadCommand struct {
	place
	Most int `help:"How many." default:"100"`
}

// Run lists the dead.
func (c *deadCommand) Run(ctx context.Context) (err error) {
	db, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	list, err := jobs.Dead(ctx, db.Database(), c.Most)
	if err != nil {
		return err
	}
	return write(os.Stdout, list)
}

// write prints a table.
func write(to io.Writer, list []jobs.Corpse) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NUMBER\tGIVEN UP\tKIND\tABOUT\tTRIES\tREASON") // Flush tells what fails
	for _, j := range list {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\n", j.Number, j.At.Format(time.RFC3339), j.Kind, j.ID, j.Tries, j.Reason)
	}
	return w.Flush()
}

type againCommand struct {
	place
	Number int64 `arg:"" help:"The job's number in the list of the dead."`
}

// Run puts a job back.
func (c *againCommand) Run(ctx context.Context) (err error) {
	db, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return jobs.Again(ctx, db.Database(), c.Number)
}
