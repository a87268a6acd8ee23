package holder

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/term"
)

// Looks shows who has looked.
type Looks[F any, P Opened[F]] struct {
	Flags F    `embed:""`
	Allow bool `help:"Make a code to read out: whoever of the staff types it sees your accounts, once."`
}

// Run shows who has looked, or lets somebody look.
func (c *Looks[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		if c.Allow {
			code, err := held.Allow(ctx)
			if err == nil {
				screen.Tell(fmt.Sprintf("%s, good until %s. Read it only to somebody whom you have called yourself.",
					code.Code, code.Until.Local().Format(time.TimeOnly)))
			}
			return err
		}
		list, err := held.Looks(ctx)
		for _, l := range list {
			screen.Tell(fmt.Sprintf("%s  for the case %s", l.At.Local().Format(time.DateTime), l.Case))
		}
		if err == nil && len(list) == 0 {
			screen.Tell("Nobody has.")
		}
		return err
	})
}
