package serve

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus/cmd/serve/authority"
)

// joinIssue makes the role issue.
func (p *parts) joinIssue() (err error) {
	p.authority, err = authority.New(authority.Config{
		Scheme: p.cfg.Scheme, Issuer: p.in.Issuer, Root: p.in.Root, RootList: p.in.RootList, Stamper: p.in.Stamper, Responder: p.in.Responder, PublicURL: p.cfg.PublicURL, Compatible: p.cfg.Authority.Compatible, Certificates: p.in.Rules.Issuance,
		Store: p.store.Certificates(), Holds: p.store.Certificates(), Source: p.store.Statuses(), Shelf: p.store.Statuses(),
		Book: p.book, Clock: p.clock, Log: p.log,
	})
	return err
}

// issueJobs are what the role issue does without a request.
func (p *parts) issueJobs() []job {
	ready := false
	return []job{{"revocation-list", 10 * time.Second, func(ctx context.Context) error {
		if ready {
			return p.authority.Tick(ctx)
		}
		err := p.authority.Ready(ctx)
		ready = err == nil
		return err
	}}, {"ocsp-ahead", 0, p.authority.Ahead}}
}
