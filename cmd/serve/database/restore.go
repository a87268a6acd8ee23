package database

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/recovery"
	"github.com/tunnus-id/tunnus/store/second"
)

// Restore joins a database that was restored from a backup with its second place
// (doc/restore.md). No server may have it open. After an error it must be run
// again before a server opens. The database that it returns is to be closed.
func Restore(ctx context.Context, cfg *config.Config, clock tunnus.Clock) (*Database, recovery.Report, error) {
	where, err := cfg.Database()
	if err != nil {
		return nil, recovery.Report{}, err
	}
	beside, err := cfg.SecondPlace()
	if err == nil && beside == "" {
		err = errors.New("second: missing; there is nothing to restore from")
	}
	if err != nil {
		return nil, recovery.Report{}, err
	}
	d := &Database{}
	if d.place, err = second.Open(ctx, beside); err != nil {
		return nil, recovery.Report{}, err
	}
	if err := errors.Join(samePlace(ctx, d.place, cfg.Data), notEmpty(ctx, d.place)); err != nil {
		return nil, recovery.Report{}, errors.Join(err, d.place.Close())
	}
	d.mirror = second.NewMirror(d.place)
	if d.Store, err = store.Open(ctx, where, engine.CopyTo(recovery.Sink(d.mirror))); err != nil {
		return nil, recovery.Report{}, errors.Join(err, d.place.Close())
	}
	ks := d.Keyshare()
	c := recovery.Config{
		Database: d.Database(), Place: d.place, Mirror: d.mirror, Clock: clock,
		Keys: restore.New(ks.Keys, ks.Evaluations, ks.Restores, clock),
	}
	for _, r := range cfg.Roles {
		c.Kinds = append(c.Kinds, kinds[r]...)
	}
	r := recovery.New(c)
	report, err := r.Apply(ctx)
	if err == nil {
		err = r.Check(ctx)
	}
	if err != nil {
		return nil, report, errors.Join(err, d.Close())
	}
	return d, report, nil
}
