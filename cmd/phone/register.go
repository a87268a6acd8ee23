package phone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Register makes an account.
type Register struct {
	Flags    `embed:""`
	Way      way.Way     `help:"How you prove who you are: passport (its chip, and your face), idcard (in the portal, on a computer with a card reader), account (another account of yours, on another phone) or desk (an officer)." default:"passport" enum:"passport,idcard,account,desk"`
	Purpose  way.Purpose `help:"What for: new (one more account), renew or upgrade (an older account of yours makes place once this one is active)." default:"new" enum:"new,renew,upgrade"`
	Replaces string      `help:"Number of the account that makes place, such as PNOXX-199002140017-ABCD-Q, with --purpose renew or upgrade. Without it you are asked, if there are several."`
}

// Run registers.
func (c *Register) Run(ctx context.Context) error {
	a, vault, screen, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	defer screen.End() // an error must not land behind a bar
	if err := vacant(ctx, a); err != nil {
		return err
	}
	if c.virtual != nil && c.Way == way.Passport {
		for _, line := range c.virtual.Page() {
			screen.Tell(line)
		}
	}
	made, err := a.RegisterBy(ctx, wire.Begin{Way: string(c.Way), Purpose: string(c.Purpose), Replaces: c.Replaces})
	if err != nil {
		return err
	}
	screen.Tell(fmt.Sprintf("Your account is %s: %s, %s, until %s.", made.State, made.Document, made.Level, made.Expires.Local().Format(time.DateOnly)))
	return nil
}

// vacant finds a phone without an account that lives: there is one on a phone.
func vacant(ctx context.Context, a *app.App) error {
	list, err := a.Accounts(ctx)
	for _, acc := range list {
		switch account.State(acc.State) {
		case account.Issued:
			return errors.New("a registration on this phone was cut short before its application was signed; once its time is over, another can be begun")
		}
		if account.State(acc.State).Live() {
			return fmt.Errorf("this phone has an account already: %s", listed(acc))
		}
	}
	return err
}

// Confirm answers for another phone.
type Confirm struct {
	Flags `embed:""`
	Link  string `arg:"" help:"The link as the other phone shows it: tunnus://confirm/…"`
}

// Run confirms, or refuses.
func (c *Confirm) Run(ctx context.Context) error {
	a, vault, screen, err := c.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	verdict, err := a.Confirm(ctx, c.Link)
	if err != nil {
		return err
	}
	if verdict != app.Confirmed {
		screen.Tell("You have refused. The registration on the other phone ends.")
		return nil
	}
	screen.Tell("Confirmed. The other phone goes on by itself.")
	return nil
}
