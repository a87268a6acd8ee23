package inputs

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/remote"
)

// Remote is what a process needs that is not alone.
type Remote struct {
	Identity remote.Identity
	Callers  []remote.Peer
	// Keyshare and Issue are how the processes with those roles are known, if this
	// one has not.
	Keyshare, Issue remote.Peer
}

func readRemote(cfg *config.Config, clock tunnus.Clock) (Remote, error) {
	c := cfg.Remote
	if c.CertificateFile == "" {
		return Remote{}, nil // alone
	}
	var out Remote
	var errs []error
	cert, err := tls.LoadX509KeyPair(c.CertificateFile, c.KeyFile)
	errs = append(errs, err)
	out.Identity = remote.Identity{Certificate: cert, Clock: clock}
	for i, p := range c.Callers {
		peer, err := p.Remote()
		if err != nil {
			errs = append(errs, fmt.Errorf("callers[%d]: %w", i, err))
		}
		out.Callers = append(out.Callers, peer)
	}
	for _, p := range []struct {
		from *config.Peer
		to   *remote.Peer
	}{{c.Keyshare, &out.Keyshare}, {c.Issue, &out.Issue}} {
		if p.from == nil {
			continue
		}
		*p.to, err = p.from.Remote()
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}
