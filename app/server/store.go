package server

import (
	"context"
	"time"
)

// A Session is one start of an app.
type Session struct {
	ID        string // hash of device key and nonce (device.SessionID)
	DeviceKey []byte // SubjectPublicKeyInfo, DER
	Nonce     []byte // the server's, 32 bytes
	Claims    []byte // JSON of what the app says of itself
	CreatedAt time.Time
}

// A Reply is the answer that one request got.
type Reply struct {
	Hash   []byte // of the request, to tell a repeat from another request
	Status int
	Body   []byte
}

// Sessions keeps the sessions of apps.
type Sessions interface {
	// Create writes a new session; [tunnus.CodeStateConflict] if the id is taken.
	Create(ctx context.Context, s Session) error

	// Get returns a session, or fails with [tunnus.CodeNotFound].
	Get(ctx context.Context, id string) (Session, error)

	// EndOlder ends the other sessions of the same device that were opened before
	// this one: they are not found any more, nor are their replies.
	EndOlder(ctx context.Context, s Session) error
}

// Replies keeps the newest answers of each session, so that a request whose
// answer was lost on the way can be asked again and nothing is done twice.
type Replies interface {
	// Get returns the reply to the request with this counter; ok is false if
	// there is none.
	Get(ctx context.Context, session string, counter int64) (r Reply, ok bool, err error)

	// Put writes a reply. It fails with [tunnus.CodeStateConflict] if the
	// counter has one already or is long past; then nothing is written.
	Put(ctx context.Context, session string, counter int64, r Reply) error

	// Last returns the highest counter that has a reply, 0 if none has. It fails
	// with [tunnus.CodeNotFound] if the session has ended.
	Last(ctx context.Context, session string) (int64, error)
}
