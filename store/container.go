package store

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/asic"
)

var _ container.Store = (*Containers)(nil)

// Containers implements [container.Store].
type Containers struct{ d *engine.Database }

// Containers returns the signed applications.
func (s *Store) Containers() *Containers { return &Containers{s.d} }

// Container implements [container.Store].
func (c *Containers) Container(ctx context.Context, account string) (container.Container, error) {
	r, err := c.d.Read().Container(ctx, account)
	if err != nil {
		return container.Container{}, engine.Found("container", err)
	}
	return container.Container{
		Account: r.Account, Level: asic.Level(r.Level), Stamp: engine.Some(r.Stamp), File: r.File,
		Due: engine.Moment(r.Due), Tries: int(r.Tries), Rev: r.Rev,
	}, nil
}

// Save implements [container.Store].
func (c *Containers) Save(ctx context.Context, v container.Container, events []tunnus.Event) error {
	return c.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveContainer(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Unfinished implements [container.Store].
func (c *Containers) Unfinished(ctx context.Context, now, far time.Time, limit int) ([]string, error) {
	rows, err := c.d.Read().UnfinishedContainers(ctx, db.UnfinishedContainersParams{Now: engine.Millis(now), Far: engine.Millis(far), Many: engine.Many(limit)})
	return engine.Each("containers", rows, err, func(id string) string { return id })
}

func saveContainer(ctx context.Context, t *engine.Tx, v container.Container) error {
	p := db.SaveContainerParams{
		Account: v.Account, Rev: v.Rev, Level: string(v.Level), Stamp: engine.Full(v.Stamp), File: engine.Full(v.File),
		Due: engine.Millis(v.Due), Tries: int64(v.Tries),
	}
	if v.Rev == 0 {
		p.Rev = 1
		return engine.Added("container", t.AddContainer(ctx, db.AddContainerParams(p)))
	}
	n, err := t.SaveContainer(ctx, p)
	return engine.Swapped("container", n, err)
}
