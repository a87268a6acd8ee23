// Package holding answers what holders ask of their accounts, contacts and history:
// the part of the app's server beside registration, keys and log-ins. Who calls was
// found by package app/server; what may be done is decided by package account/life.
package holding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/act"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/notify/words"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/staff/support"
)

// A Caller is a device whose signature on this request was verified.
type Caller struct {
	Device  string // thumbprint
	Model   string // what it claims to be
	Request string // names the request: the same again if it is repeated
	Body    []byte
}

// A Step answers one request: a value to send as JSON, or an error.
type Step func(ctx context.Context, c Caller) (any, error)

// Accounts is what is asked of the accounts; an [account.Store] does.
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error)
}

// Staff tells who has looked, and lets somebody look; a [support.Service] does.
type Staff interface {
	History(ctx context.Context, account string) ([]support.LookUp, error)
	Consent(ctx context.Context, account string) (code tunnus.Secret, until time.Time, err error)
}

// Server is what answers. All of it is needed.
type Server struct {
	Accounts Accounts
	Service  *life.Service
	History  history.Book
	Login    *login.Flow
	Prover   act.Prover
	Staff    Staff
	// Own returns the account of a device that is in use, or fails with acc-unusable.
	Own func(ctx context.Context, device string) (account.Account, error)
}

// Steps is the table of what holders do, by path.
func (s *Server) Steps() map[string]Step {
	return map[string]Step{
		wire.PathPerson:                s.person,
		wire.PathAct:                   s.askAct,
		wire.PathAct + "/done":         s.doAct,
		wire.PathFreeze:                s.freeze,
		wire.PathNotices:               s.notices,
		wire.PathNotices + "/ack":      s.ack,
		wire.PathHistory:               s.history,
		wire.PathHistory + "/hide":     s.hide,
		wire.PathContacts:              s.contacts,
		wire.PathContacts + "/confirm": s.confirmContact,
		wire.PathLanguage:              s.language,
		wire.PathLooks:                 s.looks,
		wire.PathLooks + "/allow":      s.allow,
	}
}

// held returns the newest account of the calling device, in whatever state.
func (s *Server) held(ctx context.Context, c Caller) (account.Account, error) {
	list, err := s.Accounts.ByDevice(ctx, c.Device)
	if err != nil {
		return account.Account{}, err
	}
	for _, a := range list {
		if !a.ActiveAt.IsZero() {
			return a, nil
		}
	}
	return account.Account{}, tunnus.NotFound(errors.New("server: the device never had an account"))
}

// of describes an account of the caller's person.
func of(a account.Account, device string) wire.Held {
	h := wire.Held{
		Document: a.Document, Level: string(a.Level), State: string(a.State), Here: a.Device == device, Proofed: string(a.Proofed),
		Device: a.Device[:min(8, len(a.Device))], Since: a.ActiveAt, Expires: a.ExpiresAt, Retires: a.RetireAt, Rev: a.Rev,
		Language: a.Language, Model: words.Device(a.Model),
	}
	if a.State == account.Frozen || a.State == account.Blocked {
		h.Frozen = a.FrozenUntil
	}
	return h
}

// person lists all accounts of the holder.
func (s *Server) person(ctx context.Context, c Caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.Body); err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Of(ctx, a.Person)
	if err != nil {
		return nil, err
	}
	out := wire.Person{Accounts: []wire.Held{}}
	for _, b := range list {
		out.Accounts = append(out.Accounts, of(b, c.Device))
	}
	return out, nil
}

// askAct opens the request with which PIN1 proves what is to be done.
func (s *Server) askAct(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Act](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	if in, err = s.fill(ctx, a, in); err != nil {
		return nil, err
	}
	r, err := s.Prover.Ask(ctx, a, in)
	return wire.AnAsked{Act: in, Request: r}, err
}

