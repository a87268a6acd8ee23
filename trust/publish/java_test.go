package publish_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/need"
)

// The Java platform asks in its own way (by GET where it fits, without a nonce),
// and judges answer, responder and list by its own code.
func TestJavaTakesAnswersAndLists(t *testing.T) {
	java := need.Tool(t, "java")
	program, err := filepath.Abs("testdata/Check.java")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	s := newShell(t, r)
	judge := func(want string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), java, append([]string{"-XX:TieredStopAtLevel=1", program}, args...)...)
		cmd.Dir = s.dir
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%v: %v\n%s\nwant %s", args, err, out, want)
		}
	}
	judge("valid", "ocsp", r.url+"/ocsp")
	r.writeList(s)
	judge("valid", "crl")
	r.set(revoke)
	judge("refused: REVOKED", "ocsp", r.url+"/ocsp")
	r.writeList(s)
	judge("refused: REVOKED", "crl")
}
