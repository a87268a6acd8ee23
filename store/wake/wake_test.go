package wake

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// node is a board whose line is up.
func node(t *testing.T, where string) *Board {
	t.Helper()
	b := New(where, tunnus.NewSecret(make([]byte, 32)), slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	up(t, b, 1)
	return b
}

func up(t *testing.T, b *Board, times int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); b.Lines() < times; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the line came up %d times; want %d", b.Lines(), times)
		}
	}
}

func woken(t *testing.T, ch <-chan struct{}, within time.Duration) bool {
	t.Helper()
	select {
	case <-ch:
		return true
	case <-time.After(within):
		return false
	}
}

func TestWakeAtAnotherNode(t *testing.T) {
	where := cluster.Database(t)
	a, b := node(t, where), node(t, where)
	far, stop := b.Listen("login.person:PNOXX-1")
	defer stop()
	near, stopNear := a.Listen("login.person:PNOXX-1")
	defer stopNear()
	other, stopOther := b.Listen("login.person:PNOXX-2")
	defer stopOther()
	began := time.Now()
	a.Wake("login.person:PNOXX-1")
	if !woken(t, near, time.Second) {
		t.Error("who listens at the same node was not woken")
	}
	if !woken(t, far, time.Second) {
		t.Error("who listens at another node was not woken within a second")
	}
	t.Logf("woken after %v", time.Since(began))
	if woken(t, other, 50*time.Millisecond) {
		t.Error("somebody was woken for another topic")
	}
}

// The line is cut at the server: it comes up again, whoever listened is woken, for
// they may have missed something, and wake-ups pass as before.
func TestLineComesBack(t *testing.T) {
	where := cluster.Database(t)
	a, b := node(t, where), node(t, where)
	ch, stop := b.Listen("x")
	defer stop()
	cluster.KillBackends(t, where)
	up(t, a, 2)
	up(t, b, 2)
	if !woken(t, ch, 10*time.Second) {
		t.Fatal("nobody was woken when the line came back")
	}
	for end := time.Now().Add(10 * time.Second); ; { // the server recovers, and lines may break once more
		a.Wake("x")
		if woken(t, ch, 200*time.Millisecond) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("no wake-up passes any more")
		}
	}
}

// Without a database wake-ups work within the node, and nobody waits.
func TestNoLine(t *testing.T) {
	b := New("postgres:///none?host=/nowhere", tunnus.NewSecret(make([]byte, 32)), slog.New(slog.DiscardHandler))
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	ch, stop := b.Listen("x")
	defer stop()
	told := make(chan struct{})
	go func() {
		for range 3 * waiting {
			b.Wake("x")
		}
		close(told)
	}()
	if !woken(t, told, 10*time.Second) {
		t.Fatal("whoever wakes others waits for the line")
	}
	if !woken(t, ch, time.Second) {
		t.Error("not woken")
	}
	leave()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What the database server sees of a topic says nothing of a person.
func TestNamesTellNothing(t *testing.T) {
	where := cluster.Database(t)
	c, err := engine.Dial(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp(c)
	if _, err := c.Exec(t.Context(), "LISTEN "+channel); err != nil {
		t.Fatal(err)
	}
	a := node(t, where)
	a.Wake("login.person:PNOXX-199002140017")
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	n, err := c.WaitForNotification(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Payload) != 24 || strings.Contains(n.Payload, "1990") {
		t.Errorf("payload %q", n.Payload)
	}
	stranger := New(where, tunnus.NewSecret([]byte("another secret of another service")), slog.New(slog.DiscardHandler))
	if stranger.name("x") == a.name("x") {
		t.Error("names do not depend on the secret")
	}
}
