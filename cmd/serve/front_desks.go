package serve

import (
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus/cmd/serve/desks"
	"github.com/tunnus-id/tunnus/enrol/sitting"
)

// joinDesks makes what people of the service do: registrations ask for it.
func (f *front) joinDesks() error {
	secret, err := f.own.Secret()
	if err != nil {
		return err
	}
	offices, err := f.cfg.Places()
	if err != nil {
		return err
	}
	// What is charged names the software that charged it: an incident is declared by that.
	f.in.Rules.Judgement.Release, f.in.Rules.Proof.Release = desks.Release(), desks.Release()
	f.desks, err = desks.Join(desks.Config{
		Database: f.store.Database(), Sittings: sitting.Book{Store: f.store.Enrolments(), Sealer: f.sealer, Clock: f.clock}, Locks: f.store.Ledger(),
		Rules: f.in.Rules, Trust: f.in.Trust, Secret: secret, Sealer: f.sealer, Offices: offices, Scheme: f.cfg.Scheme, Clock: f.clock, Log: f.log,
	})
	return err
}

// staffed serves members of staff, and people who want an appointment.
func (f *front) staffed(mux *http.ServeMux) error {
	accounts := desks.Accounts{Rows: f.store.Accounts(), Life: f.life, Record: f.store.Certificates().Record}
	h, err := f.desks.Serve(f.store.Audit(), accounts)
	if err != nil {
		return err
	}
	mux.Handle("/staff/v1/", h)
	mux.Handle("/appointments/v1/", h)
	return nil
}

// deskJobs are what desks, cases and appointments need without a request.
func (f *front) deskJobs() []job { return []job{{"desks", 10 * time.Second, f.desks.Tidy}} }
