package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/second"
)

// members ends again who was dismissed after the backup. Of one whom the backup does
// not know the row is written, ended: nobody else may have that ID.
func (a *applying) members(ctx context.Context) error {
	return a.each(ctx, copies.KindMember, func(c second.Copy) error {
		v, err := read[copies.Member](c)
		if err != nil {
			return err
		}
		err = a.cfg.Database.Write(ctx, func(t *engine.Tx) error {
			have, err := t.StaffMember(ctx, v.ID)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				err = engine.Added("member", t.AddStaffMember(ctx, db.AddStaffMemberParams{
					ID: v.ID, Rev: 1, Roles: v.Roles, Key: engine.Full(v.Key), Mark: v.Mark, AddedAt: v.AddedAt, EndedAt: v.EndedAt,
				}))
			case err == nil:
				var n int64
				n, err = t.SaveStaffMember(ctx, db.SaveStaffMemberParams{
					ID: have.ID, Rev: have.Rev, Roles: have.Roles, Key: have.Key, Mark: have.Mark, AddedAt: have.AddedAt, EndedAt: v.EndedAt,
				})
				err = engine.Swapped("member", n, err)
			}
			if err != nil {
				return err
			}
			return t.Events(ctx, a.event("member", "staff/"+v.ID))
		})
		if err != nil {
			return fmt.Errorf("recovery: member %s: %w", v.ID, err)
		}
		a.report.Members++
		return nil
	})
}

// contacts stops contacts again, and takes off again those that were on their way out.
func (a *applying) contacts(ctx context.Context) error {
	return a.each(ctx, copies.KindContact, func(c second.Copy) error {
		v, err := read[copies.Contact](c)
		if err != nil {
			return err
		}
		err = a.cfg.Database.Write(ctx, func(t *engine.Tx) error { return a.contact(ctx, t, v, copies.Rev(c.Rev)) })
		if err != nil {
			return fmt.Errorf("recovery: contact %s: %w", v.ID, err)
		}
		a.report.Contacts++
		return nil
	})
}

// contact writes one. What had an end already when the backup was made keeps it; and
// of one that the backup does not have a row without an address is written, or the
// account that has proved it would bring it back.
func (a *applying) contact(ctx context.Context, t *engine.Tx, v copies.Contact, rev int64) error {
	rows, err := t.ContactsOfID(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("store: contact: %w", err)
	}
	have := db.Contact{Sealed: []byte{}}
	for _, r := range rows {
		if r.Person == v.Person {
			have = r
		}
	}
	if have.Rev == 0 {
		err := t.AddContact(ctx, db.AddContactParams{
			Person: v.Person, ID: v.ID, Kind: v.Kind, State: string(contact.Stopped), Sealed: []byte{}, Since: v.Since, HeldUntil: v.HeldUntil, Account: v.Account,
		})
		if err := engine.Added("contact", err); err != nil {
			return err
		}
		have.Rev, have.State = 1, string(contact.Stopped)
	}
	switch contact.State(have.State) {
	case contact.Stopped, contact.Removed:
		v.State = have.State
	}
	p := db.RestoreContactParams{Person: v.Person, ID: v.ID, State: v.State, Sealed: have.Sealed, Since: v.Since, HeldUntil: v.HeldUntil, Rev: max(rev, have.Rev) + 1}
	if v.State != string(contact.Leaving) {
		p.Sealed = []byte{}
	}
	n, err := t.RestoreContact(ctx, p)
	if err := engine.Swapped("contact", n, err); err != nil {
		return err
	}
	if err := copies.ContactState(t, v, p.Rev); err != nil {
		return err
	}
	return t.Events(ctx, a.event("contact", v.ID, "to", v.State))
}

// hasContact reports whether a database has what matters of the copy of a contact:
// one that is good again need not be there. A row that the nightly job has deleted
// was taken off long ago; one that was stopped stays for ever.
func (r *Recovery) hasContact(ctx context.Context, c second.Copy) (bool, error) {
	v, err := read[copies.Contact](c)
	if err != nil || !copies.Silenced(v.State) {
		return true, err
	}
	rows, err := r.cfg.Database.Read().ContactsOfID(ctx, v.ID)
	if err != nil {
		return false, fmt.Errorf("recovery: reading a contact: %w", err)
	}
	for _, have := range rows {
		if have.Person == v.Person {
			return copies.ContactOf(have).Order(have.Rev) >= v.Order(copies.Rev(c.Rev)), nil
		}
	}
	return v.State != string(contact.Stopped), nil
}

// member pushes a member of staff who has ended, by the name that audit lines have.
func (p *pushing) member(subject string) error {
	id, ok := strings.CutPrefix(subject, "staff/")
	if !ok {
		return nil
	}
	r, err := p.r.cfg.Database.Read().StaffMember(p.ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recovery: reading a member: %w", err)
	}
	return p.ended(r)
}

func (p *pushing) ended(r db.StaffMember) error {
	if r.EndedAt == 0 {
		return nil
	}
	return p.add(copies.OfMember(r))
}

// members pushes all who have ended.
func (p *pushing) members() error {
	all, err := p.r.cfg.Database.Read().StaffMembers(p.ctx)
	if err != nil {
		return fmt.Errorf("recovery: reading members: %w", err)
	}
	for _, r := range all {
		if err := p.ended(r); err != nil {
			return err
		}
	}
	return nil
}

// contact pushes a contact that was stopped or is taken off, or is good again.
func (p *pushing) contact(id string) error {
	rows, err := p.r.cfg.Database.Read().ContactsOfID(p.ctx, id)
	if err != nil {
		return fmt.Errorf("recovery: reading a contact: %w", err)
	}
	for _, r := range rows {
		if !copies.Silenced(r.State) && r.State != string(contact.Confirmed) {
			continue
		}
		if err := p.add(copies.OfContact(copies.ContactOf(r), r.Rev)); err != nil {
			return err
		}
	}
	return nil
}
