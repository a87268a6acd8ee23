package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/second"
)

// A Report tells what a restore did.
type Report struct {
	Locks        int // entries of ledgers that were appended
	Keys         int // keys that were merged
	Certificates int // whose suspension or revocation was written again
	Lost         int // certificates that the backup did not have: revoked, without their bytes
	Accounts     int // whose state was written again
	Gone         int // accounts that the backup did not have: their holders must register anew
	Members      int // of the staff, who were ended again
	Contacts     int // that were stopped or taken off again
	Pushed       int // copies that the database has, of which each is in the second place now

	Until time.Time // when the restore epoch ends; zero if none had to be declared
}

// Lines is the report in words, one fact a line.
func (r Report) Lines() []string {
	if r.Nothing() {
		return []string{"Nothing was missing: the database has all that the second place has."}
	}
	out := []string{"The database had forgotten what came after the backup. From the second place:"}
	for _, line := range []struct {
		n    int
		text string
	}{
		{r.Locks, "entries of document and device locks, written again"},
		{r.Keys, "keys, brought to their newest counters, PIN tries and states"},
		{r.Certificates, "certificates, suspended or revoked again"},
		{r.Lost, "certificates that were issued after the backup, revoked now"},
		{r.Accounts, "accounts, brought to the state that they had reached"},
		{r.Gone, "accounts that were made after the backup and are gone; their holders must register anew"},
		{r.Members, "members of staff who had been dismissed, ended again"},
		{r.Contacts, "contacts that had been stopped or taken off, stopped again"},
	} {
		if line.n > 0 {
			out = append(out, fmt.Sprintf("%6d  %s", line.n, line.text))
		}
	}
	if !r.Until.IsZero() {
		out = append(out, fmt.Sprintf("Until %s a phone that is ahead of the database is not taken for a copy; server halves in stock were thrown away.",
			r.Until.UTC().Format(time.DateOnly)))
	}
	return out
}

// Nothing reports whether the database had everything.
func (r Report) Nothing() bool {
	return r.Locks+r.Keys+r.Certificates+r.Lost+r.Accounts+r.Gone+r.Members+r.Contacts == 0
}

// epoch is how long after a restore phones may show newer one-time values.
const epoch = 30 * 24 * time.Hour

// Apply joins database and second place, and declares a restore epoch if keys
// were merged. No server may be running. After an error it can be run again, and
// must be before the server opens.
func (r *Recovery) Apply(ctx context.Context) (Report, error) {
	a := applying{Recovery: r}
	if err := r.mark(ctx, 1); err != nil {
		return a.report, err
	}
	for _, part := range []func(context.Context) error{a.locks, a.keys, a.certificates, a.accounts, a.members, a.contacts, a.push, a.record} {
		if err := part(ctx); err != nil {
			return a.report, err
		}
	}
	return a.report, r.mark(ctx, 0)
}

type applying struct {
	*Recovery
	report Report
}

// each calls do for each copy of a kind that the database lacks.
func (a *applying) each(ctx context.Context, kind string, do func(second.Copy) error) error {
	return a.walk(ctx, kind, func(c second.Copy) error {
		has, err := a.has(ctx, c)
		if err != nil || has {
			return err
		}
		return do(c)
	})
}

// event is the line of one thing that was taken back.
func (a *applying) event(kind, subject string, details ...string) []tunnus.Event {
	e := tunnus.Event{At: a.cfg.Clock.Now(), Kind: "restore." + kind, Subject: subject, Detail: map[string]string{}}
	for i := 0; i+1 < len(details); i += 2 {
		e.Detail[details[i]] = details[i+1]
	}
	return []tunnus.Event{e}
}

