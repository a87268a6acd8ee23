package phone

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/trust/asic"
)

// Container saves the holder's own application.
type Container struct {
	Flags   `embed:""`
	Out     string        `required:"" help:"File to write, such as application.asice." type:"path"`
	Timeout time.Duration `help:"How long to wait until it has its time-stamp and all that is needed to check it off line." default:"1m"`
}

// Run waits for the container to be complete and writes it.
func (c *Container) Run(ctx context.Context) error {
	a, vault, screen, err := c.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	got, err := c.await(ctx, a)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, got.File, 0o600); err != nil {
		return err
	}
	screen.Tell(fmt.Sprintf("%s: level %s, %d bytes. `tunnus verify %s --root FILE` checks it.", c.Out, got.Level, len(got.File), c.Out))
	return nil
}

func (c *Container) await(ctx context.Context, a *app.App) (wire.Container, error) {
	ctx, stop := context.WithTimeout(ctx, c.Timeout)
	defer stop()
	for {
		got, err := a.Container(ctx)
		if err != nil || got.Level == string(asic.LT) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, fmt.Errorf("the container is still at level %s; please try again later", got.Level)
		case <-time.After(time.Second):
		}
	}
}
