package serve

import (
	"os"

	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/store/desk"
)

// joinEnrol makes the registrations, and what they ask other devices.
func (f *front) joinEnrol() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	judge, err := faces(f.cfg.Sandbox, self, f.in.Faces)
	if err != nil {
		return err
	}
	secret, err := f.own.Secret()
	if err != nil {
		return err
	}
	links, err := confirm.Secret(secret)
	if err != nil {
		return err
	}
	keys := f.keys.Enrol()
	f.confirm, err = confirm.New(confirm.Config{
		Store: f.store.Questions(), Signatures: keys.Signatures, Guardians: people.Consents{Source: f.register(), Full: f.in.Rules.FullAge, Clock: f.clock},
		Sealer: f.sealer, Secret: links, Clock: f.clock,
	})
	if err != nil {
		return err
	}
	films, _ := judge.(proofs.Films) // nil in a build that looks at no picture: New refuses that where films are wanted
	f.enrol, err = enrol.New(enrol.Config{
		Rules: f.in.Rules, Trust: f.in.Trust, Secret: secret, Clock: f.clock,
		Store: f.store.Enrolments(), Locks: f.store.Ledger(), Paces: desk.NewPaces(f.store.Database()), Sheets: f.store.Codes(),
		Accounts: f.store.Accounts(), Contacts: f.contacts, Sealer: f.sealer,
		Population: f.register(), Faces: judge, Films: films, Keys: keys, Issuer: bridge.EnrolIssuer{CA: f.ca},
		Confirm: f.confirm, Cards: f.cards(), Places: f.places(), Teller: f.teller(), Desk: f.desks.Desk, Reviews: f.desks.Reviews, Marker: f.desks.Marker, Activated: f.life.Activated,
	})
	return err
}
