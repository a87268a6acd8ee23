package app

import (
	"context"

	"github.com/tunnus-id/tunnus/app/wire"
)

// Container fetches the signed application of the account of this phone, as the
// server has it by now. Whether it holds, `tunnus verify` tells.
func (a *App) Container(ctx context.Context) (wire.Container, error) {
	held, err := a.held()
	if err != nil {
		return wire.Container{}, err
	}
	var out wire.Container
	err = a.server.Call(ctx, wire.PathContainer, wire.ContainerOf{Document: held.Document}, &out)
	return out, err
}
