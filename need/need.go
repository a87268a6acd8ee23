// Package need is the one way to leave out a test for the want of something that
// is not Go: a tool, a service, data files. The test is skipped with its reason,
// or fails where everything must run (TUNNUS_TEST=all, as in CI). It is for tests.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Tool returns the path of a program, or ends the test.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is missing")
	}
	return path
}

// Missing ends the test: what it needs is not there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TUNNUS_TEST") == "all" {
		t.Fatal(what)
	}
	t.Skip(what)
}
