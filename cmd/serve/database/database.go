// Package database opens the database of a process together with its second place,
// where a copy is kept of all that a restored backup must not forget.
package database

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/recovery"
	"github.com/tunnus-id/tunnus/store/second"
)

// A Database is the store of a process, with its second place.
type Database struct {
	*store.Store
	place  *second.Place // nil without one
	mirror *second.Mirror
}

// kinds are the copies that the rows of a role leave.
var kinds = map[config.Role][]string{
	config.Front:    {copies.KindLock, copies.KindAccount, copies.KindMember, copies.KindContact},
	config.Keyshare: {copies.KindKey, copies.KindTry},
	config.Issue:    {copies.KindCertificate},
}

// Open opens the database that a configuration names. It fails with
// [recovery.ErrBehind] if that is an older copy of itself: then it must not be
// served from before `tunnus restore`.
func Open(ctx context.Context, cfg *config.Config, clock tunnus.Clock) (*Database, error) {
	where, err := cfg.Database()
	if err != nil {
		return nil, err
	}
	beside, err := cfg.SecondPlace()
	if err != nil {
		return nil, err
	}
	if beside == "" { // only in a sandbox
		s, err := store.Open(ctx, where)
		return &Database{Store: s}, err
	}
	d := &Database{}
	if d.place, err = second.Open(ctx, beside); err != nil {
		return nil, err
	}
	if err := samePlace(ctx, d.place, cfg.Data); err != nil {
		return nil, errors.Join(err, d.place.Close())
	}
	d.mirror = second.NewMirror(d.place)
	if d.Store, err = store.Open(ctx, where, engine.CopyTo(recovery.Sink(d.mirror))); err != nil {
		return nil, errors.Join(err, d.place.Close())
	}
	if err := d.compare(ctx, cfg.Roles, clock); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// compare sees that the database has what was copied last, and copies what was
// not when the process died.
func (d *Database) compare(ctx context.Context, roles config.Roles, clock tunnus.Clock) error {
	c := recovery.Config{Database: d.Database(), Place: d.place, Mirror: d.mirror, Clock: clock}
	for _, r := range roles {
		c.Kinds = append(c.Kinds, kinds[r]...)
	}
	r := recovery.New(c)
	if err := r.Check(ctx); err != nil {
		return err
	}
	_, err := r.Catch(ctx)
	return err
}

// FlushEvery is how often [Database.Flush] is to be called.
const FlushEvery = 5 * time.Second

// Flush copies what could not be copied when it was written.
func (d *Database) Flush(context.Context) error {
	if d.mirror == nil {
		return nil
	}
	return d.mirror.Flush()
}

// Close closes both.
func (d *Database) Close() error {
	err := d.Store.Close()
	if d.place != nil {
		err = errors.Join(err, d.place.Close())
	}
	return err
}
