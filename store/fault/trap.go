//go:build faults

package fault

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/tunnus-id/tunnus"
)

// A Moment is where in the life of a transaction the process dies.
type Moment string

// The moments.
const (
	Before Moment = "before"
	After  Moment = "after"
	Lost   Moment = "lost"
)

// A Trap waits for one arrow. The nil trap waits for nothing.
type Trap struct {
	arrow  string
	moment Moment
	count  int
	kill   func()

	mu   sync.Mutex
	seen int // arrows committed by this process
}

// Set reads TUNNUS_FAULT; it returns nil if there is none, and panics if it
// cannot be read: a harness that sets no trap must not go on.
func Set() *Trap {
	text := os.Getenv("TUNNUS_FAULT")
	if text == "" {
		return nil
	}
	t, err := parse(text)
	if err != nil {
		panic(err)
	}
	return t
}

func parse(text string) (*Trap, error) {
	part := strings.Split(text, ":")
	if len(part) != 3 || part[0] == "" {
		return nil, fmt.Errorf("fault: %q; ARROW:MOMENT:COUNT", text)
	}
	n, err := strconv.Atoi(part[2])
	m := Moment(part[1])
	if err != nil || n < 1 || m != Before && m != After && m != Lost {
		return nil, fmt.Errorf("fault: %q; ARROW:before|after|lost:COUNT", text)
	}
	return &Trap{arrow: part[0], moment: m, count: n, kill: die}, nil
}

// die is kill -9 of the process itself. It does not return.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// service is the subject of lines about certificates of the service's own, which
// each start makes: they are no arrow of anybody's registration.
const service = "service"

// Arrow names what an audit line tells.
func Arrow(e tunnus.Event) string {
	if e.Subject == service {
		return service + "/" + e.Kind
	}
	if f := e.Detail["fact"]; f != "" {
		return e.Kind + "/" + f
	}
	return e.Kind
}

// Before is called with the arrows of a transaction that is about to be committed.
func (t *Trap) Before(arrows []string) {
	if t == nil || t.moment != Before {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.hits(arrows); n > 0 && t.seen+n >= t.count {
		t.kill()
	}
}

// After is called with the arrows of a transaction that was committed.
func (t *Trap) After(ctx context.Context, arrows []string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.hits(arrows)
	if t.seen += n; n == 0 || t.seen < t.count {
		return
	}
	doomed, request := ctx.Value(trace{}).(*doom)
	switch {
	case t.moment == After, t.moment == Lost && !request: // nobody waits for an answer
		t.kill()
	case t.moment == Lost:
		doomed.set(t.kill)
	}
}

func (t *Trap) hits(arrows []string) (n int) {
	for _, a := range arrows {
		if a == t.arrow {
			n++
		}
	}
	return n
}
