package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/evidence"
)

// evident: the evidence of a registration is read back off line, and a file in which
// anything was changed is not believed. signed are the facts for which an ID-card or
// another account has signed.
func (s *server) evident(t *testing.T, document, route string, signed ...string) {
	t.Helper()
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
	if err != nil || !strings.Contains(said, "way: "+route+",") || !strings.Contains(said, "GOOD") || strings.Count(said, "fact: ") < 7 {
		t.Fatalf("%v: %s", err, said)
	}
	for _, fact := range signed {
		if !strings.Contains(said, "signed: "+fact+" ") {
			t.Errorf("nobody has signed for %q: %s", fact, said)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(signed) > 0 {
		if err := os.WriteFile(file, changedStatement(t, b), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := verify(); err == nil || !strings.Contains(said, "FAIL") || !strings.Contains(said, "what was signed for the fact") {
			t.Errorf("a changed statement: %v: %s", err, said)
		}
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), `"index": `, `"index": 1`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := verify(); err == nil || !strings.Contains(said, "FAIL") {
		t.Errorf("a changed file: %v: %s", err, said)
	}
}

// changedStatement puts another name into what was signed first.
func changedStatement(t *testing.T, file []byte) []byte {
	t.Helper()
	f, err := evidence.Parse(file)
	if err != nil || len(f.Confirmations) == 0 {
		t.Fatalf("%d confirmations, %v", len(f.Confirmations), err)
	}
	var kept map[string]any
	if err := json.Unmarshal(f.Confirmations[0].Record, &kept); err != nil {
		t.Fatal(err)
	}
	if text, ok := kept["text"].(string); ok { // of an ID-card
		kept["text"] = strings.Replace(text, "phone", "home", 1)
	} else {
		text, err := base64.StdEncoding.DecodeString(kept["payload"].(string))
		if err != nil {
			t.Fatal(err)
		}
		kept["payload"] = bytes.Replace(text, []byte("phone"), []byte("home"), 1)
	}
	b, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	f.Confirmations[0].Record = b
	if b, err = json.Marshal(f); err != nil {
		t.Fatal(err)
	}
	return b
}
