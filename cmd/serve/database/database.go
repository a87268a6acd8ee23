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
// [recovery.ErrBehind] if that is an older copy of itself, and with
// [recovery.ErrCutShort] if a restore has begun: then it must not be served from
// before `tunnus restore` has come to its end.
func Open(ctx context.Context, cfg *config.Config, clock tunnus.Clock) (*Database, error) {
	if err := ended(cfg.Data); err != nil {
		return nil, err
	}
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
	d, err := join(ctx, where, beside, false)
	if err != nil {
		return nil, err
	}
	if err := d.compare(ctx, cfg.Roles, clock); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// compare sees that the database has what was copied last, and copies what was
// not when the process died.
func (d *Database) compare(ctx context.Context, roles config.Roles, clock tunnus.Clock) error {
	r := d.recovery(recovery.Config{Clock: clock}, roles)
	name, err := d.SecondPlace(ctx)
	if err == nil && name == "" {
		err = d.notNew(ctx, r, roles)
	}
	if err != nil {
		return err
	}
	if err := r.Check(ctx); err != nil {
		return err
	}
	if _, err := r.Catch(ctx); err != nil || name != "" {
		return err
	}
	return d.keepName(ctx)
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
	var errs []error
	if d.Store != nil {
		errs = append(errs, d.Store.Close())
	}
	if d.place != nil {
		errs = append(errs, d.place.Close())
	}
	return errors.Join(errs...)
}
