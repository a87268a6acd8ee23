package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// registrations stand for those of enrol: who waits for a chip, and what was shown.
type registrations struct {
	mu     sync.Mutex
	waits  map[string]bool // by session
	notes  map[string]*relay.Note
	opened chan string
}

func (*registrations) Status(context.Context, enrol.Ref) (enrol.Status, error) {
	return enrol.Status{Reference: "7K3Q-ZM2X-WA0B"}, nil
}

func (r *registrations) Relay(_ context.Context, ref enrol.Ref) (relay.Run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.waits[ref.Session] {
		return relay.Run{}, tunnus.Conflict(errors.New("no chip is waited for"))
	}
	if r.notes[ref.Session] == nil {
		r.notes[ref.Session] = &relay.Note{}
	}
	run := r.notes[ref.Session].Open(1)
	r.opened <- ref.Session
	return run, nil
}

func (r *registrations) Relayed(_ context.Context, ref enrol.Ref, run relay.Run, p emrtd.ChipProof) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notes[ref.Session].Keep(run, 1, p)
}

func (r *registrations) proof(session string) emrtd.ChipProof {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notes[session] == nil {
		return emrtd.ChipProof{}
	}
	return r.notes[session].Proof
}

// A relayBench is a bench on a real line, with a passport on its phone.
type relayBench struct {
	*bench
	srv  *httptest.Server
	regs *registrations
	p    *virtual.Passport
}

var keyed = sync.OnceValues(func() (*virtual.Passport, error) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	c, err := virtual.NewCountry(now)
	if err != nil {
		return nil, err
	}
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 60, 80)), nil); err != nil {
		return nil, err
	}
	return c.Issue(virtual.Holder{
		Surname: "LOVE", Sex: "F", Number: "X1234567", Birth: now.AddDate(-30, 0, 0), Expiry: now.AddDate(5, 0, 0), Portrait: portrait.Bytes(),
		Chip: virtual.ChipPlain, ChipAuth: []security.Auth{security.NewAuth(true, apdu.AES128)}, AuthGroup: 12,
	})
})

func newRelayBench(t *testing.T) *relayBench {
	t.Helper()
	p, err := keyed()
	if err != nil {
		t.Fatal(err)
	}
	b := &relayBench{p: p.WithFaults(virtual.Faults{}), regs: &registrations{waits: map[string]bool{}, notes: map[string]*relay.Note{}, opened: make(chan string, 100)}}
	b.bench = newBench(t, nil)
	b.server.sittings = b.regs
	b.regs.waits[b.session] = true
	b.srv = httptest.NewServer(b.handler)
	t.Cleanup(b.srv.Close)
	return b
}

func (b *relayBench) group() [sha256.Size]byte { return sha256.Sum256(b.p.Group(14)) }

// request is what is signed of an opening.
func (b *relayBench) request(counter uint64) device.Request {
	g := b.group()
	return device.Request{Method: http.MethodGet, Path: wire.PathRelay, Session: b.session, Counter: counter, Nonce: b.nonce, Body: g[:]}
}

// named are the headers of an opening with what was signed.
func (b *relayBench) named(r device.Request) http.Header {
	h := b.header(r)
	h.Set(relay.Header, relay.Name(b.group()))
	return h
}

// opening is one signed opening.
func (b *relayBench) opening(counter uint64) http.Header {
	b.t.Helper()
	return b.named(b.request(counter))
}

// dial opens a connection with the headers.
func (b *relayBench) dial(h http.Header) (*socket.Conn, error) {
	return socket.Dial(b.t.Context(), b.srv.Client(), b.srv.URL+wire.PathRelay, h, socket.Limits{Message: relay.MaxMessage, Messages: 3, Life: relay.Life})
}

