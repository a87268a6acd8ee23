package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// keys runs `tunnus keys`; it fails the test unless the command ends as wanted.
func (s *server) keys(ok bool, args ...string) string {
	s.t.Helper()
	args = append(append([]string{"keys"}, args...), "--config", filepath.Join(s.dir, "config.json"))
	out, err := exec.Command(binary, args...).CombinedOutput()
	if (err == nil) != ok {
		s.t.Fatalf("tunnus %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var underKey = regexp.MustCompile(`(?m)^modulus +([0-9a-f]{8}) .* (seals|opens) +([0-9]+) records$`)

// An operator rotates the sealing keys of a server that runs: old records are
// brought to the new keys, the old key is dropped only then, and the server goes
// on, and starts again.
func TestKeysAreRotatedUnderARunningServer(t *testing.T) {
	s := start(t)
	status := ""
	for range 300 { // until the pool is full: four halves, and the mark
		if status = s.keys(true, "status", "--keyset", "modulus"); strings.Contains(status, " 5 records") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	old := underKey.FindStringSubmatch(status)
	if old == nil || old[2] != "seals" || old[3] != "5" {
		t.Fatalf("before: %s", status)
	}
	s.keys(true, "rotate")
	refused := s.keys(false, "drop", "--keyset", "modulus", "--key", old[1])
	if !strings.Contains(refused, "records are still under this key") {
		t.Errorf("a key with records: %s", refused)
	}
	s.keys(true, "rewrap")
	if status = s.keys(true, "status"); strings.Contains(status, "LOST") || !strings.Contains(status, old[1]) {
		t.Errorf("after rewrapping: %s", status)
	}
	if out := s.keys(true, "drop", "--keyset", "modulus", "--key", old[1]); !strings.Contains(out, "is gone") {
		t.Errorf("drop: %s", out)
	}
	after := underKey.FindAllStringSubmatch(s.keys(true, "status"), -1)
	if len(after) != 1 || after[0][1] == old[1] || after[0][3] != "5" {
		t.Errorf("at the end: %q", after)
	}
	s.kill()
	s.run()
}