// locks appends the entries that are missing. Copies come in the order of their
// places, so each stands behind the one before it.
func (a *applying) locks(ctx context.Context) error {
	return a.each(ctx, copies.KindLock, func(c second.Copy) error {
		e, err := read[db.LockEntry](c)
		if err != nil {
			return err
		}
		err = a.cfg.Database.Write(ctx, func(t *engine.Tx) error {
			if err := t.AddLockEntry(ctx, db.AddLockEntryParams(e)); err != nil {
				return engine.Added("lock entry", err)
			}
			if err := copies.Lock(t, e); err != nil {
				return err
			}
			return t.Events(ctx, a.event("lock", e.Key, "kind", e.Kind, "attempt", e.Attempt))
		})
		if err != nil {
			return fmt.Errorf("recovery: entry %d of a ledger: %w", e.Place, err)
		}
		a.report.Locks++
		return nil
	})
}

// keys merges the keys of which key or tries are missing. The epoch comes first:
// cut short, the next run may find nothing to merge any more, and must not leave
// the pool with halves that were given away.
func (a *applying) keys(ctx context.Context) error {
	which := map[string]bool{}
	err := errors.Join(
		a.each(ctx, copies.KindTry, func(c second.Copy) error {
			id, _, _ := strings.Cut(c.ID, "/")
			which[id] = true
			return nil
		}),
		a.each(ctx, copies.KindKey, func(c second.Copy) error { which[c.ID] = true; return nil }),
	)
	if err != nil {
		return err
	}
	if len(which) == 0 {
		return nil
	}
	until := a.cfg.Clock.Now().Add(epoch)
	if err := a.cfg.Keys.Declare(ctx, until); err != nil {
		return err
	}
	a.report.Until = until
	for _, id := range slices.Sorted(maps.Keys(which)) {
		if err := a.key(ctx, id); err != nil {
			return fmt.Errorf("recovery: key %s: %w", id, err)
		}
		a.report.Keys++
	}
	return nil
}

func (a *applying) key(ctx context.Context, id string) error {
	found, err := a.cfg.Place.Get(ctx, copies.KindKey, id)
	if err != nil {
		return err
	}
	if found.Rev == 0 {
		return errors.New("there are tries of it, and no copy of the key itself")
	}
	var c restore.Copy
	if c.Key, err = read[row.Key](found); err != nil {
		return err
	}
	for after := id + "/"; ; {
		list, err := a.cfg.Place.After(ctx, copies.KindTry, after, page)
		if err != nil {
			return err
		}
		for _, t := range list {
			if !strings.HasPrefix(t.ID, id+"/") {
				return a.cfg.Keys.Reapply(ctx, c)
			}
			e, err := read[row.Evaluation](t)
			if err != nil {
				return err
			}
			c.Tries = append(c.Tries, e)
			after = t.ID
		}
		if len(list) < page {
			return a.cfg.Keys.Reapply(ctx, c)
		}
	}
}

// certificates writes suspensions and revocations again. A certificate that the
// database does not have at all is written down as revoked, without its bytes.
func (a *applying) certificates(ctx context.Context) error {
	return a.each(ctx, copies.KindCertificate, func(c second.Copy) error {
		v, err := read[copies.Certificate](c)
		if err != nil {
			return err
		}
		var known bool
		err = a.cfg.Database.Write(ctx, func(t *engine.Tx) (err error) {
			known, err = a.certificate(ctx, t, v)
			return err
		})
		switch {
		case err != nil:
			return fmt.Errorf("recovery: certificate %s: %w", v.Serial, err)
		case known:
			a.report.Certificates++
		default:
			a.report.Lost++
		}
		return nil
	})
}

