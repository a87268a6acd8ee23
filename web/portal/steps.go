package portal

import (
	"errors"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/web/portal/pages"
)

// step shows the step that is open.
func (p *Portal) step(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest == "" {
		return p.over(w, r)
	}
	return p.showStep(w, r, v, http.StatusOK)
}

func (p *Portal) showStep(w http.ResponseWriter, r *http.Request, v pages.View, status int) error {
	g, err := p.guest(r)
	if err != nil {
		return err
	}
	switch g.State {
	case card.LoggedIn:
		var list []pages.Question
		for _, q := range card.Questions() {
			list = append(list, pages.Question{ID: q.ID, Answers: q.Answers, Given: r.PostFormValue(q.ID)})
		}
		return p.show(w, r, status, pages.Questions(v, list))
	case card.Answered:
		c, err := p.contact(r, g)
		if err != nil {
			return err
		}
		return p.show(w, r, status, pages.Contacts(v, c))
	case card.Confirmed:
		return p.show(w, r, status, pages.Code(v))
	case card.Matched:
		c, err := p.check(r, v)
		if err != nil {
			return err
		}
		return p.show(w, r, status, pages.Checks(v, c))
	}
	return p.show(w, r, status, pages.Done(v, p.sessions.GetBool(r.Context(), "hold")))
}

func (p *Portal) contact(r *http.Request, g card.Guest) (c pages.Contact, err error) {
	list, onFile, err := p.cfg.Cards.Choices(r.Context(), p.visit(r))
	if err != nil {
		return c, err
	}
	c.OnFile, c.Typed = onFile, r.PostFormValue("contact")
	for _, o := range list {
		c.Choices = append(c.Choices, pages.Choice{ID: o.ID, Mask: o.Mask})
	}
	c.Sent = g.Contact
	return c, nil
}

// check is the page before the signature: the phone, in words, and the very text
// that is signed.
func (p *Portal) check(r *http.Request, v pages.View) (pages.Check, error) {
	got, err := p.cfg.Cards.Review(r.Context(), p.visit(r))
	if err != nil {
		return pages.Check{}, err
	}
	t := got.Statement
	p.sessions.Put(r.Context(), "hold", got.Hold)
	return pages.Check{Text: got.Text, Hold: got.Hold, Pairing: t.Pairing, Action: "/portal/step/", Signing: signing(got.Request), Rows: []pages.Row{
		{Key: "counter", Value: t.Phone.Counter},
		{Key: "phone", Value: t.Phone.Model},
		{Key: "place", Value: known(v, t.Phone.Place)},
		{Key: "here", Value: known(v, t.Place)},
		{Key: "began", Value: v.Until(t.Phone.Began)},
		{Key: "person", Value: t.Name + ", " + t.Person},
		{Key: "level", Value: string(t.Phone.Level)},
		{Key: "contact", Value: t.Contact},
		{Key: "keys", Value: short(t.Phone.Device) + " · " + short(t.Phone.Keys[0]) + " · " + short(t.Phone.Keys[1])},
	}}, nil
}

// short is the beginning of a thumbprint; the whole of it stands in the text.
func short(print string) string {
	if len(print) <= 16 {
		return print
	}
	return print[:16] + "…"
}

// take takes what a step asks for, and leads to the next one.
func (p *Portal) take(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.guest(r); tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return p.over(w, r)
	} else if err != nil {
		return err
	}
	ctx, visit := r.Context(), p.visit(r)
	var err error
	switch r.PathValue("name") {
	case "answer":
		answers := map[string]string{}
		for _, q := range card.Questions() {
			answers[q.ID] = r.PostFormValue(q.ID)
		}
		err = p.cfg.Cards.Answer(ctx, visit, answers)
	case "contact":
		_, err = p.cfg.Cards.SendCode(ctx, visit, card.To{Contact: r.PostFormValue("contact"), Pick: r.PostFormValue("pick")})
	case "otp":
		err = p.cfg.Cards.ConfirmCode(ctx, visit, r.PostFormValue("otp"))
	case "code":
		if err = p.cfg.Cards.Match(ctx, visit, r.PostFormValue("code"), p.from(r)); err == nil {
			err = p.sessions.RenewToken(ctx) // R7
		}
	case "offer":
		_, err = p.cfg.Cards.Offer(ctx, visit, r.PostFormValue("pairing"), []byte(r.PostFormValue("offer")))
	case "sign":
		err = p.cfg.Cards.Sign(ctx, visit, r.PostFormValue("pairing"), []byte(r.PostFormValue("reply")))
	default:
		err = tunnus.NotFound(errors.New("portal: no such step"))
	}
	if err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict { // sent twice, or by going back: the step that is open comes next
		return err
	}
	return go303(w, r, "/portal/step")
}
