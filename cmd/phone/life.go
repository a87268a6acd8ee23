package phone

import (
	"context"

	"github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/term"
)

// With implements holder.Phone.
func (p *Flags) With(ctx context.Context, do func(life.Phone, *term.Screen) error) error {
	a, vault, screen, err := p.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	defer screen.End()
	if len(vault.State.Accounts) == 0 {
		return errNoAccount
	}
	held, err := a.Phone()
	if err != nil {
		return err
	}
	return do(held, screen)
}
