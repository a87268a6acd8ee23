package faults

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
	"github.com/tunnus-id/tunnus/sandbox/register"
)

func (h *House) person(t *testing.T, name string) *Holder {
	t.Helper()
	p, err := h.Person(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// comesThrough registers somebody who is told a code first. Then what is wrong is
// mended, and the same registration goes on to its end. The invariants hold before
// that, and then.
func (h *House) comesThrough(t *testing.T, p *Holder, want tunnus.Code, mend func()) {
	t.Helper()
	err := p.Register(t.Context())
	if code := tunnus.CodeOf(err); code != want {
		t.Errorf("told %q (%v); want %q", code, err, want)
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error("while it is so:", err)
	}
	mend()
	for end := time.Now().Add(time.Minute); err != nil && time.Now().Before(end); time.Sleep(time.Second) {
		err = p.Register(t.Context())
	}
	if err != nil {
		t.Fatalf("afterwards: %v; %s", err, h.Tail())
	}
	h.wellEnded(t)
}

// wellEnded looks at everything once what jobs do is done.
func (h *House) wellEnded(t *testing.T) {
	t.Helper()
	if err := h.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
}

// The population register is down, slow, hangs up, or says nonsense, or something of
// somebody else: the applicant is told that it is not his fault, nothing is counted,
// and once it answers the same registration goes on.
func TestRegisterFails(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("let-me-in"), 0o600); err != nil {
		t.Fatal(err)
	}
	var sim atomic.Pointer[register.Simulator]
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sim.Load().ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h := built(t).opened(t, SQLite, func(config map[string]any) {
		delete(config, "register_file")
		config["register"] = map[string]any{"url": srv.URL, "token_file": token}
	})
	text, err := os.ReadFile(h.Path("world", "register.json"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := population.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	sim.Store(register.New(source, "let-me-in"))
	h.start(t)
	modes := []register.Mode{register.Down, register.Slow, register.Reset, register.Garbage, register.WrongPerson}
	for i, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			sim.Load().Behave(mode, 30*time.Second)
			h.comesThrough(t, h.person(t, Names()[i]), tunnus.CodeRegiDown, func() { sim.Load().Behave(register.Well, 0) })
		})
	}
	if have, err := h.Arrows(t.Context()); err != nil || have["lock.failed"] != 0 || have["account.activate"] != len(modes) {
		t.Errorf("%d failures charged, %d accounts, %v", have["lock.failed"], have["account.activate"], err)
	}
}

// A texter is a gateway for text messages that can be out of order.
type texter struct {
	to     http.Handler
	down   atomic.Bool
	pause  atomic.Int64 // before it answers
	served atomic.Int64
}

// ServeHTTP implements [http.Handler].
func (x *texter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.served.Add(1)
	if x.down.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	time.Sleep(time.Duration(x.pause.Load()))
	x.to.ServeHTTP(w, r)
}

// codes is how many text messages with a code have come.
func (h *House) codes() (n int) {
	for _, m := range h.box.Texts() {
		if codeIn.MatchString(m.Text) {
			n++
		}
	}
	return n
}

// texting is a house whose codes go out by a gateway for text messages.
func texting(t *testing.T) (*House, *texter) {
	t.Helper()
	x := &texter{}
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	h := built(t).opened(t, SQLite, func(config map[string]any) {
		config["sms"] = map[string]any{"from": "tunnus", "http": map[string]any{"url": srv.URL + "/sms", "body": json.RawMessage(mailbox.SMSBody)}}
	})
	x.to = h.box.Handler()
	h.start(t)
	return h, x
}

// The gateway for text messages is down at first, or slow: the code waits and goes out
// once, nothing is charged meanwhile, and the registration ends as ever.
func TestTextsAreDown(t *testing.T) {
	h, x := texting(t)
	x.down.Store(true)
	p := h.person(t, "ben")
	p.typed["email"] = phoneNumber
	done := make(chan error, 1)
	go func() { done <- p.Register(t.Context()) }()
	h.soon(t, "otp.sent", 1, done)
	for end := time.Now().Add(20 * time.Second); x.served.Load() == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if x.served.Load() == 0 {
		t.Fatal("nothing was asked of the gateway")
	}
	x.down.Store(false)
	h.ends(t, done)
	if n := h.codes(); n != 1 {
		t.Errorf("%d codes came", n)
	}
}

// See TestTextsAreDown.
func TestTextsAreSlow(t *testing.T) {
	h, x := texting(t)
	x.pause.Store(int64(4 * time.Second))
	p := h.person(t, "ben")
	p.typed["email"] = phoneNumber
	done := make(chan error, 1)
	go func() { done <- p.Register(t.Context()) }()
	h.soon(t, "otp.sent", 1, done)
	h.ends(t, done)
	if n := h.codes(); n != 1 {
		t.Errorf("%d codes came", n)
	}
}
