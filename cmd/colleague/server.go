package colleague

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/cmd/serve/desks"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/roster"
	store "github.com/tunnus-id/tunnus/store/desk"
)

// A server is the process whose members are meant.
type server struct {
	Config string `required:"" help:"Configuration file (JSON) of the server." type:"existingfile"`
	Roles  string `help:"What the process is; it has the role front." default:"all"`
}

// open opens its database, with what is kept of its members. A server may run meanwhile.
func (s server) open(ctx context.Context, do func(cfg *config.Config, db *database.Database, r *roster.Roster) error) error {
	roles, err := config.ParseRoles(s.Roles)
	if err != nil {
		return err
	}
	cfg, err := config.Load(s.Config, roles)
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg, tunnus.SystemClock{})
	if err != nil {
		return err
	}
	err = do(cfg, db, roster.New(store.NewStaff(db.Database()), cfg.Scheme, tunnus.SystemClock{}))
	return errors.Join(err, db.Flush(ctx), db.Close())
}

// Add is `tunnus staff add`.
type Add struct {
	server
	ID        string   `arg:"" help:"What audit lines call the member: no name of a person, such as reg-07."`
	Role      []string `required:"" help:"What the member is: support-agent, registration-officer, reviewer, supervisor, operator. May be given several times."`
	PublicKey string   `required:"" help:"The member's public key, as the command staff key makes it." type:"existingfile"`
	Person    string   `required:"" help:"File with the member's own personal code as PNOXX-199002140017: nobody serves himself. Only a keyed hash of it is kept." type:"existingfile"`
}

// Run adds a member.
func (c *Add) Run(ctx context.Context) error {
	m := staff.Member{ID: c.ID}
	for _, r := range c.Role {
		m.Roles = append(m.Roles, staff.Role(r))
	}
	p, err := person(c.Person)
	if err != nil {
		return err
	}
	if m.Key, err = block(c.PublicKey, "PUBLIC KEY"); err != nil {
		return err
	}
	return c.open(ctx, func(cfg *config.Config, db *database.Database, r *roster.Roster) error {
		marks, err := db.Marks(ctx)
		if err != nil {
			return err
		}
		if len(marks) == 0 {
			return errors.New("no keys yet; the first `tunnus serve` makes them")
		}
		own, err := hsm.Open(cfg.Keys.Config, hsm.Ledger)
		if err != nil {
			return err
		}
		err = own.Recognise(marks)
		var secret tunnus.Secret
		if err == nil {
			secret, err = own.Secret()
		}
		if err = errors.Join(err, own.Close()); err != nil {
			return err
		}
		marker, err := desks.Marker(secret)
		if err != nil {
			return err
		}
		m.Mark = marker.Mark(p)
		return r.Add(ctx, m)
	})
}

// End is `tunnus staff end`.
type End struct {
	server
	ID string `arg:"" help:"The member's ID."`
}

// Run ends a member.
func (c *End) Run(ctx context.Context) error {
	return c.open(ctx, func(_ *config.Config, _ *database.Database, r *roster.Roster) error { return r.End(ctx, c.ID) })
}

// List is `tunnus staff list`.
type List struct{ server }

// Run lists the members.
func (c *List) Run(ctx context.Context) error {
	return c.open(ctx, func(_ *config.Config, _ *database.Database, r *roster.Roster) error {
		all, err := r.Members(ctx)
		for _, m := range all {
			var roles []string
			for _, x := range m.Roles {
				roles = append(roles, string(x))
			}
			state := "works here"
			if !m.EndedAt.IsZero() {
				state = "ended " + m.EndedAt.Format("2006-01-02")
			}
			fmt.Printf("%-32s  %-16s  %s\n", m.ID, state, strings.Join(roles, ", "))
		}
		return err
	})
}
