package faults

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/between"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A postman stands between app and server. He keeps each message back for a moment,
// and a copy of each, which he delivers later: the newest first, some at a time, while
// the app has gone on, and all of them once more when it is done.
type postman struct {
	over http.RoundTripper
	to   []string // hosts that copies go to, in turn; none: where the message went

	mu     sync.Mutex
	copies []*http.Request // newest last
	late   sync.WaitGroup
	answer map[int]int // how many copies were answered with a status
}

// handful is how many copies the postman lets come together.
const handful = 5

// RoundTrip implements [http.RoundTripper].
func (p *postman) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(rand.N(100 * time.Millisecond))
	c, err := again(r)
	if err != nil {
		return nil, err
	}
	resp, err := p.over.RoundTrip(r)
	p.mu.Lock()
	p.copies = append(p.copies, c)
	n := len(p.copies)
	p.mu.Unlock()
	if n%handful == 0 {
		p.late.Go(func() { p.deliver(n-handful, n) })
	}
	return resp, err
}

// again is a request that can be sent once more.
func again(r *http.Request) (*http.Request, error) {
	c := r.Clone(context.WithoutCancel(r.Context())) // whoever sent it first has his answer, and has gone
	if r.GetBody == nil {
		return c, nil
	}
	body, err := r.GetBody()
	c.Body = body
	return c, err
}

// deliver delivers copies, the newest first.
func (p *postman) deliver(from, to int) {
	p.mu.Lock()
	some := slices.Clone(p.copies[from:to])
	p.mu.Unlock()
	slices.Reverse(some)
	for i, c := range some {
		c, err := again(c)
		if err != nil {
			continue
		}
		if len(p.to) > 0 {
			c.URL.Host = p.to[i%len(p.to)]
		}
		resp, err := p.over.RoundTrip(c)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		p.mu.Lock()
		p.answer[resp.StatusCode]++
		p.mu.Unlock()
	}
}

// all delivers each copy once more, when the app is done.
func (p *postman) all() {
	p.late.Wait()
	p.mu.Lock()
	n := len(p.copies)
	p.mu.Unlock()
	p.deliver(0, n)
}

// between puts a postman between the phones of a house and its server.
func (h *House) between(to ...string) *postman {
	p := &postman{over: h.http.Transport, to: to, answer: map[int]int{}}
	h.http = &http.Client{Transport: p}
	return p
}

// onceOnly fails unless one account is active, no key is held for a copy, and the
// audit log has each arrow of a passport registration as often as it should.
func (h *House) onceOnly(t *testing.T) {
	t.Helper()
	var active, held int
	err := h.db.QueryRow("SELECT (SELECT count(*) FROM account WHERE state = 'active'), (SELECT count(*) FROM keyshare_key WHERE state = 'held')").Scan(&active, &held)
	if err != nil || active != 1 || held != 0 {
		t.Errorf("%d active accounts, %d keys held, %v", active, held, err)
	}
	have, err := h.Arrows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"contact.adopt": 1}
	for _, name := range between.Announced() {
		want[name]++
	}
	for _, f := range (way.Route{Way: way.Passport, Purpose: way.New}).Facts() {
		want["enrol.fact/"+string(f)]++
		for _, name := range between.Passport()[f] {
			want[name]++
		}
	}
	for name, n := range want {
		if have[name] < n {
			t.Errorf("%s came %d times", name, have[name])
		}
	}
	for _, once := range []string{"otp.sent", "otp.confirmed", "account.create", "account.activate", "lock.succeeded", "key.signed"} {
		if have[once] != 1 {
			t.Errorf("%s came %d times", once, have[once])
		}
	}
}

// F9: messages come late, twice, and in another order: copies of old ones behind newer
// ones, the newest first; all of them once more at the end, and an hour later.
func TestMessagesInAnotherOrder(t *testing.T) {
	h := built(t).running(t, SQLite)
	direct := h.http
	post := h.between()
	if err := h.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatalf("%v; %s", err, h.Tail())
	}
	post.all()
	if err := h.Settled(t.Context()); err != nil { // an hour ahead, jobs would plan for later than that
		t.Fatal(err)
	}
	if err := h.Shift(time.Hour); err != nil {
		t.Fatal(err)
	}
	post.all()
	if err := h.Shift(0); err != nil {
		t.Fatal(err)
	}
	h.http = direct
	t.Logf("%d messages; copies were answered %v", len(post.copies), post.answer)
	if len(post.answer) == 0 {
		t.Error("no copy has reached the server")
	}
	h.wellEnded(t)
	h.onceOnly(t)
}

// F9: the same on two nodes of one database, of which each gets copies of what the
// other one has answered.
func TestMessagesOnAnotherNode(t *testing.T) {
	a, b := twoNodes(t)
	direct := a.http
	a.alternate(b)
	post := a.between(b.url[len("https://"):], a.url[len("https://"):])
	if err := a.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatalf("%v; A: %s; B: %s", err, a.Tail(), b.Tail())
	}
	post.all()
	a.http = direct
	t.Logf("%d messages; copies were answered %v", len(post.copies), post.answer)
	a.wellEnded(t)
	a.onceOnly(t)
}
