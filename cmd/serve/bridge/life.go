package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/act"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// ActKeys is keyshare as proofs by PIN1 see it.
type ActKeys struct{ Keys Keyshare }

// Offer opens a request.
func (k ActKeys) Offer(ctx context.Context, o act.Offer) (string, error) {
	t, err := k.Keys.Offer(ctx, keyshare.OfferRequest{
		KeyID: o.KeyID, Kind: acsp.Kind, Record: o.Record, Hash: splitkey.Hash(o.Hash), ExpiresAt: o.Expires,
	})
	return t.ID, err
}

// Outcome tells whether it was signed.
func (k ActKeys) Outcome(ctx context.Context, transaction string) (act.Signature, bool, error) {
	out, err := k.Keys.Outcome(ctx, transaction)
	if err != nil || out.State != keyshare.Signed || out.Kind != acsp.Kind {
		return act.Signature{}, false, err
	}
	return act.Signature{KeyID: out.Key, Record: out.Record, At: out.SignedAt}, true, nil
}

// Logins are the log-ins as the history of their holders sees them.
type Logins struct {
	Rows interface {
		Unnoted(ctx context.Context, now time.Time, limit int) ([]login.Session, error)
	}
	Flow  *login.Flow
	Clock tunnus.Clock
}

// Ended implements [life.Logins].
func (l Logins) Ended(ctx context.Context, limit int) ([]life.Use, error) {
	list, err := l.Rows.Unnoted(ctx, l.Clock.Now(), limit)
	var out []life.Use
	errs := []error{err}
	for _, s := range list {
		if s.State == login.Running { // its time is over, and nobody has looked
			errs = append(errs, l.Flow.Lapse(ctx, s.ID))
			continue // it comes again
		}
		u, err := login.UseOf(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		person, err := tunnus.ParseSemanticsID(s.Person)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, life.Use{
			Session: u.Session, Person: person, Document: u.Number, Account: u.Account, Service: u.Service, Text: u.Text,
			Result: result(u), At: u.Ended, NotMe: u.NotMe,
		})
	}
	return out, errors.Join(errs...)
}

// result is the word that the relying party was told, or that of the holder who said
// that it was not them.
func result(u login.Use) string {
	if u.NotMe {
		return "NOT_ME"
	}
	return string(u.End)
}
