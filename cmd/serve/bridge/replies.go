package bridge

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store"
)

// Sessions are the store's, in the app server's words.
type Sessions struct{ Rows *store.AppSessions }

// Create writes a session.
func (a Sessions) Create(ctx context.Context, v server.Session) error {
	return a.Rows.Create(ctx, store.AppSession(v))
}

// Get reads one.
func (a Sessions) Get(ctx context.Context, id string) (server.Session, error) {
	v, err := a.Rows.Get(ctx, id)
	return server.Session(v), err
}

// EndOlder ends the older sessions of its device.
func (a Sessions) EndOlder(ctx context.Context, v server.Session) error {
	return a.Rows.EndOlder(ctx, store.AppSession(v))
}

// Replies are kept sealed: an answer may name its holder.
type Replies struct {
	*store.Replies
	Sealer otp.Sealer
}

func replyPlace(session string, counter int64) []byte {
	return fmt.Appendf(nil, "reply/%s/%d", session, counter)
}

// Get reads the reply to a request.
func (r Replies) Get(ctx context.Context, session string, counter int64) (server.Reply, bool, error) {
	v, ok, err := r.Replies.Get(ctx, session, counter)
	if err != nil || !ok {
		return server.Reply{}, false, err
	}
	if v.Body, err = r.Sealer.Open(v.Body, replyPlace(session, counter)); err != nil {
		return server.Reply{}, false, err
	}
	return server.Reply(v), true, nil
}

// Put keeps one.
func (r Replies) Put(ctx context.Context, session string, counter int64, v server.Reply) (err error) {
	if v.Body, err = r.Sealer.Seal(v.Body, replyPlace(session, counter)); err != nil {
		return err
	}
	return r.Replies.Put(ctx, session, counter, store.Reply(v))
}
