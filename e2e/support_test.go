package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
)

// types runs a command of the app on a phone, with what a person types into it, and
// returns what the screen shows.
func (s *server) types(state, typed string, command ...string) (string, error) {
	s.t.Helper()
	pass := filepath.Join(s.dir, "passphrase")
	if err := os.WriteFile(pass, []byte("passphrase"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), binary, append(append([]string{"app"}, command...),
		"--server", s.url, "--ca", s.world.Path("tls", "ca.pem"), "--state", filepath.Join(s.dir, state), "--passphrase-file", pass, "--lang", "en")...)
	cmd.Stdin = strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var (
	referenceShown = regexp.MustCompile(`[Rr]eference number: ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})\.`)
	codeToReadOut  = regexp.MustCompile(`(?m)^(\S+), good until `)
)

// Whoever calls reads out the number that the phone shows beside its refusal, and the
// agent finds by it what happened, as far as the registration came.
func TestAgentFindsTheCaseThatThePhoneShows(t *testing.T) {
	s := start(t)
	agent := s.colleague("ag-1", "finn", "support-agent")
	shown, err := s.types("eve.phone", "yes\nno\n", "register")
	ref := referenceShown.FindStringSubmatch(shown)
	if err == nil || ref == nil || !strings.Contains(shown, "consent-no") {
		t.Fatalf("%v: %s", err, shown)
	}
	said := strings.ToLower(strings.ReplaceAll(ref[1], "-", " ")) // as somebody types who listens
	lines := strings.Split(strings.TrimSpace(string(s.staff(append([]string{"case", said}, agent...)...))), "\n")
	if len(lines) < 4 || !strings.Contains(lines[0], "enrol.start") || !strings.Contains(lines[2], `fact="terms"`) ||
		!strings.Contains(lines[len(lines)-1], "consent-no") {
		t.Errorf("the agent sees %q", lines)
	}
	out, err := exec.CommandContext(t.Context(), binary, append([]string{"staff", "case", "0000-0000-0000"}, agent...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not-found") {
		t.Errorf("a number that nobody was shown: %v: %s", err, out)
	}
}

// A holder makes a code in the app and reads it out; the agent sees the accounts by it,
// once, and the holder sees on the phone that somebody has looked.
func TestHolderAllowsALookAndSeesIt(t *testing.T) {
	s := start(t)
	agent := s.colleague("ag-1", "finn", "support-agent")
	w := s.walker("ben", "ben.phone")
	if _, err := w.RegisterBy(t.Context(), wire.Begin{}); err != nil {
		t.Fatal(app.Explain(err))
	}
	if err := w.vault.Close(); err != nil { // the commands open it
		t.Fatal(err)
	}
	look := func(args ...string) string {
		shown, err := s.types("ben.phone", "", append([]string{"looks"}, args...)...)
		if err != nil {
			t.Fatalf("%v: %s", err, shown)
		}
		return shown
	}
	if shown := look(); !strings.Contains(shown, "Nobody has.") {
		t.Errorf("before: %s", shown)
	}
	code := codeToReadOut.FindStringSubmatch(look("--allow"))
	if code == nil {
		t.Fatal("no code is shown")
	}
	if seen := string(s.staff(append([]string{"look", "--consent", code[1]}, agent...)...)); !strings.Contains(seen, `"state": "active"`) ||
		strings.Contains(seen, w.person.Code.Value()) || strings.Contains(seen, w.person.Surname) {
		t.Errorf("the agent sees %s", seen)
	}
	if shown := look(); strings.Count(shown, "for the case CONSENT") != 1 || strings.Contains(shown, "ag-1") {
		t.Errorf("after: %s", shown)
	}
	out, err := exec.CommandContext(t.Context(), binary, append([]string{"staff", "look", "--consent", code[1]}, agent...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not-found") {
		t.Errorf("the code is good twice: %v: %s", err, out)
	}
}
