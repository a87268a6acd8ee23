package demo

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/app/wire"
)

// A port that is taken is told before anything is made, with the way out.
func TestTakenPortIsToldFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const free = "127.0.0.1:0"
	for flag, o := range map[string]Options{
		"--listen": {Listen: taken.Addr().String(), Inbox: free, Public: free},
		"--public": {Listen: free, Inbox: free, Public: taken.Addr().String()},
		"--inbox":  {Listen: free, Inbox: taken.Addr().String(), Public: free},
	} {
		var out bytes.Buffer
		o.Out, o.Data = &out, t.TempDir()
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), flag) || out.Len() > 0 {
			t.Errorf("%s: error = %v, output %q", flag, err, &out)
		}
	}
}

// What the invitation says goes through a shell unchanged.
func TestCommandSurvivesAShell(t *testing.T) {
	words := []string{"printf", "%s\n", "/demo/a b/x", "it's", "$HOME", "plain-1", "", "~"}
	out, err := exec.Command("sh", "-c", command(words...)).Output()
	if want := strings.Join(words[2:], "\n") + "\n"; err != nil || string(out) != want {
		t.Errorf("the shell made %q, %v; want %q", out, err, want)
	}
}

func TestKeptAccountThatHasEndedIsTold(t *testing.T) {
	s := &show{opt: Options{Data: "/demo"}, hand: handset{"ada", "ada"}}
	err := s.keep([]wire.Account{{State: "revoked"}})
	if err == nil || !strings.Contains(err.Error(), "is revoked") || !strings.Contains(err.Error(), "/demo/ada.phone") || !strings.Contains(err.Error(), "--person") {
		t.Errorf("error = %v", err)
	}
	if err := s.keep([]wire.Account{{State: "revoked"}, {Document: "d", State: "active"}}); err != nil || s.report.Account.Document != "d" {
		t.Errorf("the active one: %v", err)
	}
}
