package e2e

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tunnus-id/tunnus/need"
)

// The scripts in testdata run the real binary: what an operator types and reads.
func TestScripts(t *testing.T) {
	found, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(found) == 0 {
		t.Fatalf("no scripts in testdata: %v", err)
	}
	schemes, err := filepath.Abs("../scheme")
	if err != nil {
		t.Fatal(err)
	}
	// A script that has a line for OpenSSL leaves it out where there is none: that must not go unseen.
	t.Run("openssl", func(t *testing.T) { need.Tool(t, "openssl") })
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("WORLD", worldDir)
			env.Setenv("SCHEMES", schemes)
			return nil
		},
	})
}
