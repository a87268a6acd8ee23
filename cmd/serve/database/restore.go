package database

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/store/recovery"
)

// A Way is how a restore goes about the second place.
type Way bool

// The ways.
const (
	Join Way = false // with the one that the database was written beside
	Anew Way = true  // that one is lost for good: a new one begins
)

// ErrNoPlace is told where nothing could be restored from.
var ErrNoPlace = errors.New("second: missing; there is nothing to restore from")

// Restore joins a database that was restored from a backup with its second place
// (doc/restore.md). No server may have it open, and until [End] none opens. After an
// error it must be run again. The database that it returns is to be closed.
func Restore(ctx context.Context, cfg *config.Config, clock tunnus.Clock, way Way) (*Database, recovery.Report, error) {
	var report recovery.Report
	where, err := cfg.Database()
	if err != nil {
		return nil, report, err
	}
	beside, err := cfg.SecondPlace()
	if err == nil && beside == "" {
		err = ErrNoPlace
	}
	if err != nil {
		return nil, report, err
	}
	if err := Begin(cfg.Data); err != nil {
		return nil, report, err
	}
	d, err := join(ctx, where, beside, way == Anew)
	if err != nil {
		return nil, report, err
	}
	ks := d.Keyshare()
	r := d.recovery(recovery.Config{Clock: clock, Keys: restore.New(ks.Keys, ks.Evaluations, ks.Restores, clock)}, cfg.Roles)
	empty, err := d.empty(ctx, cfg.Roles)
	switch {
	case err != nil:
	case way == Anew:
		if !empty { // of other roles, or of a run that was cut short; nothing that this database lacks
			err = r.Check(ctx)
		}
		if err == nil {
			report.Pushed, err = r.Begin(ctx)
		}
	case empty:
		err = ErrOtherPlace
	default:
		report, err = r.Apply(ctx)
	}
	if err == nil {
		err = r.Check(ctx)
	}
	if err == nil {
		err = d.keepName(ctx)
	}
	if err != nil {
		return nil, report, errors.Join(err, d.Close())
	}
	return d, report, nil
}
