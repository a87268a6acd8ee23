package faults

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// No trap is in a program that anybody uses.
func TestNormalBuildHasNoFaults(t *testing.T) {
	const trap = "github.com/tunnus-id/tunnus/store/fault"
	for tags, want := range map[string]bool{"": false, "pkcs11": false, "faults": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, "../../cmd/tunnus").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(strings.Fields(string(out)), trap); got != want {
			t.Errorf("with the tags %q: %s is in the program: %v", tags, trap, got)
		}
	}
}
