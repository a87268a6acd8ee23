package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/web/portal/pages"
)

// byCard is how a person acts here: proved by the card's log-in.
var byCard = life.By{Means: life.ByPortal}

func (p *Portal) accounts(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest == "" {
		return p.over(w, r)
	}
	done := p.sessions.PopString(r.Context(), "done")
	return p.showAccounts(w, r, v, http.StatusOK, done)
}

func (p *Portal) showAccounts(w http.ResponseWriter, r *http.Request, v pages.View, status int, done string) error {
	g, err := p.guest(r)
	if err != nil {
		return err
	}
	list, err := p.cfg.Accounts.Of(r.Context(), g.Person)
	if err != nil {
		return err
	}
	contacts, err := p.cfg.Contacts.All(r.Context(), g.Person)
	if err != nil {
		return err
	}
	own := pages.Person{Done: done}
	for _, a := range list {
		own.Accounts = append(own.Accounts, pages.Account{
			ID: a.ID, Document: a.Document, State: string(a.State), Level: string(a.Level), Since: v.Day(a.ActiveAt), Ends: v.Day(a.ExpiresAt),
			Block: a.State == account.Active, Unblock: a.State == account.Blocked, Close: a.State.Begun(), Freeze: p.freezable(a),
		})
	}
	for _, c := range contacts {
		own.Contacts = append(own.Contacts, c.Masked())
	}
	return p.show(w, r, status, pages.Accounts(v, own))
}

// freezable reports whether there is something to freeze: a new account that is not
// frozen for its whole time already.
func (p *Portal) freezable(a account.Account) bool {
	now := p.cfg.Clock.Now()
	return a.Young(now) && (a.State == account.Active || a.State == account.Blocked && !now.Before(a.FrozenUntil) || a.State == account.Frozen && a.FrozenUntil.Before(a.StoppedAt.Add(account.FreezeFor)))
}

// act blocks, unblocks, freezes or closes an account of the person who has logged in: that
// of somebody else looks as if it did not exist.
func (p *Portal) act(w http.ResponseWriter, r *http.Request) error {
	g, err := p.guest(r)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return p.over(w, r)
	}
	if err != nil {
		return err
	}
	ctx, id, what := r.Context(), r.PostFormValue("account"), r.PathValue("act")
	list, err := p.cfg.Accounts.Of(ctx, g.Person)
	if err != nil {
		return err
	}
	own := false
	for _, a := range list {
		own = own || a.ID == id
	}
	if !own {
		return tunnus.NotFound(errors.New("portal: an account of somebody else, or of nobody"))
	}
	switch what {
	case "block":
		_, err = p.cfg.Accounts.Block(ctx, id, byCard)
	case "unblock":
		_, err = p.cfg.Accounts.Unblock(ctx, id, byCard)
	case "freeze":
		_, err = p.cfg.Accounts.Freeze(ctx, id, byCard)
	case "close":
		if r.PostFormValue("sure") != "yes" {
			return tunnus.BadRequest("sure-"+id, errors.New("portal: not confirmed"))
		}
		_, err = p.cfg.Accounts.Close(ctx, id, byCard)
	default:
		err = tunnus.NotFound(errors.New("portal: no such act"))
	}
	if err != nil {
		return err
	}
	p.sessions.Put(ctx, "done", what)
	return go303(w, r, "/portal/accounts")
}

// page of the history.
const entriesOnPage = 20

func (p *Portal) history(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest == "" {
		return p.over(w, r)
	}
	g, err := p.guest(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	var from history.Place
	if ms, err := strconv.ParseInt(q.Get("at"), 10, 64); err == nil {
		from = history.Place{At: time.UnixMilli(ms).UTC(), ID: q.Get("id")}
	}
	all := q.Get("all") == "1"
	list, next, more, err := p.cfg.History.Page(r.Context(), g.Person, from, entriesOnPage, all)
	if err != nil {
		return err
	}
	h := pages.History{All: all}
	for _, e := range list {
		h.Entries = append(h.Entries, pages.Entry{
			ID: e.ID, At: v.Until(e.At), Kind: string(e.Kind), Service: e.Service, Text: e.Text, Result: p.result(v, e.Result), Hidden: e.Hidden,
			Account: e.Document,
		})
	}
	if more {
		n := url.Values{"at": {strconv.FormatInt(next.At.UnixMilli(), 10)}, "id": {next.ID}}
		if all {
			n.Set("all", "1")
		}
		h.Next = n.Encode()
	}
	return p.show(w, r, http.StatusOK, pages.Entries(v, h))
}

// result is how something ended, in words where there are some: the states of accounts,
// and what services are told most.
func (p *Portal) result(v pages.View, said string) string {
	switch {
	case said == "OK":
		return v.Say("result.ok")
	case strings.HasPrefix(said, "USER_REFUSED"):
		return v.Say("result.refused")
	case said == "TIMEOUT":
		return v.Say("result.timeout")
	case p.book.Has(phrases.English, "state."+said):
		return v.Say("state." + said)
	}
	return said
}

func (p *Portal) hide(w http.ResponseWriter, r *http.Request) error {
	g, err := p.guest(r)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return p.over(w, r)
	}
	if err == nil {
		err = p.cfg.History.Hide(r.Context(), g.Person, r.PostFormValue("entry"), r.PostFormValue("hide") == "yes")
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/portal/history")
}

// maxExport bounds an export; use histories are kept for 13 months.
const maxExport = 100_000

// export hands out all entries, hidden ones too, as JSON.
func (p *Portal) export(w http.ResponseWriter, r *http.Request) error {
	g, err := p.guest(r)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return p.over(w, r)
	}
	if err != nil {
		return err
	}
	entries := []history.Entry{}
	var from history.Place
	for more := true; more && len(entries) < maxExport; {
		var list []history.Entry
		if list, from, more, err = p.cfg.History.Page(r.Context(), g.Person, from, 500, true); err != nil {
			return err
		}
		entries = append(entries, list...)
	}
	b, err := json.MarshalIndent(map[string]any{"entries": entries}, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="history.json"`)
	_, _ = w.Write(b)
	return nil
}