// fill adds to an act what the server knows of its target.
func (s *Server) fill(ctx context.Context, a account.Account, in wire.Act) (wire.Act, error) {
	out := wire.Act{Do: in.Do, Target: in.Target, Actor: a.Document}
	switch in.Do {
	case wire.ActBlock, wire.ActUnblock, wire.ActClose:
		b, err := s.Service.Named(ctx, a, in.Target)
		out.Rev = b.Rev
		return out, err
	case wire.ActAddContact:
		at, err := address.Parse(in.Target)
		out.Target = at.Text
		return out, err
	case wire.ActRemoveContact:
		k, err := s.Service.Contact(ctx, a, in.Target)
		out.Rev, out.Shown = k.Rev, k.Masked()
		return out, err
	case wire.ActTrust:
		out.Target = strings.TrimPrefix(in.Target, "login/") // as the history names it
		name, err := s.Login.Asked(ctx, a.ID, out.Target)
		out.Shown = name
		return out, err
	}
	return out, tunnus.BadRequest("do", errors.New("server: no such act"))
}

// doAct does what was proved. After an account has closed itself, its device hears
// so again.
func (s *Server) doAct(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Signed](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.held(ctx, c)
	if err != nil {
		return nil, err
	}
	closed := in.Act.Do == wire.ActClose && in.Act.Target == a.Document && a.State == account.Closed
	if a.State != account.Active && !closed {
		if a, err = s.Own(ctx, c.Device); err != nil {
			return nil, err
		}
	}
	if err := s.Prover.Check(ctx, a, in.Act, in.Transaction); err != nil {
		return nil, err
	}
	return s.perform(ctx, c, a, in.Act)
}

func (s *Server) perform(ctx context.Context, c Caller, a account.Account, what wire.Act) (any, error) {
	by := life.By{Means: life.ByAccount, Actor: a.ID, Rev: what.Rev}
	move := map[string]func(context.Context, string, life.By) (account.Account, error){
		wire.ActBlock: s.Service.Block, wire.ActUnblock: s.Service.Unblock, wire.ActClose: s.Service.Close,
	}[what.Do]
	if move != nil {
		b, err := s.Service.Named(ctx, a, what.Target)
		if err != nil {
			return nil, err
		}
		if b, err = move(ctx, b.ID, by); err != nil {
			return nil, err
		}
		h := of(b, c.Device)
		return wire.Done{Account: &h}, nil
	}
	switch what.Do {
	case wire.ActAddContact:
		asked, err := s.Service.AddContact(ctx, a, what.Target, c.Model)
		if err != nil {
			return nil, err
		}
		k := reached(asked.Contact)
		return wire.Done{Contact: &k}, nil
	case wire.ActRemoveContact:
		gone, err := s.Service.RemoveContact(ctx, a, what.Target, what.Rev)
		if err != nil {
			return nil, err
		}
		k := reached(gone)
		return wire.Done{Contact: &k}, nil
	case wire.ActTrust:
		service, err := s.Login.Forgive(ctx, a.ID, what.Target)
		if err != nil {
			return nil, err
		}
		return wire.Done{}, s.Service.Forgiven(ctx, a, what.Target, service)
	}
	return nil, tunnus.BadRequest("do", errors.New("server: no such act"))
}

// freeze stops another account, or a change of contacts, by the device's word.
func (s *Server) freeze(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Freeze](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.held(ctx, c)
	if err != nil {
		return nil, err
	}
	if in.Contact != "" {
		if a.State != account.Active && a.State != account.Frozen {
			a, err = s.Own(ctx, c.Device)
		}
		if err == nil {
			err = s.Service.StopContact(ctx, a, in.Contact)
		}
		return wire.Done{}, err
	}
	b, err := s.Service.Named(ctx, a, in.Document)
	if err != nil {
		return nil, err
	}
	if b, err = s.Service.Freeze(ctx, b.ID, life.By{Means: life.ByDevice, Actor: a.ID}); err != nil {
		return nil, err
	}
	h := of(b, c.Device)
	return wire.Done{Account: &h}, nil
}