// read reads the passport, with connections that dial opens.
func (b *relayBench) read(p chip.Transceiver, dial func() (relay.Conn, error)) error {
	b.t.Helper()
	rd := &relay.Reader{Dial: func(context.Context, [sha256.Size]byte) (relay.Conn, error) { return dial() }}
	defer rd.Close()
	_, err := chip.Request{AccessKey: b.p.AccessKey(), Challenge: []byte("8 bytes!"), Prover: rd}.Read(b.t.Context(), p)
	return err
}

// refusedOpening checks the code under which an opening is refused.
func (b *relayBench) refusedOpening(h http.Header, want tunnus.Code) {
	b.t.Helper()
	c, err := b.dial(h)
	no, ok := errors.AsType[*socket.Refusal](err)
	if !ok {
		b.t.Errorf("opened: %v, %v; want %q", c, err, want)
		return
	}
	if !strings.Contains(string(no.Body), `"code":"`+string(want)+`"`) || !strings.Contains(string(no.Body), `"instance"`) {
		b.t.Errorf("%d %s; want %q", no.Status, no.Body, want)
	}
}

func TestRelay(t *testing.T) {
	b := newRelayBench(t)
	if err := b.read(b.p, func() (relay.Conn, error) { return b.dial(b.opening(1)) }); err != nil {
		t.Fatal(err, b.log.String())
	}
	if !b.regs.proof(b.session).Of(b.p.Group(14)) {
		t.Error("the chip is not proved")
	}
	if w := b.call(1, "{}"); w.Code == http.StatusOK {
		t.Error("the counter of the opening was used again")
	}
}

// An opening that somebody has kept counts once, whether its run came to an end or not.
func TestReplayedOpening(t *testing.T) {
	b := newRelayBench(t)
	first := b.opening(1)
	c, err := b.dial(first.Clone())
	if err != nil {
		t.Fatal(err)
	}
	b.refusedOpening(first.Clone(), tunnus.CodeBadSignature)
	_ = c.Close()
	b.refusedOpening(first.Clone(), tunnus.CodeBadSignature)
	if err := b.read(b.p, func() (relay.Conn, error) { return b.dial(b.opening(2)) }); err != nil {
		t.Error(err)
	}
	b.refusedOpening(b.opening(1), tunnus.CodeBadSignature)
}

// K4, K14: an opening is a request of its session like every other: its counter rises,
// and the first one of a session ends the older ones of its device.
func TestK14OpeningIsARequestOfItsSession(t *testing.T) {
	b := newRelayBench(t)
	old := b.session
	c, err := b.dial(b.opening(5))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	b.refusedOpening(b.opening(4), tunnus.CodeBadSignature)
	b.now = b.now.Add(time.Second)
	b.start()
	b.regs.waits[b.session] = true
	if c, err = b.dial(b.opening(1)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, ok := b.mem.sessions[old]; ok {
		t.Error("the older session goes on")
	}
}

// slowReplies are those of a node that has not heard yet what another has written.
type slowReplies struct{ repliesOf }

func (slowReplies) Last(context.Context, string) (int64, error) { return 0, nil }

// Of one opening at two nodes at once, one is served.
func TestOpeningAtTwoNodes(t *testing.T) {
	b := newRelayBench(t)
	s := New(Config{
		Scheme: "tunnus-demo", Sessions: sessionsOf{b.mem}, Replies: slowReplies{repliesOf{b.mem}},
		Clock: tunnus.ClockFunc(func() time.Time { return b.now }), Log: slog.New(slog.DiscardHandler),
	})
	s.sittings = b.regs
	other := httptest.NewServer(s.Routes())
	defer other.Close()
	h := b.opening(1)
	c, err := b.dial(h.Clone())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b.srv = other
	b.refusedOpening(h.Clone(), tunnus.CodeBadSignature)
}

// An opening is of the device and the session that signed it, for the group that it names.
func TestOpeningOfAnotherSession(t *testing.T) {
	b := newRelayBench(t)
	mine, nonce := b.session, b.nonce
	b.start() // another session of the same device, in which no chip is waited for
	theirs := b.session
	h := b.opening(1)
	h.Set(wire.HeaderSession, mine)
	b.refusedOpening(h, tunnus.CodeBadSignature)
	b.session, b.nonce = mine, nonce
	for name, change := range map[string]func(*device.Request){
		"signed for a POST":         func(r *device.Request) { r.Method = http.MethodPost },
		"signed for another path":   func(r *device.Request) { r.Path = wire.PathRegistration },
		"signed for another group":  func(r *device.Request) { r.Body = bytes.Repeat([]byte{1}, sha256.Size) },
		"signed for no group":       func(r *device.Request) { r.Body = nil },
		"signed with another nonce": func(r *device.Request) { r.Nonce = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			r := b.request(1)
			change(&r)
			b.refusedOpening(b.named(r), tunnus.CodeBadSignature)
		})
	}
	key, spki := b.key, b.spki
	b.key, b.spki = newDevice(t)
	b.refusedOpening(b.opening(1), tunnus.CodeBadSignature)
	b.key, b.spki = key, spki
	if n := len(b.regs.opened); n != 0 {
		t.Errorf("%d runs were opened", n)
	}
	if theirs == mine || !b.regs.proof(mine).IsZero() {
		t.Error("something was shown")
	}
}

