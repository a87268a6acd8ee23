package portal

import (
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/web/portal/pages"
)

// children shows the registrations of children that wait for the guardian.
func (p *Portal) children(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest == "" {
		return p.over(w, r)
	}
	list, err := p.cfg.Consents.List(r.Context(), p.visit(r))
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, pages.Children(v, p.listed(v, list), p.sessions.PopString(r.Context(), "child")))
}

func (p *Portal) listed(v pages.View, list []confirm.Consent) (out []pages.Child) {
	for _, c := range list {
		out = append(out, pages.Child{
			ID: c.ID, Name: c.Statement.Name, Phone: c.Statement.Model, Asked: v.Until(c.Statement.Time), Due: v.Until(c.Due), Busy: c.Busy, Signed: c.Signed,
		})
	}
	return out
}

// child is the page before the signature.
func (p *Portal) child(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest == "" {
		return p.over(w, r)
	}
	return p.showChild(w, r, v, http.StatusOK)
}

func (p *Portal) showChild(w http.ResponseWriter, r *http.Request, v pages.View, status int) error {
	c, err := p.cfg.Consents.Get(r.Context(), p.visit(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if c.Busy || c.Signed {
		return p.show(w, r, status, pages.Children(v, p.listed(v, []confirm.Consent{c}), ""))
	}
	t := c.Statement
	return p.show(w, r, status, pages.Consent(v, pages.Check{Text: c.Text, Action: "/portal/children/" + c.ID + "/", Signing: signing(c.Request), Rows: []pages.Row{
		{Key: "counter", Value: t.Code},
		{Key: "child", Value: t.Name + ", " + t.Person},
		{Key: "phone", Value: t.Model},
		{Key: "place", Value: known(v, t.Place)},
		{Key: "asked", Value: v.Until(t.Time)},
		{Key: "level", Value: t.Level},
		{Key: "keys", Value: short(t.Device)},
		{Key: "due", Value: v.Until(c.Due)},
	}}))
}

// childFailed tells what went wrong with one of them, where it can be gone on from.
func (p *Portal) childFailed(w http.ResponseWriter, r *http.Request, v pages.View, status int) error {
	if status == problem.Status(tunnus.CodeNotFound) {
		v.Error.Text = v.Say("error.child")
	} else if err := p.showChild(w, r, v, status); err == nil {
		return nil
	}
	list, err := p.cfg.Consents.List(r.Context(), p.visit(r))
	if err != nil { // it was told already
		list = nil
	}
	return p.show(w, r, status, pages.Children(v, p.listed(v, list), ""))
}

// consent takes what a guardian does with one of them.
func (p *Portal) consent(w http.ResponseWriter, r *http.Request) error {
	if p.view(r).Guest == "" {
		return p.over(w, r)
	}
	ctx, visit, id, back := r.Context(), p.visit(r), r.PathValue("id"), "/portal/children"
	act, err := r.PathValue("act"), error(nil)
	switch act {
	case "offer":
		err, back = p.cfg.Consents.Offer(ctx, visit, id, []byte(r.PostFormValue("offer"))), back+"/"+id
	case "sign":
		err = p.cfg.Consents.Sign(ctx, visit, id, []byte(r.PostFormValue("reply")))
	case "refuse":
		err = p.cfg.Consents.Refuse(ctx, visit, id)
	default:
		err = tunnus.NotFound(errors.New("portal: no such act"))
	}
	if err != nil {
		return err
	}
	if act != "offer" {
		p.sessions.Put(ctx, "child", act)
	}
	return go303(w, r, back)
}

// signing is what the card is to sign, as the page hands it to the card.
func signing(q *idcard.Request) pages.Signing {
	if q == nil {
		return pages.Signing{}
	}
	return pages.Signing{
		Certificate: base64.StdEncoding.EncodeToString(q.Certificate), Hash: base64.StdEncoding.EncodeToString(q.Hash), Function: q.HashFunction,
	}
}

// known is a place, or that it is not known.
func known(v pages.View, at string) string {
	switch at {
	case "":
		return v.Say("check.unknown")
	case place.Local:
		return v.Say("check.local")
	}
	return at
}
