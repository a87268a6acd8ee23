package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/recovery"
	"github.com/tunnus-id/tunnus/store/second"
)

// ErrOtherPlace is told to an operator whose second place is not the one that this
// database was written beside: most likely its disk is not mounted, and an empty
// one was made where it should be.
var ErrOtherPlace = errors.New("the second place is not the one that this database was written beside; is its disk mounted? (If it is lost for good: doc/restore.md)")

// join opens database and second place. The database has the name of its place, and
// so has each copy of it: another one, or none, is not taken. Only a database that
// has no name yet may have a new one, unless anew says that the former is lost.
func join(ctx context.Context, where, beside string, anew bool) (_ *Database, err error) {
	d := &Database{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	d.Store, err = store.Open(ctx, where, engine.CopyTo(func(ctx context.Context, list []engine.Copy) error {
		return recovery.Sink(d.mirror)(ctx, list)
	}))
	if err != nil {
		return d, err
	}
	name, err := d.SecondPlace(ctx)
	if err != nil {
		return d, err
	}
	open := second.Existing
	if name == "" || anew {
		open = second.Open
	}
	if d.place, err = open(ctx, beside); errors.Is(err, second.ErrNone) {
		return d, errors.Join(ErrOtherPlace, err)
	}
	if err != nil {
		return d, err
	}
	d.mirror = second.NewMirror(d.place)
	has, err := d.place.Name(ctx)
	if err == nil && name != "" && name != has && !anew {
		err = ErrOtherPlace
	}
	return d, err
}

// keepName writes into the database which second place it has.
func (d *Database) keepName(ctx context.Context) error {
	name, err := d.place.Begin(ctx)
	if err != nil {
		return err
	}
	return d.SetSecondPlace(ctx, name)
}

// recovery is that of the kinds that these roles write.
func (d *Database) recovery(c recovery.Config, roles config.Roles) *recovery.Recovery {
	c.Database, c.Place, c.Mirror = d.Database(), d.place, d.mirror
	c.Kinds = d.kinds(roles)
	return recovery.New(c)
}

func (d *Database) kinds(roles config.Roles) (all []string) {
	for _, r := range roles {
		all = append(all, kinds[r]...)
	}
	return all
}

// empty reports whether the second place has nothing of these roles.
func (d *Database) empty(ctx context.Context, roles config.Roles) (bool, error) {
	_, newest, err := d.place.Newest(ctx, d.kinds(roles), 1)
	return newest.IsZero(), err
}

// notNew fails if the second place is new and the database is not: nobody could
// tell what a backup has forgotten.
func (d *Database) notNew(ctx context.Context, r *recovery.Recovery, roles config.Roles) error {
	empty, err := d.empty(ctx, roles)
	if err != nil || !empty {
		return err
	}
	if empty, err = r.Empty(ctx); err == nil && !empty {
		err = fmt.Errorf("%w: it is empty, and the database is not", ErrOtherPlace)
	}
	return err
}
