package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/second"
)

// PlaceFile is the name of the file in Data that names the second place of a
// server. Whoever begins a new one takes it away.
const PlaceFile = "second.name"

const maxName = 100

// ErrOtherPlace is told to an operator whose second place is not the one that
// the server has written to: most likely its disk is not mounted, and an empty
// one was made where it should be.
var ErrOtherPlace = errors.New("the second place is not the one that this server has written to; is its disk mounted?")

// samePlace makes sure that a second place is the one that the server had before,
// or notes which one it is. An empty one knows of nothing that a restored database
// has forgotten, so it must not take the place of another in silence.
func samePlace(ctx context.Context, p *second.Place, data string) error {
	name, err := p.Name(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(data, PlaceFile)
	err = secretfile.WriteNew(path, []byte(name+"\n"))
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	had, err := secretfile.Read(path, maxName)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(had)) != name {
		return fmt.Errorf("%w If it is lost for good, remove %s (doc/restore.md)", ErrOtherPlace, path)
	}
	return nil
}

// notEmpty fails if a second place has nothing that could be restored.
func notEmpty(ctx context.Context, p *second.Place) error {
	_, newest, err := p.Newest(ctx, copies.Kinds(), 1)
	if err == nil && newest.IsZero() {
		err = errors.New("second: it is empty; there is nothing to restore from")
	}
	return err
}
