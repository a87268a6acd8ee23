package tunnus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fewestPlanted is how many planted bugs there are at least.
const fewestPlanted = 12

// The bugs of folder planted stay plantable: each patch still fits the code, and
// names a test that exists. That the test turns red is for `make planted` to show.
func TestPlantedBugsStillFit(t *testing.T) {
	patches, err := filepath.Glob("planted/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) < fewestPlanted {
		t.Fatalf("%d planted bugs, at least %d are wanted", len(patches), fewestPlanted)
	}
	for _, p := range patches {
		t.Run(filepath.Base(p), func(t *testing.T) {
			text := readText(t, p)
			bug, pkg, test := header(text, "bug"), header(text, "package"), header(text, "test")
			if bug == "" || !strings.HasPrefix(pkg, "./") || !strings.HasPrefix(test, "Test") {
				t.Fatalf("the patch does not name its bug, its package and its test: %q, %q, %q", bug, pkg, test)
			}
			if !testExists(t, pkg, test) {
				t.Errorf("%s has no test %s", pkg, test)
			}
			for _, h := range hunks(t, text) {
				if code := readText(t, h.file); strings.Count(code, h.before) != 1 {
					t.Errorf("%s: not found just once:\n%s", h.file, h.before)
				}
			}
		})
	}
}

// header reads a line "# name: value" of a patch.
func header(text, name string) string {
	m := regexp.MustCompile(`(?m)^# ` + name + `: (.+)$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

func testExists(t *testing.T, pkg, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(readText(t, f), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}

// A hunk is one place of a patch: what stands in the file before it is applied.
type hunk struct{ file, before string }

// hunks reads a unified diff.
func hunks(t *testing.T, text string) (out []hunk) {
	t.Helper()
	file := ""
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "--- a/"):
			file = strings.TrimSpace(strings.TrimPrefix(line, "--- a/"))
		case strings.HasPrefix(line, "+++ ") || file == "":
		case strings.HasPrefix(line, "@@ "):
			out = append(out, hunk{file: file})
		case len(out) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "-")):
			out[len(out)-1].before += line[1:]
		}
	}
	if len(out) == 0 {
		t.Fatal("the patch changes nothing")
	}
	return out
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