// Nobody holds a connection for whom no chip is waited for.
func TestNobodyWaitsForTheChip(t *testing.T) {
	b := newRelayBench(t)
	b.regs.waits[b.session] = false
	b.refusedOpening(b.opening(1), tunnus.CodeStateConflict)
	r := httptest.NewRequest(http.MethodGet, wire.PathRelay, nil)
	r.Header = b.opening(2)
	r.Header.Set(relay.Header, "00")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	wantCode(t, w, tunnus.CodeBadRequest)
	r = httptest.NewRequest(http.MethodGet, wire.PathRelay, nil)
	r.Header = b.opening(3)
	w = httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	wantCode(t, w, tunnus.CodeBadRequest) // no WebSocket
}

// Of two relays at once the one that was opened last counts; the other is told that
// it was cut off, whichever of them the chip answers first.
func TestTwoRelaysAtOnce(t *testing.T) {
	b := newRelayBench(t)
	first, err := b.dial(b.opening(1))
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.dial(b.opening(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.read(b.p, func() (relay.Conn, error) { return first, nil }); !errors.Is(err, relay.ErrBroken) {
		t.Errorf("the first: %v", err)
	}
	if !b.regs.proof(b.session).IsZero() {
		t.Error("the first run was written down")
	}
	b.p.Reset()
	if err := b.read(b.p, func() (relay.Conn, error) { return second, nil }); err != nil {
		t.Errorf("the second: %v", err)
	}
	if !b.regs.proof(b.session).Of(b.p.Group(14)) {
		t.Error("the second run was not written down")
	}
}

// A relay that is cut in the middle leaves nothing, and another one may follow.
func TestRelayCutInTheMiddleIsBegunAnew(t *testing.T) {
	b := newRelayBench(t)
	err := b.read(b.p, func() (relay.Conn, error) {
		c, err := b.dial(b.opening(1))
		return &cutting{Conn: c, left: 2}, err
	})
	if err == nil || !b.regs.proof(b.session).IsZero() {
		t.Errorf("cut: %v", err)
	}
	b.p.Reset()
	if err := b.read(b.p, func() (relay.Conn, error) { return b.dial(b.opening(2)) }); err != nil || !b.regs.proof(b.session).Of(b.p.Group(14)) {
		t.Errorf("again: %v", err)
	}
}

// cutting is a connection that is cut after some messages.
type cutting struct {
	relay.Conn
	left int
}

func (c *cutting) Send(ctx context.Context, m []byte) error {
	if c.left--; c.left < 0 {
		_ = c.Close()
	}
	return c.Conn.Send(ctx, m)
}

// A session opens few runs, so that nobody has us multiply points for ever.
func TestTooManyRuns(t *testing.T) {
	b := newRelayBench(t)
	for n := range runsBurst {
		c, err := b.dial(b.opening(uint64(n + 1)))
		if err != nil {
			t.Fatal(n, err)
		}
		_ = c.Close()
	}
	b.refusedOpening(b.opening(runsBurst+1), tunnus.CodeRateLimited)
	b.now = b.now.Add(runsEvery)
	c, err := b.dial(b.opening(runsBurst + 1))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// Who holds connections that say nothing keeps nobody out but those of the own address,
// and what was refused for that is not counted.
func TestRunsOfOneAddress(t *testing.T) {
	b := newRelayBench(t)
	b.server.shares = hall.Each(1, 0)
	held, err := b.dial(b.opening(1))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * runsBurst {
		b.refusedOpening(b.opening(uint64(2+n)), tunnus.CodeRateLimited)
	}
	away := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}}
	limits := socket.Limits{Message: relay.MaxMessage, Messages: 3, Life: relay.Life}
	c, err := socket.Dial(t.Context(), away, b.srv.URL+wire.PathRelay, b.opening(100), limits)
	if err != nil {
		t.Fatalf("another address is kept out: %v", err)
	}
	_, _ = c.Close(), held.Close()
	if relaysOfOne >= relaysAtOnce || runLimits.First <= 0 || runLimits.First >= runLimits.Life/4 {
		t.Error("one address has all seats, or keeps them for long")
	}
}

// One subscriber with many networks of IPv6 does not take every seat, nor all the time.
func TestRunsOfOneSite(t *testing.T) {
	b := newRelayBench(t)
	b.server.sites = hall.Each(2, 0)
	for n, tt := range []struct {
		address string
		ok      bool
	}{{"2001:db8:0:1::/64", true}, {"2001:db8:0:2::/64", true}, {"2001:db8:0:3::/64", false}, {"2001:db8:1:3::/64", true}, {"192.0.2.1", true}} {
		if leave, ok := b.server.seat(t.Context(), tt.address); ok != tt.ok || ok != (leave != nil) {
			t.Errorf("%d: %s is let in: %v", n, tt.address, ok)
		}
	}
	for n := range openingsMost + 1 {
		address := fmt.Sprintf("2001:db8:0:%x::/64", n)
		if ok := b.server.openings.Allow(hall.Site(address), b.now); ok != (n < openingsMost) {
			t.Errorf("opening %d of the site: %v", n+1, ok)
		}
	}
	if relaysOfSite >= relaysAtOnce/2 || relaysOfSite < relaysOfOne {
		t.Error("the share of a site")
	}
}

// What is said over the limits ends the run, and nothing is kept of it.
func TestOversizedFramesOfARelay(t *testing.T) {
	b := newRelayBench(t)
	for n, say := range []string{`{"dg14":"` + strings.Repeat("A", relay.MaxMessage) + `"}`, `{"dg14":"AAAA"}`, `{"answer":"kAA="}`, `[`} {
		c, err := b.dial(b.opening(uint64(n + 1)))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Send(t.Context(), []byte(say))
		if got, err := c.Receive(t.Context()); err == nil {
			t.Errorf("%d: the server answers %s", n, got)
		}
	}
	if !b.regs.proof(b.session).IsZero() {
		t.Error("something was kept")
	}
}

// The code line that a phone says it saw is judged against the chip, as evidence.
func TestPrintedCodeLineIsEvidence(t *testing.T) {
	line := b44 + "\n" + b44
	ev, err := evidence(wire.Chip{Printed: line})
	if err != nil || ev.Printed != line {
		t.Errorf("%q, %v", ev.Printed, err)
	}
	if _, err := evidence(wire.Chip{Printed: line + line}); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("two of them: %v", err)
	}
}

// b44 is a line of 44 characters.
var b44 = strings.Repeat("<", 44)
