package serve

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// joinKeyshare makes the role keyshare. What is signed is built here, in the process
// that owns the keys, of its own records (security.md K7).
func (p *parts) joinKeyshare() (err error) {
	p.keyshare, err = keyshare.New(keyshare.Config{
		Store: p.store.Keyshare(), Clock: p.clock, SealVOPRF: p.own.Sealer(hsm.VOPRF), SealModulus: p.own.Halves(),
		Ladder: p.in.Rules.Wrong,
		Formats: map[string]keyshare.Format{
			acsp.Kind: acsp.Format{Scheme: p.cfg.Scheme}, application.Kind: application.Format{}, statement.Kind: statement.Format{},
		},
	})
	return err
}

// keyshareJobs are what the role keyshare does without a request.
func (p *parts) keyshareJobs() []job {
	jobs := []job{
		{"key-pool", 5 * time.Second, func(ctx context.Context) error { return p.keyshare.FillPool(ctx, p.cfg.KeyPool) }},
		{"moduli", time.Minute, nightly(p.clock, p.auditModuli)},
	}
	if p.front == nil {
		// The front asks what became due, much more often. A key whose time has come
		// ends even if no front is there; what has to be done then is told again.
		jobs = append(jobs, job{"settle", 10 * time.Minute, func(ctx context.Context) error { _, err := p.keyshare.Settle(ctx); return err }})
	}
	return jobs
}

// auditModuli looks for moduli that share a factor, and tells the log what it saw.
func (p *parts) auditModuli(ctx context.Context) error {
	seen, hits, err := p.keyshare.AuditModuli(ctx)
	if err != nil {
		return err
	}
	p.log.InfoContext(ctx, "moduli compared", "seen", seen, "shared_factors", hits)
	return nil
}
