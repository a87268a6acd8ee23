// Package door is where messages of phones come in at keyshare: it looks which
// message of package splitkey a signed request carries, and has it served.
//
// It decides nothing and verifies nothing: keyshare does that for each message
// itself (security.md K7), whatever the process that handed it on has said.
package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A Door serves the messages of phones.
type Door struct{ Keys *keyshare.Service }

// A Reply is what came of a message.
type Reply struct {
	// Body is what the phone is told: JSON of one of the answers of package splitkey.
	Body json.RawMessage `json:"body"`
	// Signed names the transaction that the message has had signed, "" if it was
	// another message, and Kind is the kind of it.
	Signed string `json:"signed,omitempty"`
	Kind   string `json:"kind,omitempty"`
}

// done is the answer to a message that has none.
type done struct{}

// Message serves one message. It fails with [tunnus.CodeBadRequest] if there is no
// such message, and else as the method of [keyshare.Service] does that serves it.
func (d Door) Message(ctx context.Context, r device.Signed) (Reply, error) {
	var m struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(r.Request.Body, &m); err != nil {
		return Reply{}, tunnus.BadRequest("body", errors.New("door: the message is not JSON"))
	}
	switch m.Type {
	case splitkey.TypeBegin:
		return reply(d.Keys.Begin(ctx, r))
	case splitkey.TypeHarden:
		return reply(d.Keys.Harden(ctx, r))
	case splitkey.TypeConfirm:
		return reply(done{}, d.Keys.Confirm(ctx, r))
	case splitkey.TypeStatus:
		return reply(d.Keys.Status(ctx, r))
	case splitkey.TypeEvaluate:
		return reply(d.Keys.Evaluate(ctx, r))
	case splitkey.TypeComplete:
		return d.complete(ctx, r)
	case splitkey.TypeChange:
		return reply(d.Keys.BeginChange(ctx, r))
	case splitkey.TypeChangeProve:
		return reply(d.Keys.ProveChange(ctx, r))
	case splitkey.TypeChangeHarden:
		return reply(d.Keys.HardenChange(ctx, r))
	case splitkey.TypeChangeConfirm:
		return reply(d.Keys.ConfirmChange(ctx, r))
	}
	return Reply{}, tunnus.BadRequest("type", errors.New("door: no such message"))
}

// complete tells the phone that its signature is made, and the caller which: the
// signature itself goes to whoever asked for it.
func (d Door) complete(ctx context.Context, r device.Signed) (Reply, error) {
	out, err := d.Keys.Complete(ctx, r)
	if err != nil {
		return Reply{}, err
	}
	var m splitkey.Complete
	if err := splitkey.Decode(r.Request.Body, &m); err != nil {
		return Reply{}, fmt.Errorf("door: %w", err)
	}
	told, err := reply(splitkey.Completed{Transaction: m.Transaction}, nil)
	told.Signed, told.Kind = m.Transaction, out.Kind
	return told, err
}

func reply(v any, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return Reply{}, fmt.Errorf("door: %w", err)
	}
	return Reply{Body: body}, nil
}
