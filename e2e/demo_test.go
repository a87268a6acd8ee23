package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/sandbox/demo"
)

// A demonstration is `tunnus demo` as a newcomer leaves it standing.
type demonstration struct {
	*testing.T
	dir    string
	out    *program.Output
	cmd    *exec.Cmd
	public string
}

// up starts it, and returns what it says until it invites.
func (d *demonstration) up() string {
	d.Helper()
	d.out = &program.Output{}
	d.cmd = exec.Command(binary, "demo", "--data", d.dir, "--listen", "127.0.0.1:0", "--inbox", "127.0.0.1:0", "--public", d.public)
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		d.Fatal(err)
	}
	running := d.cmd
	d.Cleanup(func() { _ = running.Process.Kill() })
	for range 1200 {
		if said := d.out.String(); strings.Contains(said, "Stop with Ctrl-C") {
			return said
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.Fatalf("the demonstration does not stay up: %s", d.out)
	return ""
}

// down is Ctrl-C.
func (d *demonstration) down() {
	d.Helper()
	if err := errors.Join(d.cmd.Process.Signal(syscall.SIGINT), d.cmd.Wait()); err != nil {
		d.Errorf("the demonstration ended with %v: %s", err, d.out)
	}
}

// phone runs a command of the app on ada's phone, and returns what it says.
func (d *demonstration) phone(types string, command ...string) string {
	d.Helper()
	_, url, _ := strings.Cut(d.out.String(), "answers at")
	cmd := exec.CommandContext(d.Context(), binary, append(append([]string{"app"}, command...),
		"--server", strings.Fields(url)[0], "--ca", filepath.Join(d.dir, "world", "tls", "ca.pem"),
		"--state", filepath.Join(d.dir, "ada.phone"), "--passphrase-file", filepath.Join(d.dir, "passphrase"))...)
	cmd.Stdin = strings.NewReader(types)
	out, _ := cmd.CombinedOutput() // a lock is a failure, and wanted
	return string(out)
}

// On an account whose holder has changed PIN1, or has locked it, the
// demonstration stays up, says so, and uses up no try.
func TestDemoOfAnAccountWithAnotherPIN(t *testing.T) {
	if err := os.Symlink(models(t), filepath.Join(filepath.Dir(binary), "models")); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	d := &demonstration{T: t, dir: t.TempDir(), public: free(t)}
	d.up()
	if said := d.phone("4719\n5827\n5827\n", "pin1"); !strings.Contains(said, "Your PIN1 is changed") {
		t.Fatalf("pin1: %s", said)
	}
	d.down()
	if said := d.up(); !strings.Contains(said, "PIN1 of this account was changed.") || !strings.Contains(said, d.dir) {
		t.Errorf("with another PIN1: %s", said)
	}
	if said := d.phone("", "accounts", "--json"); !strings.Contains(said, `{"pin":"PIN1","changed":true,"tries":{"left":3,"unconfirmed":0}}`) {
		t.Errorf("the demonstration has typed a PIN: %s", said)
	}
	if said := d.phone("1357\n2468\n8642\n", "pin1"); !strings.Contains(said, "[pin-lock-1]") {
		t.Fatalf("pin1: %s", said)
	}
	d.down()
	if said := d.up(); !strings.Contains(said, "PIN1 is locked for 2 h") {
		t.Errorf("with a locked PIN1: %s", said)
	}
	if said := d.phone("", "wait", "--once"); !strings.Contains(said, "PIN1 is locked for 2 h") {
		t.Errorf("wait: %s", said)
	}
	d.down()
}

// Every way ends with an account that logs in, by real processes and sockets.
func TestDemoOfEachWay(t *testing.T) {
	if err := os.Symlink(models(t), filepath.Join(filepath.Dir(binary), "models")); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	for way, steps := range map[string][]string{
		demo.ByCard:    {"pins", "card-login", "is-me", "keys", "recalled", "application", "login"},
		demo.ByAccount: {"first-account", "clock", "vouched", "contact", "keys", "recalled", "application", "login"},
		demo.ByChild:   {"guardian-account", "chip", "face", "guardian", "keys", "application", "login"},
		demo.ByDesk:    {"staff", "chip", "register", "activation", "contact", "keys", "recalled", "application", "login"},
		demo.ByRenewal: {"older-account", "chip", "face", "old-device", "keys", "replacement", "application", "replaced", "login"},
	} {
		t.Run(way, func(t *testing.T) {
			var failed bytes.Buffer
			cmd := exec.CommandContext(t.Context(), binary, "demo", "--once", "--json", "--way", way)
			cmd.Stderr = &failed
			out, err := cmd.Output()
			var r demo.Report
			if err := errors.Join(err, json.Unmarshal(out, &r)); err != nil {
				t.Fatalf("%v: %s%s", err, out, &failed)
			}
			for _, s := range r.Steps {
				if len(steps) > 0 && s.Name == steps[0] && s.OK {
					steps = steps[1:]
				}
			}
			if len(steps) > 0 || r.Way != way || r.Account.State != "active" || !r.Login.Verified || r.Login.Document != r.Account.Document {
				t.Errorf("missing %v in %s", steps, out)
			}
		})
	}
}
