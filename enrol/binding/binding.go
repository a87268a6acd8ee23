// Package binding ties an applicant who is proved to a device: it gives the two
// keys that the phone has made their moduli, has certificates issued for them,
// and writes the application that the new PIN2 signs. It also takes all of that
// back.
//
// It keeps nothing and commits nothing. The flow (package enrol) writes down
// what is going to be bound before it calls [Binder.Bind], so that whatever came
// of it can be found; every step may be repeated, and makes the same again.
package binding

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
)

// A Binder makes and takes back.
type Binder struct {
	Keys   Halves
	Issuer Issuer
}

// A Pair is the two keys of one session, on one device.
type Pair struct {
	Session string
	Device  string // thumbprint of the device key
	Login   string // key ids
	Sign    string
}

// key is one key of a pair.
type key struct {
	id      string
	purpose Purpose
}

// keys lists both, always in this order: two calls at a time meet at the first.
func (p Pair) keys() []key { return []key{{p.Login, ForLogin}, {p.Sign, ForSignature}} }

// Check judges both keys before anything is given to either. It fails with
// bad-request if they are not two, and as [Halves] does.
func (b Binder) Check(ctx context.Context, p Pair) error {
	if p.Login == "" || p.Sign == "" || p.Login == p.Sign {
		return tunnus.BadRequest("keys", errors.New("binding: two keys are needed"))
	}
	for _, k := range p.keys() {
		if err := b.Keys.Check(ctx, p.Session, p.Device, k.id, k.purpose); err != nil {
			return fmt.Errorf("binding: %s key: %w", k.purpose, err)
		}
	}
	return nil
}

// Terms are what the applicant has agreed to, in their versions.
type Terms struct{ Terms, Consent string }

// Bind gives the pair its moduli, has its certificates made and adds them to the
// account, and returns the record of the application (application.Record). Birth
// is a day, in UTC.
func (b Binder) Bind(ctx context.Context, p Pair, a *account.Account, birth time.Time, t Terms) ([]byte, error) {
	public := map[Purpose]*rsa.PublicKey{}
	for _, k := range p.keys() {
		pub, err := b.Keys.Assign(ctx, p.Session, p.Device, k.id, k.purpose)
		if err != nil {
			return nil, fmt.Errorf("binding: %s key: %w", k.purpose, err)
		}
		public[k.purpose] = pub
	}
	app := application.Body{
		Format: application.Version, Person: a.Person.SemanticsID(), Surname: a.Surname, GivenNames: a.GivenNames,
		Document: a.Document, Level: string(a.Level), Device: a.Device,
		Terms: t.Terms, Consent: t.Consent, Time: a.CreatedAt.UTC().Truncate(time.Second),
	}
	for _, k := range p.keys() {
		c, err := b.Issuer.Issue(ctx, Request{
			ID: p.Session + "/" + string(k.purpose), Account: a.ID, Document: a.Document, Person: a.Person,
			Surname: a.Surname, GivenNames: a.GivenNames, Birth: birth, Level: a.Level,
			Purpose: k.purpose, PublicKey: public[k.purpose], Device: p.Device,
		})
		if err != nil {
			return nil, fmt.Errorf("binding: %s certificate: %w", k.purpose, err)
		}
		a.Certificates = append(a.Certificates, c)
		mark, err := application.Thumbprint(public[k.purpose])
		if err != nil {
			return nil, err
		}
		app.Keys = append(app.Keys, application.Key{Purpose: string(k.purpose), Thumbprint: mark, Certificate: c.Serial})
	}
	made, _ := a.Certificate(string(ForSignature))
	return application.Record{Application: app, Certificate: made.DER}.Canonical()
}

// Undo withdraws what was made for an account that does not come. It may be
// repeated until all of it has succeeded.
func (b Binder) Undo(ctx context.Context, p Pair, accountID string) error {
	if err := b.Issuer.Withdraw(ctx, accountID); err != nil {
		return fmt.Errorf("binding: withdrawing certificates: %w", err)
	}
	for _, k := range p.keys() {
		if err := b.Keys.Revoke(ctx, p.Session, k.id); err != nil {
			return fmt.Errorf("binding: revoking a key: %w", err)
		}
	}
	return nil
}
