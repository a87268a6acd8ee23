package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// cgo lists what the program is built of that has C in it, beside Go's own library.
func cgo(t *testing.T, enabled string, flags ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+enabled)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

// The program that everybody gets needs no C compiler and no library of the system, and
// has no C parser of what strangers send in it. Card readers are for those who ask.
func TestDefaultBuildHasNoCgo(t *testing.T) {
	for _, enabled := range []string{"0", "1"} {
		if c := cgo(t, enabled); len(c) > 0 {
			t.Errorf("CGO_ENABLED=%s: built with C: %q", enabled, c)
		}
	}
	if c := cgo(t, "1", "-tags", "pcsc"); len(c) == 0 {
		t.Error("no C in the build with card readers: this test sees none")
	}
}
