package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// evident: the evidence of a registration is read back off line, and a file in which
// anything was changed is not believed.
func (s *server) evident(t *testing.T, document, route string) {
	file := filepath.Join(t.TempDir(), "evidence.json")
	for tries := 0; ; tries++ { // its time-stamp and its lines come by themselves
		out, err := exec.CommandContext(t.Context(), binary, "log", "evidence", "--config", filepath.Join(s.dir, "config.json"),
			"--document", document, "--out", file).CombinedOutput()
		if err == nil {
			break
		}
		if tries == 100 {
			t.Fatalf("%v: %s", err, out)
		}
		time.Sleep(100 * time.Millisecond)
	}
	verify := func() (string, error) {
		out, err := exec.CommandContext(t.Context(), binary, "verify", "evidence", file,
			"--key", filepath.Join(s.dir, "server", "log.pub"), "--root", s.world.Path("authority", "root.pem")).CombinedOutput()
		return string(out), err
	}
	said, err := verify()
	if err != nil || !strings.Contains(said, "way: "+route+",") || !strings.Contains(said, "GOOD") || strings.Count(said, "fact: ") < 9 {
		t.Fatalf("%v: %s", err, said)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), `"index": `, `"index": 1`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := verify(); err == nil || !strings.Contains(said, "FAIL") {
		t.Errorf("a changed file: %v: %s", err, said)
	}
}
