package serve

import (
	"context"

	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/retention"
)

// forget deletes from this process's database what has served. Where there is a front
// it is a durable job, done once a night by whichever node leads; a process without one
// has a database of its own, or does once more what deletes nothing twice.
func (p *parts) forget(ctx context.Context) error {
	gone, err := retention.Job{Database: p.store.Database(), Keep: kept(p.in.Rules), Clock: p.clock}.Run(ctx)
	for table, n := range gone {
		if n > 0 {
			p.log.InfoContext(ctx, "rows deleted that have served", "table", table, "rows", n)
		}
	}
	return err
}

// kept is how long what is kept, as the scheme file says; a process that may do without
// one has the usual times.
func kept(r scheme.Rules) scheme.Retention {
	if r.Retention == (scheme.Retention{}) {
		return scheme.Nordic().Retention
	}
	return r.Retention
}
