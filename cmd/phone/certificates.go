package phone

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/app/tries"
)

type Certificates struct {
	Flags `embed:""`
}

// Run shows the certificates of this phone, each with what the log says of it.
func (c *Certificates) Run(ctx context.Context) error {
	a, vault, screen, err := c.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	if len(vault.State.Accounts) == 0 {
		return errNoAccount
	}
	list, err := a.Logged(ctx)
	bad := 0
	for _, l := range list {
		if l.Err != nil {
			bad++
			screen.Tell(fmt.Sprintf("%-9s  NOT SHOWN TO BE LOGGED: %s", l.Purpose, a.Explain(l.Err)))
			continue
		}
		screen.Tell(fmt.Sprintf("%-9s  serial %s, issued %s: logged, entry %d of %d", l.Purpose, l.Shown.Serial,
			tries.When(l.Shown.At), l.Entry+1, l.Shown.Checkpoint.Size))
		screen.Tell(fmt.Sprintf("           sha256 %x", l.Print))
	}
	if err == nil && bad > 0 {
		err = errors.New("a certificate is not shown to be logged")
	}
	return err
}
