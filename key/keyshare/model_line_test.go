package keyshare

import (
	"slices"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"pgregory.net/rapid"
)

// A transport is what stands between phones and nodes: a network that may hold a
// message back as long as it likes, and package app/server with the counters of its
// sessions. All phones here have one device key, so the first request of a new
// session ends the others.
type transport struct {
	opened  int    // sessions
	live    int    // the one that is not ended
	last    uint64 // counter of its newest request
	held    []letter
	alarmed bool           // by a message that came past the counter
	seen    map[string]int // late messages, by what became of them
}

// A letter is one request on its way.
type letter struct {
	session int
	counter uint64
	m       head
	signed  device.Signed
}

// post signs the pending message of a phone for the session that it has. One that
// has none, or whose session was ended, opens one (package app/line).
func (l *lab) post(h *handset, m head) letter {
	if h.session < max(l.line.live, 1) {
		l.line.opened++
		h.session, h.counter = l.line.opened, 0
	}
	h.counter++
	r, err := device.Sign(l.hk, device.Request{
		Method: "POST", Path: "/", Session: strconv.Itoa(h.session), Counter: h.counter, Body: h.pending,
	})
	l.must(err)
	return letter{h.session, h.counter, m, r}
}

// takes is what the counter lets through. The same request again, which the server
// answers from store, comes by resend's "twice".
func (t *transport) takes(x letter) bool {
	if x.session < t.live || x.session == t.live && x.counter <= t.last {
		return false
	}
	t.live, t.last = x.session, x.counter
	return true
}

// crash ends a call without an answer: the phone's process dies, or only gives up
// and goes on in its session.
func (l *lab) crash(h *handset) error {
	if l.coin("the process dies", 2) {
		h.session = 0
	}
	return errCrashed
}

// late delivers a message that was held back, with nobody waiting for its answer.
// One that a newer request has overtaken is refused by its counter, and now and then
// slips through all the same, as if two nodes had let both in at once. Then no
// charge may be missing and nothing be signed that the books do not know, which
// audit sees to; an alarm is where the books have the value as stale, and nowhere
// else. One that nothing has overtaken is as good as any, and alarms for a copy only.
func (l *lab) late() {
	if len(l.line.held) == 0 {
		return
	}
	i := rapid.IntRange(0, len(l.line.held)-1).Draw(l.rt, "which was held back")
	x := l.line.held[i]
	l.line.held = slices.Delete(l.line.held, i, i+1)
	sort := "in order"
	if !l.line.takes(x) {
		sort = "slipped"
		if !l.coin("slips through", 5) {
			l.line.seen["refused"]++
			return
		}
	}
	l.line.seen[sort]++
	body := x.signed.Request.Body
	ready, stale := l.row().State == Ready, l.stale(x.m, body)
	answer, err := l.serve(l.node(), x.m, x.signed)
	l.book(x.m, body, answer, err, "")
	l.audit()
	alarm := tunnus.CodeOf(err) == tunnus.CodeAccCloned
	if ready && alarm != stale {
		l.rt.Fatalf("%s, late and %s: stale %v, but %v", x.m.Type, sort, stale, err)
	}
	if !ready || !alarm || l.copied {
		return
	}
	if sort != "slipped" {
		l.rt.Fatalf("%s, late and %s: a false alarm", x.m.Type, sort)
	}
	l.line.alarmed = true
	l.line.seen["alarm"]++
}
