package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/keys"
	"github.com/tunnus-id/tunnus/store/second"
)

// overlap is how long before the newest copy Catch begins: clocks of nodes
// differ, and one node may have been cut off while others went on.
const overlap = time.Hour

// Catch writes to the second place what the database has and the second place
// may not have: all that was decided since an hour before its newest copy, as
// the audit log tells, or everything if it is empty; and likewise all of a kind that
// an earlier release did not copy. It returns how many copies
// these were. A node that could not reach the second place for longer than that,
// and then died, needs [Recovery.Apply], which compares everything.
func (r *Recovery) Catch(ctx context.Context) (int, error) {
	_, newest, err := r.cfg.Place.Newest(ctx, r.cfg.Kinds, 1)
	if err != nil {
		return 0, err
	}
	p := &pushing{r: r, ctx: ctx}
	if newest.IsZero() {
		err = p.everything()
	} else {
		err = errors.Join(p.since(newest.Add(-overlap)), p.begun())
	}
	return p.n, errors.Join(err, p.flush())
}

// pushing collects copies and writes them now and then.
type pushing struct {
	r    *Recovery
	ctx  context.Context
	buf  []second.Copy
	n    int
	look bool // for the first one, and nothing is written
}

var errFound = errors.New("recovery: there is something")

func (p *pushing) add(c copies.Copy, err error) error {
	if err != nil {
		return fmt.Errorf("recovery: copy: %w", err)
	}
	if !slices.Contains(p.r.cfg.Kinds, c.Kind) {
		return nil
	}
	if p.look {
		return errFound
	}
	p.n++
	if p.buf = append(p.buf, second.Copy(c)); len(p.buf) < page {
		return nil
	}
	return p.flush()
}

func (p *pushing) flush() error {
	list := p.buf
	p.buf = nil
	return p.r.cfg.Mirror.Write(list)
}

// since goes through all that the audit log names since then.
func (p *pushing) since(from time.Time) error {
	id := fmt.Sprintf("%016x", from.UnixMilli()<<15) // as the engine names its lines
	return p.pages(func(after string) ([]string, error) {
		return p.r.cfg.Database.Read().SubjectsSince(p.ctx, db.SubjectsSinceParams{ID: id, Subject: after, Many: page})
	}, p.ledger, p.key, p.account, p.member, p.contact)
}

// everything goes through the whole database.
func (p *pushing) everything() error {
	q := p.r.cfg.Database.Read()
	return errors.Join(
		p.pages(func(after string) ([]string, error) {
			return q.LockKeysAfter(p.ctx, db.LockKeysAfterParams{Key: after, Many: page})
		}, p.ledger),
		p.pages(func(after string) ([]string, error) {
			return q.KeysAfter(p.ctx, db.KeysAfterParams{ID: after, Many: page})
		}, p.key),
		p.pages(func(after string) ([]string, error) {
			return q.AccountsAfter(p.ctx, db.AccountsAfterParams{ID: after, Many: page})
		}, p.state),
		p.pages(func(after string) ([]string, error) {
			return q.CertificatesAfter(p.ctx, db.CertificatesAfterParams{Serial: after, Many: page})
		}, p.certificate),
		p.members(),
		p.contacts(),
	)
}

// begun goes through what earlier releases did not copy, where none of it is there yet.
func (p *pushing) begun() error {
	var errs []error
	for kind, all := range map[string]func() error{copies.KindMember: p.members, copies.KindContact: p.contacts} {
		_, newest, err := p.r.cfg.Place.Newest(p.ctx, []string{kind}, 1)
		if err == nil && newest.IsZero() {
			err = all()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (p *pushing) contacts() error {
	return p.pages(func(after string) ([]string, error) {
		return p.r.cfg.Database.Read().EndedContactsAfter(p.ctx, db.EndedContactsAfterParams{ID: after, Many: page})
	}, p.contact)
}

// pages calls every one of do for each name of a list that is read page by page.
func (p *pushing) pages(next func(after string) ([]string, error), do ...func(name string) error) error {
	for after := ""; ; {
		names, err := next(after)
		if err != nil {
			return fmt.Errorf("recovery: reading: %w", err)
		}
		if len(names) == 0 {
			return nil
		}
		for _, name := range names {
			for _, f := range do {
				if err := f(name); err != nil {
					return err
				}
			}
		}
		after = names[len(names)-1]
	}
}

func (p *pushing) ledger(key string) error {
	entries, err := p.r.cfg.Database.Read().LockEntries(p.ctx, key)
	if err != nil {
		return fmt.Errorf("recovery: reading a ledger: %w", err)
	}
	for _, e := range entries {
		if err := p.add(copies.OfLock(e)); err != nil {
			return err
		}
	}
	return nil
}

// key pushes a key with the tries that still count, and the newest.
func (p *pushing) key(id string) error {
	port := keys.New(p.r.cfg.Database)
	k, err := port.Keys.Key(p.ctx, id)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := p.add(copies.OfKey(k)); err != nil {
		return err
	}
	tries, err := port.Evaluations.Since(p.ctx, id, min(k.ClearedSeq, k.LastSeq-1))
	if err != nil {
		return err
	}
	return p.tries(tries)
}

func (p *pushing) tries(list []row.Evaluation) error {
	for _, e := range list {
		if err := p.add(copies.OfTry(e)); err != nil {
			return err
		}
	}
	return nil
}

// account pushes an account with its certificates.
func (p *pushing) account(id string) error {
	if err := p.state(id); err != nil {
		return err
	}
	certificates, err := p.r.cfg.Database.Read().CertificatesByAccount(p.ctx, id)
	if err != nil {
		return fmt.Errorf("recovery: reading certificates: %w", err)
	}
	for _, c := range certificates {
		if err := p.issued(c); err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) state(id string) error {
	a, err := p.r.cfg.Database.Read().Account(p.ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recovery: reading an account: %w", err)
	}
	return p.add(copies.OfAccount(a.ID, a.State, a.Rev))
}

func (p *pushing) certificate(serial string) error {
	c, err := p.r.cfg.Database.Read().Certificate(p.ctx, serial)
	if err != nil {
		return fmt.Errorf("recovery: reading a certificate: %w", err)
	}
	return p.issued(c)
}

// issued pushes a certificate; one that was only intended has no copy.
func (p *pushing) issued(c db.Certificate) error {
	if c.Issued == 0 && c.Changed == 0 {
		return nil
	}
	return p.add(copies.OfCertificate(c))
}
