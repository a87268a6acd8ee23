package register_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/sandbox/register"
)

const file = `[
 {"person": "PNOXX-199002140017", "surname": "Åsk", "given_names": "Ada", "names_since": "2020-05-01",
  "earlier_names": [{"surname": "Ek", "given_names": "Ada", "until": "2020-05-01"}],
  "documents": [{"number": "X1234567", "state": "valid"}, {"number": "X7654321", "state": "stolen"}],
  "channels": {"email": "ada@mail.invalid", "postal": true}},
 {"person": "PNOXX-201502140014", "surname": "Åsk", "given_names": "Bo",
  "guardians": [{"person": "PNOXX-199002140017", "kind": "parent", "comprehensive": true, "from": "2015-02-14", "until": "2033-02-14"}]}
]`

// A setting is a simulator, a client of it, and a clock.
type setting struct {
	sim    *register.Simulator
	client *population.Client
	now    time.Time
	ada    tunnus.PersonCode
	child  tunnus.PersonCode
}

func person(t *testing.T, s string) tunnus.PersonCode {
	t.Helper()
	c, err := tunnus.ParseSemanticsID(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fresh(t *testing.T) *setting {
	t.Helper()
	r, err := population.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{sim: register.New(r, "let-me-in"), now: time.Unix(1_800_000_000, 0)}
	server := httptest.NewTLSServer(s.sim)
	t.Cleanup(server.Close)
	s.client = s.dial(t, server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig)
	s.ada, s.child = person(t, "PNOXX-199002140017"), person(t, "PNOXX-201502140014")
	return s
}

func (s *setting) dial(t *testing.T, url string, config *tls.Config) *population.Client {
	t.Helper()
	c, err := population.Dial(population.Service{
		URL: url, TLS: config, Token: tunnus.NewSecret([]byte("let-me-in")), Within: 300 * time.Millisecond,
		Clock: tunnus.ClockFunc(func() time.Time { return s.now }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientHearsWhatTheFileSays(t *testing.T) {
	s := fresh(t)
	p, err := s.client.ByCode(t.Context(), s.ada)
	if err != nil || p.Surname != "Åsk" || len(p.Documents) != 2 || p.Documents[1].State != match.Stolen || p.NamesSince.IsZero() || len(p.Earlier) != 1 {
		t.Errorf("ByCode: %v, %d documents", err, len(p.Documents))
	}
	list, err := s.client.Guardians(t.Context(), s.child)
	if err != nil || len(list) != 1 || list[0].Guardian != s.ada || list[0].Child != s.child || !list[0].Comprehensive {
		t.Errorf("Guardians: %v, %d", err, len(list))
	}
	wards, err := s.client.Wards(t.Context(), s.ada)
	if err != nil || len(wards) != 1 || wards[0] != list[0] {
		t.Errorf("Wards: %v, %d", err, len(wards))
	}
	if c, err := s.client.Channels(t.Context(), s.ada); err != nil || !c.Postal || c.Email == "" {
		t.Errorf("Channels: %v", err)
	}
	if _, err := s.client.ByCode(t.Context(), person(t, "PNOEE-30303039914")); !errors.Is(err, match.ErrNoPerson) {
		t.Errorf("nobody: %v", err)
	}
}

// However the service fails, it is down or its answer is of no use: nobody is
// unknown, dead or somebody else by that; and no error tells what was said.
func TestNothingFollowsFromAFailure(t *testing.T) {
	for mode, want := range map[register.Mode]error{
		register.Down: people.ErrDown, register.NotThere: people.ErrDown, register.Redirect: people.ErrDown, register.Reset: people.ErrDown,
		register.Slow: people.ErrDown, register.Garbage: people.ErrAnswer, register.Huge: people.ErrAnswer, register.WrongPerson: people.ErrAnswer,
	} {
		s := fresh(t)
		s.sim.Behave(mode, time.Minute)
		for name, ask := range map[string]func() error{
			"person":    func() error { _, err := s.client.ByCode(t.Context(), s.ada); return err },
			"guardians": func() error { _, err := s.client.Guardians(t.Context(), s.child); return err },
			"channels":  func() error { _, err := s.client.Channels(t.Context(), s.ada); return err },
			"nobody":    func() error { _, err := s.client.ByCode(t.Context(), person(t, "PNOEE-30303039914")); return err },
		} {
			began := time.Now()
			err := ask()
			if !errors.Is(err, want) || errors.Is(err, match.ErrNoPerson) {
				t.Errorf("%s, %s: %v; want %v", mode, name, err, want)
				continue
			}
			if said := err.Error(); strings.Contains(said, "1990") || strings.Contains(said, "sk") && !strings.Contains(said, "asked for") {
				t.Errorf("%s, %s: the error tells %q", mode, name, said)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s, %s: it took %v", mode, name, took)
			}
		}
	}
}

func TestWhoDoesNotProveHimselfIsNotAnswered(t *testing.T) {
	s := fresh(t)
	other := httptest.NewTLSServer(register.New(nil, "another-token"))
	defer other.Close()
	c := s.dial(t, other.URL, other.Client().Transport.(*http.Transport).TLSClientConfig)
	if _, err := c.ByCode(t.Context(), s.ada); !errors.Is(err, people.ErrDown) {
		t.Errorf("with the wrong token: %v", err)
	}
	c = s.dial(t, other.URL, nil)
	if _, err := c.ByCode(t.Context(), s.ada); !errors.Is(err, people.ErrDown) {
		t.Errorf("of a server that nobody knows: %v", err)
	}
	for _, url := range []string{"", "http://register.example", "ftp://register.example", "https://user:word@register.example", "https://register.example?x=1", "register.example", "https://"} {
		if _, err := population.Dial(population.Service{URL: url, Clock: tunnus.SystemClock{}}); err == nil {
			t.Errorf("%q was taken", url)
		}
	}
}

// After some failures the service is left alone; then one question decides.
func TestCircuit(t *testing.T) {
	s := fresh(t)
	s.sim.Behave(register.Down, 0)
	for range 20 {
		if _, err := s.client.ByCode(t.Context(), s.ada); !errors.Is(err, people.ErrDown) {
			t.Fatal(err)
		}
	}
	if n := s.sim.Seen(); n != 5 {
		t.Fatalf("%d requests came", n)
	}
	s.now = s.now.Add(10 * time.Second)
	for range 5 {
		_, _ = s.client.ByCode(t.Context(), s.ada)
	}
	if n := s.sim.Seen(); n != 6 {
		t.Errorf("%d requests came after the rest", n)
	}
	s.sim.Behave(register.Well, 0)
	if _, err := s.client.ByCode(t.Context(), s.ada); !errors.Is(err, people.ErrDown) {
		t.Errorf("while it rests: %v", err)
	}
	s.now = s.now.Add(10 * time.Second)
	for range 5 {
		if _, err := s.client.ByCode(t.Context(), s.ada); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	}
}

// Of many who ask at once after the rest, one goes through.
func TestOneProbe(t *testing.T) {
	s := fresh(t)
	s.sim.Behave(register.Down, 0)
	for range 5 {
		_, _ = s.client.ByCode(t.Context(), s.ada)
	}
	s.now = s.now.Add(time.Minute)
	s.sim.Behave(register.Slow, 100*time.Millisecond)
	before := s.sim.Seen()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _ = s.client.ByCode(t.Context(), s.ada) })
	}
	wg.Wait()
	if n := s.sim.Seen() - before; n != 1 {
		t.Errorf("%d requests came", n)
	}
}

// Whoever hangs up says nothing of the service.
func TestHangingUpIsNoFailure(t *testing.T) {
	s := fresh(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 10 {
		_, _ = s.client.ByCode(ctx, s.ada)
	}
	if _, err := s.client.ByCode(t.Context(), s.ada); err != nil {
		t.Errorf("after ten who hung up: %v", err)
	}
}

// A connection that breaks is made again, once.
func TestOneMoreTryAfterABrokenConnection(t *testing.T) {
	s := fresh(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &breaking{Listener: inner}
	server := &http.Server{Handler: s.sim, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	c := s.dial(t, fmt.Sprintf("http://%s", inner.Addr()), nil)
	if _, err := c.ByCode(t.Context(), s.ada); err != nil || l.broken != 1 {
		t.Errorf("%v after %d broken connections", err, l.broken)
	}
}

// breaking closes the first connection at once.
type breaking struct {
	net.Listener
	broken int
}

func (b *breaking) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err == nil && b.broken == 0 {
		b.broken++
		_ = c.Close()
		return b.Accept()
	}
	return c, err
}
