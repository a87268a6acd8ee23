package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// AppSession is one start of an app.
type AppSession struct {
	ID        string // hash of device key and nonce
	DeviceKey []byte // SubjectPublicKeyInfo, DER
	Nonce     []byte // the server's, 32 bytes
	Claims    []byte // JSON: what the app says of itself
	CreatedAt time.Time
}

// AppSessions keeps the sessions of apps.
type AppSessions struct{ d *engine.Database }

// AppSessions returns the sessions of apps.
func (s *Store) AppSessions() *AppSessions { return &AppSessions{s.d} }

// Create writes a new session. It fails with a conflict if the id is taken.
func (a *AppSessions) Create(ctx context.Context, v AppSession) error {
	return a.d.Write(ctx, func(t *engine.Tx) error {
		return engine.Added("app session", t.AddAppSession(ctx, db.AddAppSessionParams{
			ID: v.ID, DeviceKey: engine.Full(v.DeviceKey), Nonce: engine.Full(v.Nonce),
			Claims: engine.Full(v.Claims), CreatedAt: engine.Millis(v.CreatedAt),
		}))
	})
}

// Get returns a session, or fails with not-found.
func (a *AppSessions) Get(ctx context.Context, id string) (AppSession, error) {
	r, err := a.d.Read().AppSession(ctx, id)
	if err != nil {
		return AppSession{}, engine.Found("app session", err)
	}
	return AppSession{r.ID, r.DeviceKey, r.Nonce, r.Claims, engine.Moment(r.CreatedAt)}, nil
}

// EndOlder deletes the other sessions of the same device key that began before
// this one, or with it, with their replies.
func (a *AppSessions) EndOlder(ctx context.Context, v AppSession) error {
	return a.d.Write(ctx, func(t *engine.Tx) error {
		key, at := engine.Full(v.DeviceKey), engine.Millis(v.CreatedAt)
		if err := t.DropOlderReplies(ctx, db.DropOlderRepliesParams{DeviceKey: key, CreatedAt: at, ID: v.ID}); err != nil {
			return fmt.Errorf("store: replies of older sessions: %w", err)
		}
		if err := t.DropOlderSessions(ctx, db.DropOlderSessionsParams{DeviceKey: key, CreatedAt: at, ID: v.ID}); err != nil {
			return fmt.Errorf("store: older sessions: %w", err)
		}
		return nil
	})
}

// A Reply is the answer that one request of an app got.
type Reply struct {
	Hash   []byte // of the request, to tell a repeat from another request
	Status int    // HTTP status
	Body   []byte
}

// Kept is the number of newest counters of a session whose replies are kept.
// A reply to an older counter is neither found nor taken.
const Kept = 64

// Replies keeps the newest answers of each session.
type Replies struct{ d *engine.Database }

// Replies returns the answers to requests of apps.
func (s *Store) Replies() *Replies { return &Replies{s.d} }

// Get returns the reply to a session's request with the counter given; ok is
// false if there is none (yet, or any more).
func (r *Replies) Get(ctx context.Context, session string, counter int64) (v Reply, ok bool, err error) {
	row, err := r.d.Read().AppReply(ctx, db.AppReplyParams{SessionID: session, Counter: counter})
	if errors.Is(err, sql.ErrNoRows) {
		return Reply{}, false, nil
	}
	if err != nil {
		return Reply{}, false, fmt.Errorf("store: reply: %w", err)
	}
	return Reply{row.Hash, int(row.Status), row.Body}, true, nil
}

// Put writes a reply. It fails with a conflict if the counter has one already,
// or is so old that it might have had one; then nothing is written.
func (r *Replies) Put(ctx context.Context, session string, counter int64, v Reply) error {
	return r.d.Write(ctx, func(t *engine.Tx) error {
		last, err := t.LastAppReply(ctx, session)
		if err != nil {
			return fmt.Errorf("store: reply: %w", err)
		}
		if counter <= last-Kept {
			return tunnus.Conflict(fmt.Errorf("store: reply: counter %d is long past", counter))
		}
		err = t.AddAppReply(ctx, db.AddAppReplyParams{
			SessionID: session, Counter: counter, Hash: engine.Full(v.Hash), Status: int64(v.Status), Body: engine.Full(v.Body),
		})
		if err != nil {
			return engine.Added("reply", err)
		}
		err = t.DropAppReplies(ctx, db.DropAppRepliesParams{SessionID: session, Counter: max(counter, last) - Kept})
		if err != nil {
			return fmt.Errorf("store: reply: %w", err)
		}
		return nil
	})
}

// Last returns the highest counter of a session that has a reply, 0 if none has.
// It fails with not-found if there is no such session any more.
func (r *Replies) Last(ctx context.Context, session string) (int64, error) {
	n, err := r.d.Read().LastAppReply(ctx, session)
	if err != nil {
		return 0, engine.Found("app session", err)
	}
	return n, nil
}