// notices lists what this device is to show, also when its account is stopped or
// has ended: then it is the one that has to know.
func (s *Server) notices(ctx context.Context, c Caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.Body); err != nil {
		return nil, err
	}
	out := wire.Notices{Notices: []wire.Notice{}}
	a, err := s.held(ctx, c)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Notices(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		v := wire.Notice{ID: n.ID, Kind: string(n.Kind), At: n.At, About: n.About}
		switch n.Kind {
		case tell.Used:
		case tell.Added, tell.Leaving:
			k, err := s.Service.Contact(ctx, a, n.About)
			if err != nil {
				return nil, err
			}
			v.About = k.Masked() + " (" + k.ID + ")"
		default:
			b, err := s.Accounts.Get(ctx, n.About)
			if err != nil {
				return nil, err
			}
			v.About = b.Document
		}
		out.Notices = append(out.Notices, v)
	}
	return out, nil
}

// ack takes notices off that were shown.
func (s *Server) ack(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Ack](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.held(ctx, c)
	if err != nil {
		return nil, err
	}
	return wire.None{}, s.Service.Ack(ctx, a, in.IDs)
}

// history gives a page of what was done with the accounts of the holder.
func (s *Server) history(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Past](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	list, next, more, err := s.History.Page(ctx, a.Person, history.Place{At: in.From, ID: in.ID}, in.Limit, in.All)
	if err != nil {
		return nil, err
	}
	out := wire.Page{Entries: []wire.Entry{}, More: more, From: next.At, ID: next.ID}
	for _, e := range list {
		out.Entries = append(out.Entries, wire.Entry{
			ID: e.ID, At: e.At, Kind: string(e.Kind), Document: e.Document, Service: e.Service, Text: e.Text, Result: e.Result, Hidden: e.Hidden,
		})
	}
	return out, nil
}

// hide takes an entry or a service from the list, or puts it back.
func (s *Server) hide(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Hide](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	if in.ID != "" {
		return wire.None{}, s.History.Hide(ctx, a.Person, in.ID, in.Hidden)
	}
	if in.Service == "" {
		return nil, tunnus.BadRequest("service", errors.New("server: neither an entry nor a service"))
	}
	return wire.None{}, s.History.HideService(ctx, a.Person, in.Service, in.Hidden)
}

func reached(c contact.Contact) wire.Reached {
	return wire.Reached{ID: c.ID, Kind: string(c.Kind), State: string(c.State), Masked: c.Masked(), Since: c.Since, Held: c.HeldUntil}
}

// contacts lists where the holder is reached, masked.
func (s *Server) contacts(ctx context.Context, c Caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.Body); err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Contacts(ctx, a)
	if err != nil {
		return nil, err
	}
	out := wire.Contacts{Contacts: []wire.Reached{}}
	for _, k := range list {
		if k.State != contact.Removed && k.State != contact.Stopped {
			out.Contacts = append(out.Contacts, reached(k))
		}
	}
	return out, nil
}

// confirmContact takes the code that went to a new contact.
func (s *Server) confirmContact(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.ContactCode](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	k, err := s.Service.ConfirmContact(ctx, a, in.ID, c.Request, in.Code)
	if err != nil {
		return nil, err
	}
	v := reached(k)
	return wire.Done{Contact: &v}, nil
}

// language sets the one in which the holder is written to.
func (s *Server) language(ctx context.Context, c Caller) (any, error) {
	in, err := problem.Parse[wire.Language](c.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.Own(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	return wire.None{}, s.Service.Speak(ctx, a, in.Language)
}

// PINChanged writes down that a device changed a PIN: the body is the message that did.
// Told by its generation, a repeat changes nothing.
func (s *Server) PINChanged(ctx context.Context, c Caller) error {
	var m struct {
		Key        string `json:"key"`
		Generation int    `json:"generation"`
	}
	a, err := s.Own(ctx, c.Device)
	if err == nil {
		err = json.Unmarshal(c.Body, &m)
	}
	if err != nil {
		return err
	}
	return s.Service.PINChanged(context.WithoutCancel(ctx), a, fmt.Sprintf("%s/%d", m.Key, m.Generation))
}
