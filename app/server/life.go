package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/server/holding"
	"github.com/tunnus-id/tunnus/app/wire"
)

// life is the table of what holders do with accounts, contacts and their history.
func (s *Server) life() map[string]step {
	table := map[string]step{}
	for path, do := range s.cfg.Life.Steps() {
		table[path] = func(ctx context.Context, c caller) (any, error) { return do(ctx, s.holder(c)) }
	}
	return table
}

// holder is a caller as package holding knows it.
func (s *Server) holder(c caller) holding.Caller {
	var said wire.Start // a claim; one that cannot be read is none
	_ = json.Unmarshal(c.session.Claims, &said)
	request := fmt.Sprintf("%s/%d", c.session.ID, c.signed.Request.Counter)
	return holding.Caller{Device: c.device, Model: said.Model, Request: request, Body: c.signed.Request.Body}
}

// pinChanged writes down that a PIN was changed, which has happened whatever
// becomes of that.
func (s *Server) pinChanged(ctx context.Context, c caller) {
	if err := s.cfg.Life.PINChanged(ctx, s.holder(c)); err != nil {
		s.cfg.Log.WarnContext(ctx, "the change of a PIN could not be written into the history", "code", tunnus.CodeOf(err))
	}
}

// Own returns the account of a device that can be used. It fails with acc-expired if
// all that it had have ended by time or by their holder, else with acc-unusable.
func Own(ctx context.Context, accounts Accounts, device string) (account.Account, error) {
	list, err := accounts.ByDevice(ctx, device)
	if err != nil {
		return account.Account{}, err
	}
	ended := len(list) > 0
	for _, a := range list {
		if a.State == account.Active {
			return a, nil
		}
		ended = ended && (a.State == account.Expired || a.State == account.Closed)
	}
	if ended {
		return account.Account{}, tunnus.Fail(tunnus.CodeAccExpired, errors.New("server: the accounts of the device have ended"))
	}
	return account.Account{}, tunnus.Fail(tunnus.CodeAccUnusable, errors.New("server: the device has no active account"))
}
