package login

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// A Use is a session that has ended, as its holder may see it later.
type Use struct {
	Session string
	Person  string // Account.Person
	Number  string // document number of the account that signed; "" if none did
	Account string // id of the one account that was asked; "" if there were several
	Service string // who asked, as it was shown
	Text    string
	Ended   time.Time
	End     EndResult
	NotMe   bool
}

// UseOf reads a session that has ended.
func UseOf(s Session) (Use, error) {
	l, err := load(s)
	if err != nil {
		return Use{}, err
	}
	u := Use{Session: s.ID, Person: s.Person, Service: l.detail.Fields.RPName, Ended: s.Ended, End: s.End, NotMe: s.NotMe}
	if b := l.detail.Fields.BrokeredName; b != "" {
		u.Service = b + " (" + u.Service + ")"
	}
	if screens, err := acsp.ParseInteractions(l.detail.Fields.Interactions); err == nil {
		u.Text = screens[0].Text
	}
	if l.detail.Answer != nil {
		u.Number = l.detail.Answer.Number
	}
	if len(l.detail.Offers) == 1 {
		u.Account = l.detail.Offers[0].Account
	}
	return u, nil
}

// Lapse ends a session whose time is over and that nobody reads any more. One
// that runs, or has ended, stays as it is.
func (f *Flow) Lapse(ctx context.Context, id string) error {
	l, err := f.read(ctx, id)
	if err != nil || f.clock.Now().Before(l.Expires) {
		return err
	}
	_, err = f.settle(ctx, l, nil)
	return err
}

// Asked returns the name of the service whose session it was, for an account of
// the person who was asked. It fails with [tunnus.CodeNotFound] for any other.
func (f *Flow) Asked(ctx context.Context, account, session string) (service string, err error) {
	_, l, err := f.asked(ctx, account, session)
	return l.detail.Fields.RPName, err
}

func (f *Flow) asked(ctx context.Context, account, session string) (Account, loaded, error) {
	a, err := f.accounts.ByID(ctx, account)
	if err != nil {
		return Account{}, loaded{}, err
	}
	l, err := f.read(ctx, session)
	if err != nil {
		return Account{}, loaded{}, err
	}
	if l.Person != a.Person {
		return Account{}, loaded{}, tunnus.NotFound(errors.New("login: session of another person"))
	}
	return a, l, nil
}

// Forgive takes a "not me" of the last day back: the service of that session may
// send notifications to the person again. The caller has had the account's PIN1
// proved. It fails with [tunnus.CodeNotFound] if the session is not of the
// account's person; taken back already, it succeeds again.
func (f *Flow) Forgive(ctx context.Context, account, session string) (service string, err error) {
	a, l, err := f.asked(ctx, account, session)
	if err != nil {
		return "", err
	}
	recent, err := f.store.Recent(ctx, a.Person, f.clock.Now().Add(-2*memory))
	if err != nil {
		return "", err
	}
	for _, s := range recent {
		if s.Party != l.Party || !s.NotMe {
			continue
		}
		s.NotMe = false
		event := tunnus.Event{At: f.clock.Now(), Kind: "login.forgive", Subject: s.ID, Detail: map[string]string{"party": s.Party}}
		if err := f.store.Save(ctx, s, []tunnus.Event{event}); err != nil {
			return "", err
		}
	}
	return l.detail.Fields.RPName, nil
}
