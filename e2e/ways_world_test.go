package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/sandbox"
)

// past is how far behind the clock of a server is while the accounts are made that
// have to be old later: more than the 72 hours of R3, less than the world's age.
const past = 4 * 24 * time.Hour

// sooner makes a server whose clock is behind, and later sets it right.
func sooner(t *testing.T, change ...func(config map[string]any)) *server {
	t.Helper()
	return start(t, append(change, func(c map[string]any) { c["sandbox_clock_offset"] = "-" + past.String() })...)
}

func (s *server) later() {
	s.t.Helper()
	s.kill()
	b, err := os.ReadFile(filepath.Join(s.dir, "config.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(b, &config); err != nil {
		s.t.Fatal(err)
	}
	delete(config, "sandbox_clock_offset")
	s.write("config.json", config)
	s.run()
}

// A walker is a holder whose app says what others need: links, tickets.
type walker struct {
	*holder
	*app.App
	vault *vault.Vault
	heard chan string
	shown chan string // to be typed: activation codes
	ended chan error
	made  wire.Account
}

// Tell implements app.Screen.
func (w *walker) Tell(text string) {
	select {
	case w.heard <- strings.TrimSpace(text):
	default: // nobody listens
	}
}

// Ask implements app.Screen.
func (w *walker) Ask(ctx context.Context, key, text string) (string, error) {
	if key != "activation" {
		return w.holder.Ask(ctx, key, text)
	}
	select {
	case code := <-w.shown:
		return code, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Choose implements app.Screen: of the contacts on file, the first.
func (w *walker) Choose(ctx context.Context, key, text string, answers []string) (string, error) {
	if key == "contact" {
		return answers[0], nil
	}
	return w.holder.Choose(ctx, key, text, answers)
}

// walker gives one of the cast a phone.
func (s *server) walker(name, state string) *walker {
	s.t.Helper()
	w := &walker{holder: s.newHolder(name), heard: make(chan string, 256), shown: make(chan string), ended: make(chan error, 1)}
	v, err := vault.Open(filepath.Join(s.dir, state), tunnus.NewSecret([]byte("passphrase")))
	if err != nil {
		s.t.Fatal(err)
	}
	w.vault = v
	s.t.Cleanup(func() { _ = v.Close() })
	w.App, err = app.New(app.Config{
		Vault: v, Server: s.url, Client: s.http, Screen: w, Body: w, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6", Model: "phone of " + state},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

// types adds to what the walker types.
func (w *walker) types(typed map[string]string) *walker {
	for k, v := range typed {
		w.typed[k] = []string{v}
	}
	return w
}

// begin goes a way, in the background.
func (w *walker) begin(ctx context.Context, way, purpose string) *walker {
	go func() {
		made, err := w.RegisterBy(ctx, wire.Begin{Way: way, Purpose: purpose})
		w.made = made
		w.ended <- err
	}()
	return w
}

// hears waits for a line that begins so.
func (w *walker) hears(t *testing.T, prefix string) string {
	t.Helper()
	for {
		select {
		case said := <-w.heard:
			if strings.HasPrefix(said, prefix) {
				return said
			}
		case err := <-w.ended:
			t.Fatalf("the registration ended before %q: %v, asked %v", prefix, err, w.asked)
		case <-time.After(2 * time.Minute):
			t.Fatalf("%q was not heard", prefix)
		}
	}
}

// link waits for what another phone has to follow.
func (w *walker) link(t *testing.T) string { t.Helper(); return w.hears(t, steps.Confirming) }

// arrives waits for the account.
func (w *walker) arrives(t *testing.T) wire.Account {
	t.Helper()
	if err := w.end(t); err != nil {
		t.Fatalf("%s; asked %v", app.Explain(err), w.asked)
	}
	return w.made
}

// fails waits for a refusal.
func (w *walker) fails(t *testing.T, want tunnus.Code) {
	t.Helper()
	if err := w.end(t); tunnus.CodeOf(err) != want {
		t.Errorf("%v; want %s; asked %v", err, want, w.asked)
	}
}

func (w *walker) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-w.ended:
		return err
	case <-time.After(3 * time.Minute):
		t.Fatal("the registration does not end")
		return nil
	}
}

// confirms follows a link with both PINs, or refuses.
func (w *walker) confirms(t *testing.T, link string, want app.Verdict) {
	t.Helper()
	w.typed["answer"] = []string{map[app.Verdict]string{app.Confirmed: "confirm", app.Declined: "refuse"}[want]}
	got, err := w.Confirm(t.Context(), link)
	if err != nil || got != want {
		t.Fatalf("%s: %q, %v; want %q", w.person.Name, got, err, want)
	}
}

// state is the account of a phone, as its server tells.
func (w *walker) state(t *testing.T) string {
	t.Helper()
	list, err := w.Accounts(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v; want one account", list, err)
	}
	return list[0].State
}

// staff runs a command of a member of staff, and returns what it prints.
func (s *server) staff(args ...string) []byte {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), binary, append([]string{"staff"}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tunnus staff %s: %v: %s", strings.Join(args[:2], " "), err, out)
	}
	return out
}

// officer lets one of the cast work at a desk, and returns the flags of what he does.
func (s *server) officer(id, name string) []string {
	s.t.Helper()
	return s.colleague(id, name, "registration-officer")
}

// colleague lets one of the cast work for the service.
func (s *server) colleague(id, name, role string) []string {
	s.t.Helper()
	who, err := sandbox.Find(name)
	if err != nil {
		s.t.Fatal(err)
	}
	key, person := filepath.Join(s.dir, id+".key"), filepath.Join(s.dir, id+".person")
	if err := os.WriteFile(person, []byte(who.Code.SemanticsID()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.staff("key", key)
	s.staff("add", id, "--config", filepath.Join(s.dir, "config.json"), "--role", role, "--public-key", key+".pub", "--person", person)
	return []string{"--server", s.url, "--ca", s.world.Path("tls", "ca.pem"), "--scheme", "tunnus-demo", "--as", id, "--with", key}
}

// field reads one field of an answer.
func field(t *testing.T, b []byte, name string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	text, ok := v[name].(string)
	if !ok {
		t.Fatalf("no %s in %s", name, b)
	}
	return text
}
