package life

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A Use is a question of a service that has ended, as package login tells it.
type Use struct {
	Session  string
	Person   tunnus.PersonCode
	Document string // of the account that answered, "" if none did
	Account  string // id of the only account that was asked, "" if there were several
	Service  string
	Text     string
	Result   string
	At       time.Time
	NotMe    bool
}

// Logins gives out the log-ins that have ended and are in no history yet.
type Logins interface {
	// Ended returns at most limit of them, oldest first. Those whose time ran out
	// and that nobody ended are ended first.
	Ended(ctx context.Context, limit int) ([]Use, error)
}

// Note writes the log-ins that have ended into the history of their person, tells the
// person's other devices of each that was answered or called "not me" (security.md
// K4), and opens a case for each "not me". A log-in and its entry are joined by the
// commit that marks the log-in as noted: none is lost, none stands twice. It may run
// on several nodes.
func (s *Service) Note(ctx context.Context, l Logins) error {
	var errs []error
	for {
		list, err := l.Ended(ctx, page)
		errs = append(errs, err)
		bad := 0
		for _, u := range list {
			if err := s.note(ctx, u); err != nil {
				errs = append(errs, err)
				bad++
			}
		}
		if err != nil || len(list) < page || bad > 0 || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

func (s *Service) note(ctx context.Context, u Use) error {
	others, err := s.cfg.Accounts.ByPerson(ctx, u.Person)
	if err != nil {
		return fmt.Errorf("life: accounts of a person: %w", err)
	}
	var by account.Account
	for _, a := range others {
		if u.Document != "" && a.Document == u.Document || u.Document == "" && a.ID == u.Account {
			by = a
		}
	}
	c := Change{Sessions: []string{u.Session}}
	entry, err := s.cfg.History.Seal(u.Person, history.Entry{
		ID: loginEntry(u.Session), At: u.At, Kind: history.Login, Account: by.ID, Document: by.Document,
		Service: u.Service, Text: u.Text, Result: u.Result,
	})
	if err != nil {
		return err
	}
	c.Entries = []history.Row{entry}
	if by.ID != "" && (u.Document != "" || u.NotMe) {
		c.Told, err = s.cfg.Teller.Of(ctx, tell.Occasion{
			ID: u.Session, Kind: tell.Used, Account: by, Others: others, By: by.ID, Subject: loginEntry(u.Session), Quiet: !s.cfg.WriteUses,
		})
		if err != nil {
			return err
		}
	}
	if u.NotMe {
		c.Cases = []Case{{ID: notMe(u.Session), Kind: CaseNotMe, Account: by.ID, Subject: u.Session, OpenedAt: u.At}}
	}
	return s.cfg.Store.Commit(ctx, c)
}

func loginEntry(session string) string { return "login/" + session }
func notMe(session string) string      { return "not-me/" + session }

// Forgiven writes down that a holder took a "not me" back, and closes its case.
func (s *Service) Forgiven(ctx context.Context, a account.Account, session, service string) error {
	entry, err := s.cfg.History.Seal(a.Person, history.Entry{
		ID: "forgiven/" + session, At: s.now(), Kind: history.Forgiven, Account: a.ID, Document: a.Document, Service: service, Result: "OK",
	})
	if err != nil {
		return err
	}
	return s.cfg.Store.Commit(ctx, Change{Entries: []history.Row{entry}, Closes: []string{notMe(session)}})
}

// PINChanged writes down that a PIN was changed, and tells everybody. change names
// it: told twice, it is told once.
func (s *Service) PINChanged(ctx context.Context, a account.Account, change string) error {
	id := "pin/" + change
	others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return fmt.Errorf("life: accounts of a person: %w", err)
	}
	told, err := s.cfg.Teller.Of(ctx, tell.Occasion{ID: id, Kind: tell.PIN, Account: a, Others: others, By: a.ID})
	if err != nil {
		return err
	}
	entry, err := s.cfg.History.Seal(a.Person, history.Entry{ID: id, At: s.now(), Kind: history.PINChange, Account: a.ID, Document: a.Document, Result: "OK"})
	if err != nil {
		return err
	}
	return s.cfg.Store.Commit(ctx, Change{Once: id, Entries: []history.Row{entry}, Told: told})
}

// Elsewhere tells everybody of what happens to an account by other hands than ours: a
// copy of it was seen, its PINs are used up, the register has another name of its
// holder. id names what happened; told twice, it is told once if it stands in the
// history, as all does but another name. It returns how many letters there are.
func (s *Service) Elsewhere(ctx context.Context, a account.Account, kind tell.Kind, id, detail string) (letters int, err error) {
	others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return 0, fmt.Errorf("life: accounts of a person: %w", err)
	}
	told, err := s.cfg.Teller.Of(ctx, tell.Occasion{ID: id, Kind: kind, Account: a, Others: others, Detail: detail})
	if err != nil {
		return 0, err
	}
	c := Change{Told: told}
	if note, ok := map[tell.Kind]history.Kind{tell.Held: history.Freeze, tell.Ended: history.End}[kind]; ok {
		c.Once = string(note) + "/" + id
		entry, err := s.cfg.History.Seal(a.Person, history.Entry{
			ID: c.Once, At: s.now(), Kind: note, Account: a.ID, Document: a.Document, Result: strings.TrimPrefix(string(kind), "account-"),
		})
		if err != nil {
			return 0, err
		}
		c.Entries = []history.Row{entry}
	}
	return len(told.Letters), s.cfg.Store.Commit(ctx, c)
}

// Speak sets the language in which a person is written to: about all accounts, or
// about the one that asks only, as long as that is young (see [tell.Language]). It
// fails with bad-request for one that is not spoken.
func (s *Service) Speak(ctx context.Context, a account.Account, language string) error {
	if string(phrases.Locale(language)) != language {
		return tunnus.BadRequest("language", errors.New("life: not spoken here"))
	}
	return anew(func() error {
		all, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
		if err != nil {
			return fmt.Errorf("life: accounts of a person: %w", err)
		}
		c := Change{}
		for _, b := range all {
			if b.Language == language || !b.State.Begun() || b.ID != a.ID && a.Young(s.now()) {
				continue
			}
			b.Language = language
			c.Accounts = append(c.Accounts, b)
			c.Events = append(c.Events, tunnus.Event{At: s.now(), Kind: "account.language", Subject: b.ID, Detail: map[string]string{"to": language, "by": a.ID}})
		}
		return s.cfg.Store.Commit(ctx, c)
	})
}

// Notices returns what waits for the device of an account.
func (s *Service) Notices(ctx context.Context, a account.Account) ([]tell.Notice, error) {
	return s.cfg.Store.Notices(ctx, a.ID, page)
}

// Ack says that the device of an account has shown these.
func (s *Service) Ack(ctx context.Context, a account.Account, ids []string) error {
	if len(ids) > page {
		return tunnus.BadRequest("ids", errors.New("life: too many at once"))
	}
	return s.cfg.Store.Ack(ctx, a.ID, ids, s.now())
}
