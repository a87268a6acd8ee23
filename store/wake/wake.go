// Package wake carries wake-ups between the nodes of one PostgreSQL database, so
// that a poll at one node hears at once of what another node has written.
//
// A wake-up is a hint and nothing else: it may be late, lost or without ground.
// Who is woken reads the row, and reads it by itself every few seconds. So a line
// that broke costs time and no truth; when it is back everybody is woken once.
//
// What travels is a name: the keyed hash of a topic, since a topic may hold a
// personal code. Nodes need the same key. LISTEN belongs to one connection of the
// server: a pooler that shares connections between clients by transaction must be
// gone round.
package wake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/engine"
)

// channel is the one on which all nodes of a database listen.
const channel = "tunnus_wake"

const (
	waiting = 4096             // names that wait to be told; more are dropped
	atOnce  = 256              // in one statement
	probe   = 10 * time.Second // a line that was silent for so long is tried
	answer  = 5 * time.Second  // and must answer within
	pause   = 50 * time.Millisecond
	longest = 5 * time.Second // between two tries to come back
)

// A Board is one node's [login.Notifier] over PostgreSQL. It works within the node
// from the beginning, and between nodes while [Board.Run] runs.
type Board struct {
	where string
	key   []byte
	hub   *login.Hub
	log   *slog.Logger
	tell  chan string

	mu    sync.Mutex
	lines int // how often the line came up
}

var _ login.Notifier = (*Board)(nil)

// New makes a board for the database at a URL. Secret is the key of names: 32 bytes
// that all nodes of the database have.
func New(where string, secret tunnus.Secret, log *slog.Logger) *Board {
	mac := hmac.New(sha256.New, secret.Reveal())
	mac.Write([]byte("tunnus/wake/v1"))
	return &Board{where: where, key: mac.Sum(nil), hub: login.NewHub(), log: log, tell: make(chan string, waiting)}
}

// name is what stands for a topic outside of this process.
func (b *Board) name(topic string) string {
	mac := hmac.New(sha256.New, b.key)
	mac.Write([]byte(topic))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// Listen implements [login.Notifier].
func (b *Board) Listen(topic string) (<-chan struct{}, func()) { return b.hub.Listen(b.name(topic)) }

// Wake implements [login.Notifier]. Who listens at this node is woken now.
func (b *Board) Wake(topic string) {
	name := b.name(topic)
	b.hub.Wake(name)
	select {
	case b.tell <- name:
	default: // the others find the row by themselves
	}
}

// Lines tells how often the line came up since the start.
func (b *Board) Lines() int { b.mu.Lock(); defer b.mu.Unlock(); return b.lines }

// Run keeps the line up until ctx ends, which is no error.
func (b *Board) Run(ctx context.Context) error {
	wait := pause
	for {
		began := time.Now()
		err := b.line(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > longest {
			wait = pause
		}
		b.log.Warn("the line for wake-ups is broken; polls find changes by themselves", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait = min(2*wait, longest)
	}
}

// line is one connection that listens and one that tells, until either breaks.
func (b *Board) line(ctx context.Context) error {
	ears, err := b.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ears)
	mouth, err := b.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp(mouth)
	if _, err := ears.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	b.mu.Lock()
	b.lines++
	b.mu.Unlock()
	b.hub.WakeAll() // what was told while nobody listened is lost
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	broken := make(chan error, 2)
	go func() { broken <- b.hear(ctx, ears) }()
	go func() { broken <- b.speak(ctx, mouth) }()
	first := <-broken
	stop()
	return errors.Join(first, <-broken)
}

func (b *Board) dial(ctx context.Context) (*pgx.Conn, error) {
	ctx, stop := context.WithTimeout(ctx, answer)
	defer stop()
	return engine.Dial(ctx, b.where)
}

func hangUp(c *pgx.Conn) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_ = c.Close(ctx) // it may be broken
}

// hear wakes whom others have named. A line that is silent is tried now and then:
// the other end may be gone without a word.
func (b *Board) hear(ctx context.Context, c *pgx.Conn) error {
	for {
		within, stop := context.WithTimeout(ctx, probe)
		n, err := c.WaitForNotification(within)
		quiet := within.Err() != nil
		stop()
		switch {
		case err == nil:
			b.hub.Wake(n.Payload)
		case ctx.Err() != nil:
			return nil
		case quiet && !c.IsClosed():
			if err := ping(ctx, c); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func ping(ctx context.Context, c *pgx.Conn) error {
	ctx, stop := context.WithTimeout(ctx, answer)
	defer stop()
	return c.Ping(ctx)
}

// speak tells the others, many names at a time.
func (b *Board) speak(ctx context.Context, c *pgx.Conn) error {
	for {
		names := map[string]bool{}
		select {
		case <-ctx.Done():
			return nil
		case n := <-b.tell:
			names[n] = true
		}
		for more := true; more && len(names) < atOnce; {
			select {
			case n := <-b.tell:
				names[n] = true
			default:
				more = false
			}
		}
		if err := b.send(ctx, c, names); err != nil {
			return err
		}
	}
}

func (b *Board) send(ctx context.Context, c *pgx.Conn, names map[string]bool) error {
	list := make([]string, 0, len(names))
	for n := range names {
		list = append(list, n)
	}
	ctx, stop := context.WithTimeout(ctx, answer)
	defer stop()
	_, err := c.Exec(ctx, "SELECT pg_notify($1, n) FROM unnest($2::text[]) AS n", channel, list)
	return err
}
