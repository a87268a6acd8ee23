package serve

import (
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus/cmd/serve/portal"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/elsewhere"
	web "github.com/tunnus-id/tunnus/web/portal"
)

// joinPortal makes the visits of people at a computer, if the configuration wants a
// portal: registrations ask for them.
func (f *front) joinPortal() error {
	if f.cfg.Portal == nil {
		return nil
	}
	secret, err := f.own.Secret()
	if err != nil {
		return err
	}
	f.portal, err = portal.Join(portal.Config{
		File: f.cfg, Inputs: f.in.Portal, Rules: f.in.Rules, Database: f.store.Database(), Locks: f.store.Ledger(), Sheets: f.store.Codes(),
		Accounts: f.store.Accounts(), Contacts: f.contacts, Sealer: f.sealer, Secret: secret, Clock: f.clock, Log: f.log,
	})
	return err
}

// cards is the portal's side of the ID-card way; nil closes it.
func (f *front) cards() elsewhere.Cards {
	if f.portal == nil {
		return nil
	}
	return f.portal.Cards
}

// places tells where addresses are; nil where nobody knows.
func (f *front) places() card.Places {
	if f.in.Portal == nil {
		return nil
	}
	return f.in.Portal.Places
}

// visited serves the portal.
func (f *front) visited(mux *http.ServeMux) error {
	if f.portal == nil {
		return nil
	}
	h, err := f.portal.Serve(portal.Parts{Accounts: f.life, History: f.history, Confirm: f.confirm, Register: f.register()})
	if err == nil {
		mux.Handle(web.Path, h)
	}
	return err
}

// portalJobs are what the portal needs without a request.
func (f *front) portalJobs() []job {
	if f.portal == nil {
		return nil
	}
	return []job{{"visits", time.Minute, f.portal.Tidy}}
}
