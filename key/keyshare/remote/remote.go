// Package remote is keyshare in a process of its own: [Handler] serves what other
// processes may ask of it, and [Client] asks, with the methods of
// [keyshare.Service] and of its door.
//
// What is asked is a message that a phone has signed, or names keys and
// transactions. There is no way to hand over an encoded message to be signed, a
// verdict or a count: the process that owns the rows works all of that out itself
// (security.md K7).
package remote

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/remote"
)

// Service is the name under which keyshare is called.
const Service = "keyshare"

// keyArg and the others are the arguments of methods that have more than one, or
// one that needs a name.
type keyArg struct {
	Key     string `json:"key"`
	Account string `json:"account,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

type txnArg struct {
	Transaction string `json:"transaction"`
}

type modulus struct {
	Modulus []byte `json:"modulus"`
}

// notices are what Settle gave, which may be something although it failed.
type notices struct {
	Notices []keyshare.Notice `json:"notices"`
	Failed  bool              `json:"failed"`
}

// Handler serves keyshare's methods; see [remote.Handler] for where to mount it.
func Handler(s *keyshare.Service, log *slog.Logger) http.Handler {
	return remote.Handler(Service, map[string]remote.Method{
		"message":  remote.Serve(door.Door{Keys: s}.Message),
		"key":      remote.Serve(func(ctx context.Context, in keyArg) (keyshare.View, error) { return s.Key(ctx, in.Key) }),
		"bind":     remote.Do(func(ctx context.Context, in keyArg) error { return s.Bind(ctx, in.Key, in.Account) }),
		"suspend":  remote.Do(func(ctx context.Context, in keyArg) error { return s.Suspend(ctx, in.Key, in.Reason) }),
		"resume":   remote.Do(func(ctx context.Context, in keyArg) error { return s.Resume(ctx, in.Key) }),
		"revoke":   remote.Do(func(ctx context.Context, in keyArg) error { return s.Revoke(ctx, in.Key, in.Reason) }),
		"outcome":  remote.Serve(func(ctx context.Context, in txnArg) (keyshare.Outcome, error) { return s.Outcome(ctx, in.Transaction) }),
		"cancel":   remote.Do(func(ctx context.Context, in txnArg) error { return s.Cancel(ctx, in.Transaction) }),
		"notified": remote.Do(s.Done),
		"modulus": remote.Serve(func(ctx context.Context, in keyArg) (modulus, error) {
			n, err := s.AssignModulus(ctx, in.Key)
			return modulus{n}, err
		}),
		"offer": remote.Serve(func(ctx context.Context, in keyshare.OfferRequest) (txnArg, error) {
			t, err := s.Offer(ctx, in)
			return txnArg{t.ID}, err
		}),
		"settle": remote.Serve(func(ctx context.Context, _ remote.None) (notices, error) {
			list, err := s.Settle(ctx)
			if err != nil && len(list) == 0 {
				return notices{}, err
			}
			if err != nil {
				log.ErrorContext(ctx, "some keys could not be settled", "error", err)
			}
			return notices{list, err != nil}, nil
		}),
	}, log)
}

// A Client is keyshare as another process has it. Its methods are those of
// [keyshare.Service] and [door.Door], with their contracts; besides, each fails
// with [tunnus.CodeServiceDown] if keyshare gives no answer.
type Client struct{ peer *remote.Client }

// New makes a client of a connection that was dialled for [Service].
func New(peer *remote.Client) *Client { return &Client{peer} }

// Message hands on a message of a phone. It is repeated if need be, for each is
// charged and carried out once; all but one that hardens a PIN: of these a key has
// a few, and the phone repeats it itself.
func (c *Client) Message(ctx context.Context, r device.Signed) (out door.Reply, err error) {
	var m struct {
		Type string `json:"type"`
	}
	call := c.peer.Call
	if err := json.Unmarshal(r.Request.Body, &m); err != nil || m.Type == splitkey.TypeHarden || m.Type == splitkey.TypeChangeHarden {
		call = c.peer.Once
	}
	err = call(ctx, "message", r, &out)
	return out, err
}

// Key tells how a key stands.
func (c *Client) Key(ctx context.Context, keyID string) (out keyshare.View, err error) {
	err = c.peer.Call(ctx, "key", keyArg{Key: keyID}, &out)
	return out, err
}

// Bind says whose account a key belongs to.
func (c *Client) Bind(ctx context.Context, keyID, account string) error {
	return c.peer.Call(ctx, "bind", keyArg{Key: keyID, Account: account}, &remote.None{})
}

// AssignModulus gives a key its server half and returns n.
func (c *Client) AssignModulus(ctx context.Context, keyID string) ([]byte, error) {
	var out modulus
	err := c.peer.Call(ctx, "modulus", keyArg{Key: keyID}, &out)
	return out.Modulus, err
}

// Offer puts up a transaction. Of what was made only the ID is returned: salt
// and token are for the phone. An offer without an ID gets one here, so that it
// can be sent again.
func (c *Client) Offer(ctx context.Context, o keyshare.OfferRequest) (keyshare.Transaction, error) {
	if o.ID == "" {
		o.ID = rand.Text()
	}
	var out txnArg
	err := c.peer.Call(ctx, "offer", o, &out)
	return keyshare.Transaction{ID: out.Transaction}, err
}

// Outcome tells where a transaction stands.
func (c *Client) Outcome(ctx context.Context, id string) (out keyshare.Outcome, err error) {
	err = c.peer.Call(ctx, "outcome", txnArg{id}, &out)
	return out, err
}

// Cancel ends a transaction.
func (c *Client) Cancel(ctx context.Context, id string) error {
	return c.peer.Call(ctx, "cancel", txnArg{id}, &remote.None{})
}

// Suspend blocks a key.
func (c *Client) Suspend(ctx context.Context, keyID, reason string) error {
	return c.peer.Call(ctx, "suspend", keyArg{Key: keyID, Reason: reason}, &remote.None{})
}

// Resume lifts what Suspend did.
func (c *Client) Resume(ctx context.Context, keyID string) error {
	return c.peer.Call(ctx, "resume", keyArg{Key: keyID}, &remote.None{})
}

// Revoke ends a key for ever.
func (c *Client) Revoke(ctx context.Context, keyID, reason string) error {
	return c.peer.Call(ctx, "revoke", keyArg{Key: keyID, Reason: reason}, &remote.None{})
}

// errUnsettled says that keyshare itself had a fault; its own log says which.
var errUnsettled = errors.New("keyshare could not settle some keys")

// Settle ends the keys whose time has come, and returns what accounts need. It is
// not repeated by itself: notices whose answer is lost are told again later.
func (c *Client) Settle(ctx context.Context) ([]keyshare.Notice, error) {
	var out notices
	if err := c.peer.Once(ctx, "settle", remote.None{}, &out); err != nil {
		return nil, err
	}
	if out.Failed {
		return out.Notices, errUnsettled
	}
	return out.Notices, nil
}

// Done says that what a notice asks for has been done.
func (c *Client) Done(ctx context.Context, n keyshare.Notice) error {
	return c.peer.Call(ctx, "notified", n, &remote.None{})
}
