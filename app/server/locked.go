package server

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

const (
	// lockTold is how long after a try that may have locked a key its log-in is
	// looked at: until then that PIN may still prove to be right.
	lockTold = 6 * time.Second
	// maxLocks bounds the tries that are remembered; a log-in whose try is not is
	// found by its poll.
	maxLocks = 1000
)

// A lock is a try after which a key is locked, unless its PIN was right.
type lock struct {
	account, transaction string
	due                  time.Time
}

// locks are the tries that are still to be looked at, in the order they came.
type locks struct {
	mu   sync.Mutex
	list []lock
}

func (l *locks) add(k lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) < maxLocks {
		l.list = append(l.list, k)
	}
}

// take takes out what is due.
func (l *locks) take(now time.Time) []lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(l.list) && !l.list[n].due.After(now) {
		n++
	}
	due := l.list[:n:n]
	l.list = l.list[n:]
	return due
}

// lockedBy returns the transaction of a try that locks its key, "" if the try
// leaves others.
func lockedBy(asked, said []byte) string {
	var m struct {
		Transaction string `json:"transaction"`
	}
	var e struct {
		Tries splitkey.Tries `json:"tries"`
	}
	if json.Unmarshal(asked, &m) != nil || json.Unmarshal(said, &e) != nil || e.Tries.LockedUntil == nil && !e.Tries.Permanent {
		return ""
	}
	return m.Transaction
}

// tried remembers a try that may have locked its key.
func (s *Server) tried(ctx context.Context, c caller, said []byte) {
	t := lockedBy(c.signed.Request.Body, said)
	if t == "" {
		return
	}
	if a, err := s.own(ctx, c); err == nil { // an account that has ended has no log-ins
		s.locks.add(lock{a.ID, t, s.cfg.Clock.Now().Add(lockTold)})
	}
}

// TellLocked ends the log-ins whose key was locked a moment ago, so that whoever
// waits for them hears of it. It is a background job, to be done about every second.
func (s *Server) TellLocked(ctx context.Context) error {
	var failed error
	for _, k := range s.locks.take(s.cfg.Clock.Now()) {
		failed = errors.Join(failed, s.cfg.Login.Finish(ctx, k.account, k.transaction))
	}
	return failed
}