// certificate reports whether the database knew it.
func (a *applying) certificate(ctx context.Context, t *engine.Tx, v copies.Certificate) (known bool, err error) {
	now := engine.Millis(a.cfg.Clock.Now())
	have, err := t.Certificate(ctx, v.Serial)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if v.Revoked == 0 {
			v.Revoked, v.Reason = now, "cessationOfOperation"
		}
		err = t.AddCertificate(ctx, db.AddCertificateParams{
			Serial: v.Serial, Request: "lost/" + v.Serial, Digest: []byte{}, Account: v.Account, Purpose: v.Purpose,
			Level: v.Level, Key: engine.Full(v.Key), Tbs: []byte{}, Intent: v.Intent, ValidFrom: v.From, ValidTo: v.To,
			Certificate: []byte{}, Revoked: v.Revoked, Reason: v.Reason, Held: v.Held, Changed: max(now, v.Changed),
		})
	case err != nil:
		return false, engine.Found("certificate", err)
	default:
		known = true
		if have.Revoked != 0 { // the first date and reason stand
			v.Revoked, v.Reason, v.Held = have.Revoked, have.Reason, have.Held
		}
		_, err = t.RestoreStatus(ctx, db.RestoreStatusParams{
			Serial: v.Serial, Held: v.Held, Changed: max(have.Changed, v.Changed, v.Issued), Revoked: v.Revoked, Reason: v.Reason,
		})
	}
	if err != nil {
		return known, engine.Added("certificate", err)
	}
	if err := copies.CertificateOf(ctx, t, v.Serial); err != nil {
		return known, err
	}
	return known, t.Events(ctx, a.event("certificate", v.Account, "serial", v.Serial, "reason", v.Reason))
}

// accounts writes the states again that allow less. One that the database does
// not have is marked in the second place as gone.
func (a *applying) accounts(ctx context.Context) error {
	return a.each(ctx, copies.KindAccount, func(c second.Copy) error {
		v, err := read[copies.Account](c)
		if err != nil {
			return err
		}
		have, err := a.cfg.Database.Read().Account(ctx, v.ID)
		if errors.Is(err, sql.ErrNoRows) {
			a.report.Gone++
			gone, err := copies.OfAccount(v.ID, lost, c.Rev+1)
			if err != nil {
				return err
			}
			return a.cfg.Mirror.Write([]second.Copy{second.Copy(gone)})
		}
		if err != nil {
			return fmt.Errorf("recovery: account: %w", err)
		}
		// What was issued when the backup was made, and active later, has lost its
		// signed application: it stays issued, and its registration closes it.
		state, rev, frozen := have.State, max(c.Rev, have.Rev)+1, have.FrozenUntil
		order := account.States() // of two, the one that allows less wins
		if s := account.State(v.State); s != account.Active && slices.Index(order, s) > slices.Index(order, account.State(state)) {
			state = v.State
		}
		if state != have.State && state == string(account.Frozen) { // since when is lost: it begins anew
			frozen = max(frozen, engine.Millis(a.cfg.Clock.Now().Add(account.FreezeFor)))
		}
		a.report.Accounts++
		return a.cfg.Database.Write(ctx, func(t *engine.Tx) error {
			n, err := t.SetAccountState(ctx, db.SetAccountStateParams{ID: v.ID, State: state, FrozenUntil: frozen, Rev: rev})
			if err := engine.Swapped("account", n, err); err != nil {
				return err
			}
			if err := copies.AccountState(t, v.ID, state, rev); err != nil {
				return err
			}
			return t.Events(ctx, a.event("account", v.ID, "from", have.State, "to", state))
		})
	})
}

// push gives the second place what only the database has.
func (a *applying) push(ctx context.Context) error {
	p := &pushing{r: a.Recovery, ctx: ctx}
	err := errors.Join(p.everything(), p.flush())
	a.report.Pushed = p.n
	return err
}

// record writes down that a restore was done, if anything was.
func (a *applying) record(ctx context.Context) error {
	r := a.report
	if r.Nothing() {
		return nil
	}
	return a.cfg.Database.Write(ctx, func(t *engine.Tx) error {
		return t.Events(ctx, a.event("applied", "restore", "locks", fmt.Sprint(r.Locks), "keys", fmt.Sprint(r.Keys),
			"certificates", fmt.Sprint(r.Certificates), "lost", fmt.Sprint(r.Lost), "accounts", fmt.Sprint(r.Accounts), "gone", fmt.Sprint(r.Gone),
			"members", fmt.Sprint(r.Members), "contacts", fmt.Sprint(r.Contacts)))
	})
}
