package phone

import (
	"context"

	"github.com/tunnus-id/tunnus/key/pin"
)

type PIN1 struct {
	Flags `embed:""`
}

// Run changes PIN1.
func (c *PIN1) Run(ctx context.Context) error { return c.changePIN(ctx, pin.PIN1) }

type PIN2 struct {
	Flags `embed:""`
}

// Run changes PIN2.
func (c *PIN2) Run(ctx context.Context) error { return c.changePIN(ctx, pin.PIN2) }

// changePIN has the holder change one PIN.
func (p *Flags) changePIN(ctx context.Context, kind pin.Kind) error {
	a, vault, screen, err := p.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	if len(vault.State.Accounts) == 0 {
		return errNoAccount
	}
	if err := a.ChangePIN(ctx, kind); err != nil {
		return err
	}
	screen.Tell("Your " + string(kind) + " is changed. The old one opens nothing any more, on no copy of this phone.")
	return nil
}
