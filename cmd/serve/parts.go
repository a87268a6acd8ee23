package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/cmd/serve/authority"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/custody"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/cmd/serve/logbook"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/keyshare"
)

// parts are what a running process is made of: what its roles need, and no more.
type parts struct {
	cfg   *config.Config
	in    inputs.Inputs
	log   *slog.Logger
	clock tunnus.Clock

	lock      *os.File
	store     *database.Database
	book      *logbook.Book        // its part of the transparency log
	own       *hsm.Custody         // the keysets of its roles; nil for issue alone
	keyshare  *keyshare.Service    // role keyshare
	authority *authority.Authority // role issue
	front     *front               // role front
}

// assemble joins the packages as the configuration says. It makes nothing before
// all that the configuration names is there and right.
func assemble(ctx context.Context, cfg *config.Config, log *slog.Logger, clock tunnus.Clock) (*parts, error) {
	in, err := inputs.Read(cfg, clock)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(filepath.Join(cfg.Data, "lock"))
	if err != nil {
		return nil, err
	}
	p := &parts{cfg: cfg, in: in, log: log, clock: clock, lock: lock}
	if err := p.join(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// keysets are those that a role needs.
var keysets = map[config.Role][]string{
	config.Keyshare: {hsm.VOPRF, hsm.Modulus},
	config.Front:    {hsm.Session, hsm.Ledger},
}

func (p *parts) join(ctx context.Context) error {
	var err error
	if p.store, err = database.Open(ctx, p.cfg, p.clock); err != nil {
		return err
	}
	if p.book, err = logbook.Open(p.cfg, p.store.Store, p.clock); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	if p.in.Rules.Name != "" { // other roles than front may have none
		if err := p.in.Rules.Shelve(ctx, p.store.Shelf(), p.clock.Now()); err != nil {
			return fmt.Errorf("scheme_file: %w", err)
		}
	}
	var names []string
	for _, r := range p.cfg.Roles {
		names = append(names, keysets[r]...)
	}
	if len(names) > 0 {
		if p.own, err = custody.Open(ctx, p.cfg.Keys.Config, p.store, p.clock, names...); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
	}
	if p.cfg.Roles.Has(config.Keyshare) {
		if err := p.joinKeyshare(); err != nil {
			return err
		}
	}
	if p.cfg.Roles.Has(config.Issue) {
		if err := p.joinIssue(); err != nil {
			return err
		}
	}
	if !p.cfg.Roles.Has(config.Front) {
		return nil
	}
	others, err := p.reach()
	if err != nil {
		return err
	}
	p.front, err = p.joinFront(others)
	return err
}

// A reach is where the front finds what other roles have, in this process or in another.
type reach struct {
	keys   bridge.Keyshare
	ca     bridge.Authority
	proofs server.Proofs // of certificates, in the log of the role that issues them
}

func (p *parts) reach() (r reach, err error) {
	if r.keys = bridge.Local(p.keyshare); p.keyshare == nil {
		if r.keys, err = bridge.RemoteKeyshare(p.in.Remote.Identity, p.cfg.Remote.Keyshare.URL, p.in.Remote.Keyshare); err != nil {
			return r, fmt.Errorf("remote.keyshare: %w", err)
		}
	}
	if p.authority != nil {
		r.ca, r.proofs = p.authority.CA, p.book
		return r, nil
	}
	far, err := bridge.RemoteAuthority(p.in.Remote.Identity, p.cfg.Remote.Issue.URL, p.in.Remote.Issue)
	if err != nil {
		return r, fmt.Errorf("remote.issue: %w", err)
	}
	r.ca, r.proofs = far, far
	return r, nil
}

func (p *parts) close() error {
	var errs []error
	if p.book != nil {
		errs = append(errs, p.book.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.own != nil {
		errs = append(errs, p.own.Close())
	}
	return errors.Join(append(errs, p.lock.Close())...)
}
